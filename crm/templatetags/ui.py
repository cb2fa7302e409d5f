"""The tags and filters of every page (a builtin library: no {% load %} needed). See docs/ui.md."""

import json
import uuid

from django import template
from django.contrib.messages import constants as levels
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import slugify
from django.utils.translation import gettext as _

from crm.history.links import changes_link
from crm.look import dates, figures, marks, masks
from crm.look.charts import chart_table
from crm.look.icons import icon
from crm.look.pictures import picture

register = template.Library()

# --- figures ---
register.filter("wan", figures.in_wan)
register.filter("yuan", figures.exact_yuan)
register.filter("short_money", figures.short_money)
register.filter("yuan_whole", figures.whole_yuan)
register.filter("percent", figures.percent)
register.filter("rate", figures.rate)
register.filter("signed", figures.signed)
register.simple_tag(figures.wan_unit, name="wan_unit")
# --- dates ---
register.filter("day", dates.day)
register.filter("full_day", dates.full_day)
register.filter("month", dates.month)
register.filter("weekday", dates.weekday)
register.filter("clock", dates.clock)
register.filter("age", dates.age)
register.filter("days_since", dates.days_between)
register.filter("duration", dates.duration)
# --- secrets ---
register.filter("mask_id", lambda value: masks.hidden(masks.mask_id(value)))
register.filter("mask_mobile", lambda value: masks.hidden(masks.mask_mobile(value)))
register.filter("mask_account", masks.mask_account)
register.filter("mask_address", lambda value: masks.hidden(masks.mask_address(value)))
register.filter("mask_name", lambda value: masks.hidden(masks.mask_name(value)))
# --- marks ---
register.simple_tag(icon, name="icon")
register.simple_tag(marks.tier, name="tier")
register.simple_tag(marks.confidence, name="confidence")
register.simple_tag(marks.delta, name="delta")
register.simple_tag(marks.sparkline, name="sparkline")
register.simple_tag(marks.dimension_bar, name="dimension_bar")
register.simple_tag(marks.peer_strip, name="peer_strip")
register.simple_tag(marks.load_bar, name="load_bar")
register.simple_tag(marks.five_bars, name="five_bars")
register.simple_tag(marks.weight_bar, name="weight_bar")
register.simple_tag(marks.shard, name="shard")
register.simple_tag(picture, name="picture")
# --- history ---
register.simple_tag(changes_link, takes_context=True, name="changes_link")

# kind → (icon, tone)
MARKS = {
    "danger": ("octagon-alert", "danger"),
    "warn": ("triangle-alert", "warn"),
    "due": ("clock", "warn"),
    "wait": ("clock", "quiet"),
    "ok": ("circle-check", "ok"),
    "info": ("info", "quiet"),
    "lock": ("lock", "quiet"),
    "fine": ("circle-check", "quiet"),
    "now": ("clock", "mine"),
    "mine": ("circle-check", "mine"),
}


@register.filter
def spaced_day(value):
    """`6 月 22 日`, for sentences."""
    return dates.day(value, spaced=True)


@register.filter
def number(value, places=0):
    """Thousands separated, half-up, a true minus; None is a dash."""
    return figures.UNKNOWN if value in (None, "") else figures.number(value, places)


@register.filter(name="money")
def money_filter(amount):
    """`82.0万`, opening to the exact yuan on hover and focus. Fen (int) or yuan (Decimal)."""
    return figures.figure(figures.short_money(amount), figures.exact_yuan(amount))


@register.simple_tag
def money(amount, unit=True, css=""):
    """As the filter; `unit=False` for a column whose header carries 万."""
    shown = figures.short_money(amount) if unit else figures.in_wan(amount)
    return figures.figure(shown, figures.exact_yuan(amount), css)


@register.simple_tag
def mark(kind, words, ground=False, icon_name=""):
    """Icon and word in one tone: `{% mark "due" "7月15日到期" %}`; with `ground`, on its weak ground."""
    name, tone = MARKS[kind]
    return format_html(
        '<span class="mark-word mark-{}{}">{}{}</span>',
        tone,
        " has-ground" if ground else "",
        icon(icon_name or name, 14),
        words,
    )


@register.simple_tag
def once():
    """The hidden key of a form that changes something: sent twice, it counts once (crm.replay)."""
    return format_html('<input type="hidden" name="once" value="{}">', uuid.uuid4().hex)


@register.simple_tag
def kbd(*keys):
    """Keys as drawn on the keyboard: `{% kbd "Ctrl" "↵" %}`."""
    return SafeString(" ".join(format_html("<kbd>{}</kbd>", key) for key in keys))


@register.simple_tag
def score(value, grade="", change=None, since="", size=""):
    """The score badge: figure, outlined grade, change against `since`. size: "", "large", "small"."""
    parts = [figures.unknown() if value is None else figures.number(value, 2)]
    html = format_html(
        '<span class="score {}"><span class="n">{}</span>', f"is-{size}" if size else "", *parts
    )
    if grade:
        html += format_html('<span class="tag tag-grade">{}</span>', _("Grade %(grade)s") % {"grade": grade})
    if change is not None:
        html += format_html('<span class="change">{} {}</span>', since, marks.delta(change, places=2))
    return html + SafeString("</span>")


@register.inclusion_tag("_dims.html")
def dims(rows):
    """The five dimensions: rows of (label, score or None, weight as a share of 1)."""
    return {"rows": rows}


@register.simple_tag(takes_context=True)
def th(context, label, key="", unit="", num=False, css=""):
    """A header cell; with `key` it sorts: `?sort=key`, again `?sort=-key`, and paging starts anew."""
    classes = " ".join(filter(None, ("num" if num else "", css)))
    words = format_html("{} {}", label, unit) if unit else label
    if not key:
        return format_html('<th scope="col" class="{}">{}</th>', classes, words)
    request = context["request"]
    now = context.get("sort") or request.GET.get("sort", "")
    is_sorted = now.lstrip("-") == key
    query = request.GET.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    query["sort"] = f"-{key}" if now == key else key
    arrow = icon("chevron-down" if now.startswith("-") else "chevron-up", 14) if is_sorted else ""
    order = "descending" if now.startswith("-") else "ascending"
    return format_html(
        '<th scope="col" class="{}"{}><a href="?{}">{}{}</a></th>',
        classes,
        format_html(' aria-sort="{}"', order) if is_sorted else "",
        query.urlencode(),
        words,
        arrow,
    )


@register.simple_block_tag(takes_context=True, end_name="endpage_header")
def page_header(context, content, title, facts="", inline=False):
    """Title (the one h1), a line of facts (text or list), at most three actions as the content."""
    facts = [facts] if isinstance(facts, str) and facts else facts
    return _part(
        context,
        "_page_header.html",
        title=title,
        facts=facts,
        actions=SafeString(content.strip()),
        inline=inline,
    )


@register.simple_block_tag(takes_context=True, end_name="endsection")
def section(context, content, title, note="", aside="", aside_url="", id=""):
    """A section under a 2 px rule: heading, a note beside it, one link or markup right."""
    anchor = id or f"s-{slugify(title, allow_unicode=True)}"
    return _part(
        context,
        "_section.html",
        title=title,
        note=note,
        aside=aside,
        aside_url=aside_url,
        anchor=anchor,
        body=content,
    )


@register.simple_block_tag(end_name="endalert")
def alert(content, kind="info"):
    """Icon, sentence, weak ground. Kinds as for {% mark %}; an error speaks at once."""
    name, tone = MARKS[kind]
    return format_html(
        '<div class="alert alert-{}" role="{}">{}<div class="alert-body">{}</div></div>',
        tone,
        "alert" if kind == "danger" else "note",
        icon(name),
        content,
    )


@register.simple_block_tag(takes_context=True, end_name="enddrawer_form")
def drawer_form(context, content, title, action, facts="", submit="", extra=""):
    """The inside of the drawer: head, form, sticky foot. `extra` is markup left of the save button."""
    facts = [facts] if isinstance(facts, str) and facts else facts
    return _part(
        context,
        "_drawer_form.html",
        title=title,
        action=action,
        facts=facts,
        submit=submit or _("Save"),
        extra=extra,
        body=content,
    )


@register.inclusion_tag("_chart.html", takes_context=True)
def chart(context, id, title, unit, data, note="", height=""):
    """A picture and its table, from the same numbers. `data`: see crm/look/charts.py and docs/ui.md."""
    return {
        "id": id,
        "data_id": f"{id}-data",
        "title": title,
        "unit": unit,
        "note": note,
        "height": height,
        "data": {**data, "unit": str(unit), "words": {"max": _("Peak"), "min": _("Lowest point")}},
        "table": chart_table(data),
    }


@register.simple_tag(takes_context=True)
def toasts(context):
    """The messages as two lists: `toasts` (done) and `faults` (errors and warnings, never toasts)."""
    done, faults = [], []
    for message in context.get("messages") or []:
        if message.level >= levels.WARNING:
            faults.append(
                {"kind": "danger" if message.level >= levels.ERROR else "warn", "text": message.message}
            )
        else:
            done.append({"text": message.message, **_action(message.extra_tags)})
    return {"done": done, "faults": faults}


def _action(tags):
    """The one action of a toast, as crm.http.toast packs it."""
    if not (tags or "").startswith("{"):
        return {}
    return json.loads(tags)


def _part(context, name, **values):
    """Render an include with the page's context (request and csrf_token stay)."""
    with context.push(**values):
        return SafeString(context.template.engine.get_template(name).render(context))
