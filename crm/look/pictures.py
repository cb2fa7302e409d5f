"""The 7P tiles' pictures, 142×40, one per question: `picture("meter", share=.92, note="缺 2 项")`.

Every picture is silent: the tile's sentence says the same in words.
"""

from collections.abc import Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString

from crm.look.marks import _short, rect, svg

WIDTH, HEIGHT = 142, 40


def picture(kind: str, **data) -> SafeString:
    """Draw one of PICTURES; an unknown kind is a KeyError."""
    return PICTURES[kind](**data)


def meter(share: float, note: str = "") -> SafeString:
    """Profiling: how complete the profile is, and what is missing."""
    return _frame(
        rect("m-track", 0, 10, WIDTH, 9), rect("m-mine", 0, 10, WIDTH * share, 9), _text(0, 34, note)
    )


def bands(
    value: float, edges: Sequence[float] = (0.15, 0.35), top: float = 0.6, words=("", "")
) -> SafeString:
    """Persistency: a probability on the low–medium–high scale; a triangle marks the customer."""
    low, high = (edge / top * WIDTH for edge in edges)
    # the low band is where most customers sit: it is drawn as wide as the scale allows
    at = min(max(value / top, 0), 1) * WIDTH
    return _frame(
        rect("m-track", 0, 10, low - 1, 9),
        rect("m-grey-2", low, 10, high - low - 1, 9),
        rect("m-grey", high, 10, WIDTH - high, 9),
        format_html('<path class="m-mine" d="M{} 8l-4.5-6h9z"/>', _short(at)),
        _text(0, 34, words[0]),
        _text(low, 34, f"{edges[0]:.0%}", "middle"),
        _text(high, 34, f"{edges[1]:.0%}", "middle"),
        _text(WIDTH, 34, words[1], "end"),
    )


def waterfall(parts: Sequence[float], words: Sequence[str]) -> SafeString:
    """Profitability: from income through fees, costs, losses and tax to EVA (the last, drawn from 0)."""
    levels, total = [], 0.0
    for part in parts[:-1]:
        levels.append((total, total + part))
        total += part
    levels.append((0.0, float(parts[-1])))
    top = max(max(pair) for pair in [*levels, (0, 0)])
    bottom = min(min(pair) for pair in [*levels, (0, 0)])
    scale = 24 / ((top - bottom) or 1)
    step = WIDTH / len(parts)
    shapes = []
    for place, (start, end) in enumerate(levels):
        high = max(start, end)
        css = "m-mine" if place == len(levels) - 1 else "m-grey" if place < 2 else "m-grey-2"
        height = max(abs(end - start) * scale, 1)
        shapes.append(rect(css, place * step, 1 + (top - high) * scale, step - 4, height))
        shapes.append(_text(place * step + (step - 4) / 2, 38, words[place], "middle"))
    return _frame(*shapes)


def shares(parts: Sequence[float], left: str = "", right: str = "") -> SafeString:
    """Performance: one bar split by channel or product, the largest in accent."""
    shapes, at = [], 0.0
    for part, css in zip(parts, ("m-mine", "m-mid", "m-grey", "m-grey-2", "m-track"), strict=False):
        shapes.append(rect(css, at * WIDTH, 10, part * WIDTH - 1, 9))
        at += part
    return _frame(*shapes, _text(0, 34, left), _text(WIDTH, 34, right, "end"))


def forecast(past: Sequence[float], ahead: float, low: float, high: float) -> SafeString:
    """Prospecting: the past as a line, the forecast dashed inside its band."""
    every = [*past, ahead, low, high]
    bottom, span = min(every), (max(every) - min(every)) or 1

    def y(value):
        return _short(34 - (value - bottom) / span * 30)

    here = WIDTH * 0.62
    step = here / max(len(past) - 1, 1)
    line = " ".join(f"{'L' if place else 'M'}{_short(place * step)} {y(v)}" for place, v in enumerate(past))
    start, end = f"{_short(here)} {y(past[-1])}", WIDTH - 6
    return _frame(
        format_html('<path class="m-weak" d="M{}L{} {}V{}z"/>', start, end, y(high), y(low)),
        format_html('<path class="m-line-mine" d="{}"/>', line),
        format_html('<path class="m-line-mine m-dash" d="M{}L{} {}"/>', start, end, y(ahead)),
        format_html('<circle class="m-mine" cx="{}" cy="{}" r="2.5"/>', end, y(ahead)),
    )


def pair(mine: float, whole: float, mine_word: str, whole_word: str) -> SafeString:
    """Product: the rate among holders above the rate of everyone."""
    scale = 100 / max(mine, whole, 1e-9)
    return _frame(
        rect("m-mine", 0, 10, mine * scale, 8),
        _text(mine * scale + 6, 18, mine_word),
        rect("m-grey", 0, 24, whole * scale, 8),
        _text(whole * scale + 6, 32, whole_word),
    )


def dots(answers: Sequence[bool], note: str = "") -> SafeString:
    """Promotion: the last contacts, filled where the customer responded (six at most)."""
    shapes = [
        format_html('<circle class="{}" cx="{}" cy="14" r="5.5"/>', css, 7 + place * 22)
        for place, css in enumerate("m-mine" if answer else "m-ring" for answer in answers[-6:])
    ]
    return _frame(*shapes, _text(0, 34, note))


def have_need(have: float, need: float, have_word: str = "", need_word: str = "") -> SafeString:
    """Not enough data: what there is, and the gap to what is needed."""
    at = WIDTH * min(have / need, 1) if need else 0
    return _frame(
        rect("m-grey-2", 0, 10, at, 9),
        rect("m-gap", at, 10.5, WIDTH - at - 0.5, 8),
        _text(0, 34, have_word),
        _text(WIDTH, 34, need_word, "end"),
    )


def trend(values: Sequence[float]) -> SafeString:
    """A plain line with its last point, for any P over time."""
    bottom, span = min(values), (max(values) - min(values)) or 1
    step = (WIDTH - 8) / max(len(values) - 1, 1)
    points = [(2 + place * step, 34 - (value - bottom) / span * 28) for place, value in enumerate(values)]
    line = " ".join(f"{'L' if place else 'M'}{_short(x)} {_short(y)}" for place, (x, y) in enumerate(points))
    return _frame(
        format_html('<path class="m-line-mine" d="{}"/>', line),
        format_html('<circle class="m-mine" cx="{}" cy="{}" r="2.5"/>', *map(_short, points[-1])),
    )


def _text(x, y, words, anchor="start"):
    if not words:
        return ""
    css = {"start": "m-text", "middle": "m-text m-middle", "end": "m-text m-end"}[anchor]
    return format_html('<text class="{}" x="{}" y="{}">{}</text>', css, _short(x), _short(y), words)


def _frame(*shapes):
    return svg(WIDTH, HEIGHT, *(shape for shape in shapes if shape))


PICTURES = {
    "meter": meter,
    "bands": bands,
    "waterfall": waterfall,
    "shares": shares,
    "forecast": forecast,
    "pair": pair,
    "dots": dots,
    "have_need": have_need,
    "trend": trend,
}
