"""Tags for pictures of scores (performance/pictures.py)."""

from django import template

from crm.look import dates, figures
from performance import pictures

register = template.Library()
register.simple_tag(pictures.score_track, name="score_track")
register.simple_tag(pictures.track_scale, name="track_scale")
register.simple_tag(pictures.cover_chart, name="cover_chart")
register.simple_tag(pictures.points_curve, name="points_curve")
register.simple_tag(pictures.peer_dots, name="peer_dots")
register.simple_tag(pictures.dot_strip, name="dot_strip")
register.simple_tag(pictures.share_bar, name="share_bar")
register.simple_tag(pictures.shard_mark, name="shard_mark")


@register.simple_tag
def night_took(night):
    """How long a night took, `7:58`; — while it runs."""
    if night.started_at and night.finished_at:
        return dates.duration((night.finished_at - night.started_at).total_seconds())
    return figures.UNKNOWN


@register.filter
def at(values, key):
    """The value of a dict under a key that is itself a variable."""
    return values.get(key)


@register.simple_tag
def share_of(done, total):
    """Whole percent of done in total, rounded down: 100% only when all is done."""
    return f"{done * 100 // total}%" if total else figures.UNKNOWN
