"""Small marks drawn as SVG on the server: tier and confidence bars, sparkline, dimension bar, peer strip.

Only attributes, never style="…": the content security policy forbids inline style.
"""

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.look.figures import number, signed, unknown
from crm.look.icons import icon

# customers.choices.Tier by its codes: (bars filled, word)
TIERS = {
    "basic": (0, gettext_lazy("Basic")),
    "gold": (1, gettext_lazy("Gold")),
    "platinum": (2, gettext_lazy("Platinum")),
    "diamond": (3, gettext_lazy("Diamond")),
    "private": (4, gettext_lazy("Private")),
}
CONFIDENCE = {
    1: gettext_lazy("Confidence low"),
    2: gettext_lazy("Confidence medium"),
    3: gettext_lazy("Confidence high"),
}


def rect(css: str, x: float, y: float, width: float, height: float) -> SafeString:
    return format_html(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>',
        css,
        _short(x),
        _short(y),
        _short(max(width, 0)),
        _short(height),
    )


def svg(width: float, height: float, *shapes: SafeString, label: str = "", css: str = "pic") -> SafeString:
    """An SVG of so many CSS pixels; with a label it is an image, without one it is silent."""
    voice = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="{}" width="{}" height="{}" viewBox="0 0 {} {}" {}>{}</svg>',
        css,
        _short(width),
        _short(height),
        _short(width),
        _short(height),
        voice,
        format_html_join("", "{}", ((shape,) for shape in shapes)),
    )


def tier(code: str, words: bool = True):
    """Four rising bars and the word: 普通 金 白金 钻石 私行. An unknown code is a KeyError."""
    filled, word = TIERS[code]
    bars = [
        rect("on" if place < filled else "off", place * 4, 9 - height, 3, height)
        for place, height in enumerate((3, 5, 7, 9))
    ]
    return format_html('<span class="tier">{}{}</span>', svg(15, 9, *bars), word if words else _said(word))


def confidence(level: int):
    """Three rising bars and the word; level is 1, 2 or 3."""
    bars = [
        rect("on" if place < level else "off", place * 5, 9 - height, 4, height)
        for place, height in enumerate((4, 6.5, 9))
    ]
    return format_html('<span class="conf">{}{}</span>', svg(14, 9, *bars), CONFIDENCE[level])


def delta(value, unit: str = "", places: int = 1, note: str = "", share: bool = False):
    """▲▼ in plain ink with the spoken word; no change is `— 无变化`; None is the unknown dash.

    With `share` the value is a share of 1 and reads as percent.
    """
    if value is None:
        return unknown()
    if share:
        value, unit = value * 100, "%"
    shown = number(abs(value), places)
    if not any(digit in shown for digit in "123456789"):
        return format_html(
            '<span class="delta"><span aria-hidden="true">— </span>{}</span>', note or _("no change")
        )
    rising = value > 0
    return format_html(
        '<span class="delta">{}<span class="sr-only">{}</span>{}{}{}{}</span>',
        icon("tri-up" if rising else "tri-down"),
        _("up") if rising else _("down"),
        shown,
        unit,
        " " if note else "",
        note,
    )


def sparkline(values: Sequence[float | None], fall: float | None = None, label: str = ""):
    """84×20, grey; accent when the fall exceeds 5% (`fall` is a signed share, −0.09). Gaps stay gaps."""
    known = [float(value) for value in values if value is not None]
    if len(known) < 2:
        return unknown()
    low, span = min(known), (max(known) - min(known)) or 1
    step = 78 / (len(values) - 1)
    points = [
        None if value is None else (2 + place * step, 17 - (float(value) - low) / span * 14)
        for place, value in enumerate(values)
    ]
    mine = fall is not None and fall < -0.05
    path, pen_up = [], True
    for point in points:
        if point is not None:
            path.append(f"{'M' if pen_up else 'L'}{_short(point[0])} {_short(point[1])}")
        pen_up = point is None
    x, y = map(_short, next(point for point in reversed(points) if point is not None))
    line, dot = ("m-line-mine", "m-mine") if mine else ("m-line", "m-grey")
    voice = format_html('role="img" aria-label="{}"', label) if label else 'aria-hidden="true"'
    # figures only, nothing to escape: a list draws fifty of these
    return mark_safe(  # noqa: S308
        f'<svg class="pic pic-inline" width="84" height="20" viewBox="0 0 84 20" {voice}>'
        f'<path class="{line}" d="{" ".join(path)}"/><circle class="{dot}" cx="{x}" cy="{y}" r="2"/></svg>'
    )


def dimension_bar(score: float | None, width: int = 200):
    """A bar 0–100 with the 60 tick; a score that is not known leaves the track empty."""
    shapes = [rect("m-track", 0, 4, width, 4)]
    if score is not None:
        shapes.append(rect("m-mine", 0, 4, width * min(max(float(score), 0), 100) / 100, 4))
    shapes.append(_line("m-tick", width * 0.6, 1, width * 0.6, 11))
    return format_html(
        '<svg class="pic" width="100%" height="12" viewBox="0 0 {} 12" preserveAspectRatio="none" '
        'aria-hidden="true">{}</svg>',
        width,
        format_html_join("", "{}", ((shape,) for shape in shapes)),
    )


def peer_strip(mine, median, q1, q3, before=None, low=40, high=100, width=200, label=""):
    """One's place among peers: grey band the middle half, a median tick, ring last period, dot now.

    Ticks under the line stand at 60, 80 and 90. Values outside low–high sit at the edge.
    """

    def x(value):
        share = (float(value) - low) / (high - low)
        return 4 + min(max(share, 0), 1) * (width - 8)

    shapes = [
        _line("m-hair", 0, 10, width, 10),
        rect("m-track", x(q1), 5, x(q3) - x(q1), 10),
        *(_line("m-hair m-tick-low", x(tick), 17, x(tick), 20) for tick in (60, 80, 90)),
        _line("m-tick", x(median), 3, x(median), 17),
    ]
    if before is not None:
        shapes.append(_line("m-tick-accent", x(before), 10, x(mine), 10))
        shapes.append(format_html('<circle class="m-ring-mine" cx="{}" cy="10" r="4"/>', _short(x(before))))
    shapes.append(format_html('<circle class="m-mine" cx="{}" cy="10" r="4.6"/>', _short(x(mine))))
    words = label or _("%(mine)s, peer median %(median)s") % {
        "mine": number(mine, 2),
        "median": number(median, 2),
    }
    return svg(width, 20, *shapes, label=words)


def load_bar(share: float, limit: float = 1.0, top: float = 1.2, width: int = 58):
    """A manager's load against capacity: a bar with the 100% tick, ochre above it."""
    over = share > limit
    return svg(
        width,
        10,
        rect("m-track", 0, 1, width, 8),
        rect("m-warn" if over else "m-grey", 0, 1, width * min(share, top) / top, 8),
        _line("m-tick", width * limit / top, 0, width * limit / top, 10),
        css="pic pic-inline",
    )


def five_bars(scores: Sequence[float | None], warn_below: float = 65):
    """E S A I F as five small columns; one below the limit is ochre."""
    shapes = []
    for place, score in enumerate(scores):
        if score is not None:
            height = max(float(score) / 100 * 14, 1)
            css = "m-warn" if score < warn_below else "m-grey"
            shapes.append(rect(css, place * 12, 14 - height, 9, height))
    said = ", ".join(
        f"{name} {number(score, 0)}"
        for name, score in zip("ESAIF", scores, strict=False)
        if score is not None
    )
    return svg(58, 14, *shapes, label=said, css="pic pic-inline")


def shard(state: str, share: float = 0):
    """One (analysis, shard) step of the night: done, part (so much of it), retry, waiting."""
    width, height = 34, 20
    frame = {"done": "shard is-done", "part": "shard is-part", "retry": "shard is-retry"}.get(state, "shard")
    shapes = [rect(frame, 0.5, 0.5, width - 1, height - 1)]
    if state == "part":
        shapes.append(rect("m-mine", 0.5, 0.5, (width - 1) * min(max(share, 0), 1), height - 1))
    if state == "retry":
        shapes.append(
            format_html('<text class="m-text m-middle is-warn-text" x="{}" y="15">!</text>', width / 2)
        )
    return format_html(
        '<svg class="pic" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">{}</svg>',
        width,
        height,
        format_html_join("", "{}", ((shape,) for shape in shapes)),
    )


def weight_bar(value: float, biggest: float, width: int = 150):
    """A reason's contribution against the largest one."""
    share = abs(float(value)) / float(biggest) if biggest else 0
    return svg(
        width,
        10,
        rect("m-track", 0, 0, width, 10),
        rect("m-mine", 0, 0, width * min(share, 1), 10),
        css="pic pic-inline",
    )


def change(value, places=2):
    """A signed contribution: `+0.222`, `−1.00`, `0`."""
    return unknown() if value is None else signed(value, places)


def _line(css, x1, y1, x2, y2):
    return format_html(
        '<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>', css, *map(_short, (x1, y1, x2, y2))
    )


def _said(word):
    return format_html('<span class="sr-only">{}</span>', word)


def _short(value: float) -> str:
    """A coordinate with one decimal at most: the page stays small."""
    return f"{float(value):.1f}".rstrip("0").rstrip(".")
