"""Large files need a second person: who approves sees whose, what, by which filter and how many rows."""

from django.contrib.auth import get_user_model
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.approvals import services as approvals
from crm.approvals.registry import Kind, in_scope
from crm.export import services
from crm.export.registry import sheets
from crm.wall.scope import as_user


def _effect(payload):
    person = get_user_model().objects.filter(public_id=payload["user"]).first()
    sheet = sheets()[payload["what"]]
    title = sheet.title(payload["query"])
    told = {"title": title, "person": person}
    return {
        "title": _("File for %(person)s: %(title)s") % told,
        "lines": [
            [_("rows in his hands"), "0", payload["rows"]],
            [_("columns"), "—", " · ".join(str(column.label) for column in sheet.columns)],
            [_("format"), "—", payload["form"].upper()],
        ],
    }


def _execute(payload, approval):
    """Make the file for who asked; his rights are looked up again when it is written."""
    user = get_user_model().objects.get(public_id=payload["user"])
    if user.pk != approval.maker_id:
        raise approvals.Refused(_("A file goes to who asked for it only."))
    if payload["filter"] != services.filter_digest(payload["what"], payload["query"], payload["form"]):
        raise approvals.Refused(_("The filter does not match its fingerprint; nothing was done."))
    sheet = sheets()[payload["what"]]
    as_of = timezone.localtime(approval.decided_at).date()
    with as_user(user.pk) as is_active:
        may = is_active and sheet.may(user, payload["query"])
        expected = sheet.count(user, payload["query"], as_of) if may else 0
    if not expected:
        raise approvals.Refused(_("The person may not have this list any more."))
    services.begin(user, payload["what"], payload["query"], payload["form"], expected, approval)


KINDS = (Kind(services.LARGE, gettext_lazy("Large file"), _execute, _effect, in_scope),)
