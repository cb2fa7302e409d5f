"""Pictures of scores, drawn on the server as SVG: attributes only, no inline style (content policy)."""

from collections.abc import Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from crm.look.figures import number
from crm.look.marks import rect, svg

TRACK_LOW, TRACK_HIGH = 50, 100
COLUMN, NAME, ROW = 20, 56, 30  # the cover chart's grid, pixels


def _n(value: float) -> str:
    return f"{float(value):.1f}".rstrip("0").rstrip(".")


def _line(css, x1, y1, x2, y2):
    return format_html(
        '<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>', css, _n(x1), _n(y1), _n(x2), _n(y2)
    )


def _circle(css, x, y, r):
    return format_html('<circle class="{}" cx="{}" cy="{}" r="{}"/>', css, _n(x), _n(y), _n(r))


def _text(css, x, y, words):
    return format_html('<text class="m-text {}" x="{}" y="{}">{}</text>', css, _n(x), _n(y), words)


def track_x(value: float, width: int) -> float:
    """Where `value` stands on the track; outside 50–100 it sits at the edge."""
    share = (float(value) - TRACK_LOW) / (TRACK_HIGH - TRACK_LOW)
    return 6 + min(max(share, 0), 1) * (width - 12)


def score_track(now, before=None, width: int = 240) -> SafeString:
    """A score on the scale 60–70–80–90: ring before, dot now. No colour for up or down."""
    shapes = [_line("m-hair", track_x(tick, width), 2, track_x(tick, width), 18) for tick in (60, 70, 80, 90)]
    if before is not None:
        shapes.append(_line("m-tick-accent", track_x(before, width), 10, track_x(now, width), 10))
        shapes.append(_circle("m-ring", track_x(before, width), 10, 4))
    shapes.append(_circle("m-mine", track_x(now, width), 10, 4.5))
    return svg(width, 20, *shapes)


def track_scale(width: int = 240) -> SafeString:
    """The header over score tracks."""
    return svg(width, 14, *(_text("m-middle", track_x(tick, width), 11, tick) for tick in (60, 70, 80, 90)))


def cover_chart(days: Sequence, rows: Sequence) -> SafeString:
    """Leave over the next days: a bar per absence, ochre where nobody covers; rest days are shaded.

    `days`: cover.Day; `rows`: cover.Absence.
    """
    width, height = NAME + COLUMN * len(days), 22 + ROW * len(rows)
    shapes = []
    for place, day in enumerate(days):
        x = NAME + place * COLUMN
        if not day.is_working:
            shapes.append(rect("m-track", x + 1, 20, COLUMN - 2, height - 20))
        css = "m-middle m-text-mine" if place == 0 else "m-middle"
        shapes.append(_text(css, x + COLUMN / 2, 12, day.date.day))
    said = []
    for place, row in enumerate(rows):
        y = 22 + place * ROW
        words = _("covered") if row.is_covered else _("not covered")
        shapes.append(_text("m-text-ink", 0, y + 19, row.name))
        shapes.append(_line("m-hair", NAME, y + ROW - 1, width, y + ROW - 1))
        css = "m-cover" if row.is_covered else "m-uncovered"
        x, span = NAME + row.start * COLUMN, row.days * COLUMN
        shapes.append(rect(css, x + 0.5, y + 5, span - 1, 18))
        if span >= 52:
            shapes.append(_text(f"{css}-text", x + 6, y + 18, words))
        said.append(f"{row.name}, {row.leave.during.lower:%m-%d}, {words}")
    return svg(width, height, *shapes, label="; ".join(said), css="pic cover-chart")


def points_curve(
    low, passing, top, value=None, points=None, width: int = 260, height: int = 116
) -> SafeString:
    """f(x; L, P, T): 0 at L, 60 at P, 100 at T, and where this value stands on it.

    L may be above T (less is better): the axis still runs from worse to better.
    """
    left, right, upper, lower = 26, width - 14, 14, height - 22
    low, passing, top = float(low), float(passing), float(top)
    spread = top - low

    def x(at: float) -> float:
        share = (float(at) - low) / spread
        return left + (min(max(share, -0.12), 1.12) + 0.12) / 1.24 * (right - left)

    def y(mark: float) -> float:
        return lower - float(mark) / 100 * (lower - upper)

    shapes = []
    for mark in (0, 60, 100):
        shapes.append(_line("m-hair", left, y(mark), right, y(mark)))
        shapes.append(_text("m-end", left - 6, y(mark) + 4, mark))
    path = f"M{_n(left)} {_n(y(0))}L{_n(x(low))} {_n(y(0))}L{_n(x(passing))} {_n(y(60))}"
    path += f"L{_n(x(top))} {_n(y(100))}L{_n(right)} {_n(y(100))}"
    shapes.append(format_html('<path class="m-curve" d="{}"/>', path))
    for name, at in (("L", low), ("P", passing), ("T", top)):
        shapes.append(_text("m-middle", x(at), height - 6, f"{name} {_plain(at)}"))
    label = _("Points: 0 at %(low)s, 60 at %(passing)s, 100 at %(top)s.") % {
        "low": _plain(low),
        "passing": _plain(passing),
        "top": _plain(top),
    }
    if value is not None and points is not None:
        shapes.append(_line("m-tick-accent m-dash", x(value), y(points), x(value), lower))
        shapes.append(_circle("m-mine", x(value), y(points), 4))
        words = f"{_plain(value)} → {number(points, 2)}"
        # above and left of the rising line, or under it where there is no room on the left
        on_left = x(value) > left + 110
        shapes.append(
            _text(
                "m-text-mine m-end" if on_left else "m-text-mine",
                x(value) + (-6 if on_left else 8),
                max(y(points) - 6, 11) if on_left else min(y(points) + 16, lower - 3),
                words,
            )
        )
        label += " " + words
    return svg(width, height, *shapes, label=label)


def peer_dots(values: Sequence[float], mine, width: int = 260) -> SafeString:
    """Everyone's value on one line, without names; one's own filled."""
    low, high = min(values), max(values)
    spread = (high - low) or 1

    def x(at) -> float:
        return 12 + (float(at) - low) / spread * (width - 24)

    shapes = [_line("m-hair", 4, 40, width - 4, 40)]
    shapes += [_circle("m-dot-peer", x(value), 40, 4) for value in values]
    place = min(max(x(mine), 12), width - 12)
    shapes.append(_circle("m-mine", place, 40, 5.5))
    shapes.append(_text("m-middle m-text-mine", place, 24, _("this one")))
    return svg(width, 56, *shapes)


def _plain(value) -> str:
    """A value on an axis: at most four decimals, no trailing zeros."""
    return number(value, 4).rstrip("0").rstrip(".") if "." in number(value, 4) else number(value, 4)


def dot_strip(values: Sequence, middle, width: int = 160) -> SafeString:
    """Values 0–100 as rings on one line without names, ticks at 60 and at the median."""

    def x(at) -> float:
        return 6 + float(at) / 100 * (width - 12)

    shapes = [_line("m-hair", 2, 10, width - 2, 10), _line("m-hair m-tick-low", x(60), 15, x(60), 19)]
    shapes += [_circle("m-dot-peer", x(value), 10, 3.5) for value in values]
    shapes.append(_line("m-tick", x(middle), 3, x(middle), 17))
    return svg(width, 20, *shapes)


def share_bar(done: int, total: int, state: str = "", width: int = 130) -> SafeString:
    """How much of a step is done: accent while it runs, grey when it is over."""
    css = {"running": "m-mine", "failed": "m-warn"}.get(state, "m-grey")
    return svg(width, 10, rect("m-track", 0, 1, width, 8), rect(css, 0, 1, width * done / max(total, 1), 8))


SHARD_CSS = {"done": "done", "part": "part", "retry": "retry", "kept": "retry"}
SHARD_WORDS = {
    "done": _lazy("done"),
    "part": _lazy("running"),
    "wait": _lazy("waiting"),
    "retry": _lazy("tried again"),
    "kept": _lazy("kept from the night before"),
}


def shard_mark(state: str) -> SafeString:
    """One shard of one analysis: filled, half, empty, or an ochre mark; the word for those who hear it."""
    width, height = 36, 18
    shapes = [
        rect("shard" if state == "wait" else f"shard is-{SHARD_CSS[state]}", 0.5, 0.5, width - 1, height - 1)
    ]
    if state == "part":
        shapes.append(rect("shard is-done", 0.5, 0.5, width / 2, height - 1))
    if state in {"retry", "kept"}:
        shapes.append(_text("m-middle m-uncovered-text", width / 2, 13, "!"))
    return svg(width, height, *shapes, label=str(SHARD_WORDS[state]), css="pic shard-mark")
