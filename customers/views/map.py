"""The map of relations, drawn on the server; the table beside it says the same."""

from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from crm.look import figures
from crm.look.marks import rect, svg

WIDTH, ROW, BOX, TALL = 300, 62, 112, 40
CENTRE = 84
MOST = 10
NAME = 8


def relation_map(customer, relations, groups):
    """The customer in the middle, up to ten others left and right; "" where there is nobody to draw.

    A broken line leads to whom the reader may not see. Each box opens its customer.
    """
    nodes = [(relation.other, relation.words, relation.aum_fen) for relation in relations]
    drawn = {customer.pk} | {other.pk for other, _words, _fen in nodes if other}
    for group in groups:
        nodes += [
            (member.customer, member.role.label, member.aum_fen)
            for member in group.members
            if member.customer.pk not in drawn
        ]
        drawn |= {member.customer.pk for member in group.members}
    nodes = nodes[:MOST]
    if not nodes:
        return ""
    rows = (len(nodes) + 1) // 2
    height = max(rows * ROW, TALL + 40)
    middle = height / 2
    shapes = []
    for place, node in enumerate(nodes):
        is_left = place % 2 == 0
        x = 0 if is_left else WIDTH - BOX
        y = middle + (place // 2 - (rows - 1) / 2) * (height / rows)
        shapes.append(_line(x + BOX if is_left else x, y, middle, is_hidden=node[0] is None))
        shapes.append(_box(node, x, y - TALL / 2))
    shapes.append(rect("map-centre", (WIDTH - CENTRE) / 2, middle - 14, CENTRE, 28))
    shapes.append(_text("map-centre-name", WIDTH / 2, middle + 4, _short(customer.name, NAME - 2)))
    return svg(WIDTH, height, *shapes, label=_("Map of relations"), css="pic relation-map")


def _line(x, y, middle, *, is_hidden):
    css = "map-line is-hidden" if is_hidden else "map-line"
    end = (WIDTH - CENTRE) / 2 if x < WIDTH / 2 else (WIDTH + CENTRE) / 2
    return format_html('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>', css, x, y, end, middle)


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
