"""Small pictures of these pages, drawn on the server; their tables say the same."""

from datetime import date, timedelta

from django.utils.html import format_html
from django.utils.translation import gettext as _

from crm.look.marks import rect, svg

WIDTH, HEIGHT, FLOOR = 340, 56, 38


def day_bars(maturing, as_of: date, days: int):
    """Sums by day over the next `days`, bars from 0, the day written every week."""
    sums = [0] * days
    for deposit in maturing:
        sums[(deposit.account.matures_on - as_of).days] += deposit.amount_fen
    top = max(sums) or 1
    step = WIDTH / days
    shapes = []
    for place, amount in enumerate(sums):
        height = max(amount / top * (FLOOR - 4), 1) if amount else 1
        css = "m-mine" if amount else "m-track"
        shapes.append(rect(css, place * step + 1.5, FLOOR - height, step - 3, height))
        if place % 7 == 0:
            day = as_of + timedelta(days=place)
            shapes.append(
                format_html(
                    '<text class="m-text" x="{}" y="{}">{}/{}</text>',
                    round(min(place * step, WIDTH - 30), 1),
                    HEIGHT - 4,
                    day.month,
                    day.day,
                )
            )
    return svg(WIDTH, HEIGHT, *shapes, label=_("Maturing deposits by day"), css="pic day-bars")
