"""How a contact reads in the feed: icon, channel and who, one sentence, then promise or result."""

from django.utils.translation import gettext as _

from crm.look import dates
from customers.choices import Channel, Outcome
from customers.selectors.contacts import may_read_note

ICONS = {
    Channel.VISIT: "map-pin",
    Channel.PHONE: "phone",
    Channel.SMS: "message-square",
    Channel.WECOM: "message-circle",
    Channel.APP: "smartphone",
    Channel.WEB: "globe",
    Channel.EMAIL: "mail",
    Channel.COUNTER: "landmark",
    Channel.SELF_SERVICE: "landmark",
    Channel.SYSTEM: "monitor",
}


def timeline_items(interactions, user) -> list[dict]:
    """Items for _timeline_item.html; a confidential note is shown to whom it may be."""
    return [_item(interaction, user) for interaction in interactions]


def _item(interaction, user):
    said = [interaction.get_purpose_display(), interaction.get_outcome_display()]
    if not may_read_note(user, interaction):
        text = _("%(what)s. The note is confidential: its author and supervisors may read it.")
        text %= {"what": " · ".join(map(str, said))}
    else:
        text = interaction.note or " · ".join(map(str, said))
    then, kind = _then(interaction)
    return {
        "icon": ICONS.get(interaction.channel, "monitor"),
        "channel": interaction.get_channel_display(),
        "who": interaction.manager.name if interaction.manager else "",
        "date": interaction.happened_at,
        "text": text,
        "then": then,
        "then_kind": kind,
    }


def _then(interaction):
    if interaction.next_date:
        when = dates.day(interaction.next_date, spaced=True)
        if interaction.next_step:
            return _("%(step)s by %(date)s") % {"step": interaction.next_step, "date": when}, "due"
        return _("Next contact %(date)s") % {"date": when}, "wait"
    if interaction.outcome in (Outcome.AGREED, Outcome.DONE):
        return interaction.get_outcome_display(), "fine"
    return "", ""
