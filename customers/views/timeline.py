"""How a contact reads in the feed: icon, channel and who, one sentence, then promise or result."""

from django.urls import reverse
from django.utils.translation import gettext as _

from crm.look import dates
from customers.choices import Outcome
from customers.event_sources import CHANNEL_ICONS as ICONS
from customers.selectors.contacts import may_read_note
from customers.services.contacts import editable_until


def contact_items(interactions, user, now) -> list[dict]:
    """Items for customers/_contact_item.html: the timeline's, with who was there, feedback and what may be
    done about it at `now`."""
    return [_item(interaction, user) | _more(interaction, user, now) for interaction in interactions]


def _more(interaction, user, now):
    mine = interaction.manager is not None and interaction.manager.user_id == user.pk
    may_read = may_read_note(user, interaction)
    return {
        "confidential": interaction.confidential,
        "attendees": interaction.attendees if may_read else "",
        "feedback": feedback_words(interaction) if may_read else "",
        "edited_at": interaction.edited_at,
        "edit_url": reverse("customers:contact_edit", args=[interaction.public_id])
        if mine and user.is_manager and now < editable_until(interaction)
        else "",
    }


def feedback_words(interaction) -> str:
    """What became of the feedback: `市场与同业：… · 已采纳，2 分`; empty where there is none."""
    if not interaction.feedback_text:
        return ""
    values = {"kind": interaction.get_feedback_kind_display(), "text": interaction.feedback_text}
    if interaction.feedback_judged_at is None and interaction.feedback_filed_at:
        return _("%(kind)s: %(text)s · waits for the supervisor") % values
    if not interaction.feedback_accepted:
        values["why"] = interaction.feedback_answer
        return _("%(kind)s: %(text)s · not accepted: %(why)s") % values
    values["points"] = interaction.feedback_quality
    return _("%(kind)s: %(text)s · accepted, %(points)s points") % values


def _item(interaction, user):
    said = [interaction.get_purpose_display(), interaction.get_outcome_display()]
    if not may_read_note(user, interaction):
        text = _("%(what)s. The note is confidential: its author and supervisors may read it.")
        text %= {"what": " · ".join(map(str, said))}
    else:
        text = interaction.note or " · ".join(map(str, said))
    then, kind = _then(interaction, may_read_note(user, interaction))
    return {
        "icon": ICONS.get(interaction.channel, "monitor"),
        "channel": interaction.get_channel_display(),
        "who": interaction.manager.name if interaction.manager else "",
        "date": interaction.happened_at,
        "text": text,
        "then": then,
        "then_kind": kind,
    }


def _then(interaction, may_read):
    if interaction.next_date:
        when = dates.day(interaction.next_date, spaced=True)
        if interaction.next_step and may_read:
            return _("%(step)s by %(date)s") % {"step": interaction.next_step, "date": when}, "due"
        return _("Next contact %(date)s") % {"date": when}, "wait"
    if interaction.outcome in (Outcome.AGREED, Outcome.DONE):
        return interaction.get_outcome_display(), "fine"
    return "", ""
