"""The map of relations, drawn on the server; the table beside it says the same."""

from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from crm.look import figures
from crm.look.marks import rect, svg

WIDTH, BOX, TALL, GAP = 300, 132, 40, 12  # two boxes in a row, lines in the alley between them
CENTRE, HIGH, ROUND = 120, 28, 18  # the customer's own box, and the room above and below it
MOST = 10
NAME = 9


def relation_map(customer, relations, groups):
    """The customer in the middle, up to ten others above and below; "" where there is nobody to draw.

    A broken line leads to whom the reader may not see. Each box opens its customer.
    """
    nodes = _nodes(customer, relations, groups)
    if not nodes:
        return ""
    rows = [nodes[place : place + 2] for place in range(0, len(nodes), 2)]
    above, below = rows[: (len(rows) + 1) // 2], rows[(len(rows) + 1) // 2 :]
    top = len(above) * (TALL + GAP) - GAP + ROUND
    middle = top + HIGH / 2
    height = top + HIGH + (ROUND + len(below) * (TALL + GAP) - GAP if below else 2)
    lines, boxes = [], []
    for place, row in enumerate(above + below):
        y = place * (TALL + GAP)
        if place >= len(above):
            y += 2 * ROUND + HIGH - GAP
        for column, node in enumerate(row):
            x = (WIDTH - BOX) / 2 if len(row) == 1 else column * (WIDTH - BOX)
            lines.append(_line(x + BOX / 2, y + TALL / 2, middle, is_hidden=node[0] is None))
            boxes.append(_box(node, x, y))
    own = (
        rect("map-centre", (WIDTH - CENTRE) / 2, top, CENTRE, HIGH),
        _text("map-centre-name", WIDTH / 2, middle + 4, _short(customer.name, NAME)),
    )
    return svg(WIDTH, height, *lines, *boxes, *own, label=_("Map of relations"), css="pic relation-map")


def _nodes(customer, relations, groups):
    """(customer or None, words, assets in fen): relations first, then the rest of the groups."""
    nodes = [(relation.other, relation.words, relation.aum_fen) for relation in relations]
    drawn = {customer.pk} | {other.pk for other, _words, _fen in nodes if other}
    for group in groups:
        nodes += [
            (member.customer, member.role.label, member.aum_fen)
            for member in group.members
            if member.customer.pk not in drawn
        ]
        drawn |= {member.customer.pk for member in group.members}
    return nodes[:MOST]


def _line(x, y, middle, *, is_hidden):
    """From the side of a box that looks at the alley to the customer; the boxes are drawn over it."""
    css = "map-line is-hidden" if is_hidden else "map-line"
    inner = x + (BOX / 2 if x < WIDTH / 2 else -BOX / 2 if x > WIDTH / 2 else 0)
    return format_html('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>', css, inner, y, WIDTH / 2, middle)


def _box(node, x, y):
    other, words, fen = node
    under = str(words) if fen is None else f"{words} {figures.short_money(fen)}"
    inside = (
        rect("map-box", x + 0.5, y + 0.5, BOX - 1, TALL - 1),
        _text("map-name", x + BOX / 2, y + 17, _short(other.name, NAME) if other else _("not yours")),
        _text("map-note", x + BOX / 2, y + 32, _short(under, 16)),
    )
    if other is None:
        return format_html("{}{}{}", *inside)
    return format_html(
        '<a href="{}">{}{}{}</a>', reverse("customers:detail", args=[other.public_id]), *inside
    )


def _text(css, x, y, words):
    return format_html('<text class="{}" x="{}" y="{}" text-anchor="middle">{}</text>', css, x, y, words)


def _short(text, most):
    """Latin letters are half as wide as Chinese ones."""
    return Truncator(text).chars(most * 2 if text.isascii() else most)
