"""The icons: lucide names we allow, and the one sprite made of them.

The sprite is committed (static/icons.svg, one symbol a line, readable and reviewable): a page then needs no
build step and no node_modules to show an icon. `manage.py make_icons` rewrites it; a test compares.
"""

import re
from functools import cache
from pathlib import Path

from django.templatetags.static import static
from django.utils.html import format_html

LUCIDE = """
    arrow-down arrow-left-right arrow-right arrow-up badge-check bell briefcase building-2 calendar
    calendar-days chart-column chart-line check chevron-down chevron-left chevron-right chevron-up circle
    circle-alert circle-check clock database download ellipsis external-link eye eye-off file-text
    file-warning funnel gauge gift globe graduation-cap handshake headset history info key-round landmark
    languages layout-dashboard list-checks list-todo lock log-out mail map-pin megaphone menu
    message-circle message-square minus monitor moon network octagon-alert pause pencil phone play plus
    printer refresh-cw route scale search settings shield smartphone star sun table target ticket trash-2
    triangle-alert undo-2 upload user user-round users wallet x
""".split()  # noqa: SIM905 (a list would take eighty lines)

# Drawn by us: the triangles of a change, plain ink.
OWN = {
    "tri-up": ("0 0 11 9", '<path d="M5.5 0 11 9H0z"/>'),
    "tri-down": ("0 0 11 9", '<path d="M5.5 9 0 0h11z"/>'),
}
NAMES = frozenset(LUCIDE) | frozenset(OWN)


@cache  # a list shows hundreds; the sprite's address is fixed for the life of the process
def icon(name: str, size: int = 16):
    """An icon from the sprite, silent for screen readers: the word beside it speaks.

    `size` is 14, 16 or 20. An unknown name is a ValueError, so that a typo fails in the first test.
    """
    if name not in NAMES:
        raise ValueError(f"No icon {name!r}: add it to crm/look/icons.py and run manage.py make_icons.")
    css = "tri" if name in OWN else f"icon icon-{size}"
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        css,
        static("icons.svg"),
        name,
    )


def sprite(folder: Path) -> str:
    """The sprite's text from a folder of lucide SVG files; FileNotFoundError names a missing icon."""
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg">',
        "<!-- Icons from lucide-static (ISC); made by manage.py make_icons. -->",
    ]
    for name in sorted(LUCIDE):
        text = (folder / f"{name}.svg").read_text()
        shapes = re.findall(r"<(?:path|circle|rect|line|polyline|polygon|ellipse)\b[^>]*/>", text)
        body = "".join(re.sub(r"\s+", " ", shape).replace(" />", "/>") for shape in shapes)
        lines.append(f'<symbol id="{name}" viewBox="0 0 24 24">{body}</symbol>')
    for name, (box, body) in sorted(OWN.items()):
        lines.append(f'<symbol id="{name}" viewBox="{box}">{body}</symbol>')
    return "\n".join([*lines, "</svg>", ""])
