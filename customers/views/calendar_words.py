"""What stands in the calendar, in words: of a day's entries and of leave."""

from django.utils.translation import gettext as _

ICONS = {
    "done": "check",
    "agreed": "clock",
    "task": "list-checks",
    "deposit": "calendar-days",
    "loan": "calendar-days",
}


def title(entry) -> str:
    """What it is, without naming anybody: 约定联系, 存款到期, 电话 · 已达成."""
    if entry.kind == "done":
        values = {
            "channel": entry.record.get_channel_display(),
            "outcome": entry.record.get_outcome_display(),
        }
        return _("%(channel)s, %(outcome)s") % values
    if entry.kind == "task":
        return str(entry.record.get_kind_display())
    return {
        "agreed": _("Contact agreed"),
        "deposit": _("Deposit matures"),
        "loan": _("Loan is due"),
    }[entry.kind]


def words(away) -> str:
    """A leave: one's own with who covers, or whom one covers."""
    values = {"kind": away.kind, "name": away.name, "cover": away.covered_by}
    if away.name:
        return _("You cover for %(name)s (%(kind)s)") % values
    if away.covered_by:
        return _("%(kind)s, %(cover)s covers") % values
    return _("%(kind)s, nobody covers") % values
