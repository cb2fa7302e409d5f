"""What needs a second person: rights. Nobody changes them alone, in the admin or elsewhere."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.approvals.registry import Kind, in_scope
from crm.approvals.services import Refused
from managers.choices import Role
from managers.leaving import why_not_switched_off
from managers.models import Branch, User

FIELDS = ("role", "branch", "is_active", "is_staff", "is_superuser")
# Rights over the whole bank are given by administrators only.
BANK_WIDE = (Role.ADMIN, Role.AUDITOR)


def rights_of(user: User) -> dict:
    """The rights of `user` as plain values; the branch by code."""
    return {
        "role": user.role,
        "branch": user.branch.code if user.branch else None,
        "is_active": user.is_active,
        "is_staff": user.is_staff,
        "is_superuser": user.is_superuser,
    }


def rights_payload(user: User, before: dict, after: dict) -> dict:
    return {"user": str(user.public_id), "number": user.username, "before": before, "after": after}


def is_less(before: dict, after: dict) -> bool:
    """Whether a change only switches rights off: that needs no second person and never waits."""
    switches = ("is_active", "is_staff", "is_superuser")
    same_place = all(before[name] == after[name] for name in ("role", "branch"))
    return same_place and all(before[name] or not after[name] for name in switches)


def _effect(payload):
    labels = {
        "role": _("role"),
        "branch": _("branch"),
        "is_active": _("may sign in"),
        "is_staff": _("opens all records"),
        "is_superuser": _("superuser"),
    }
    lines = [
        [label, _said(name, payload["before"][name]), _said(name, payload["after"][name])]
        for name, label in labels.items()
        if payload["before"][name] != payload["after"][name]
    ]
    person = User.objects.filter(public_id=payload["user"]).first()
    return {"title": _("Rights of %(person)s") % {"person": person or payload["number"]}, "lines": lines}


def _said(name, value):
    if name == "role":
        return Role(value).label if value else "—"
    if name == "branch":
        branch = Branch.objects.filter(code=value).first()
        return f"{branch.name} {branch.code}" if branch else "—"
    return _("yes") if value else _("no")


def _execute(payload, approval):
    user = (
        User.objects.select_for_update(of=("self",)).select_related("branch").get(public_id=payload["user"])
    )
    if rights_of(user) != payload["before"]:
        raise Refused(_("The person's rights have changed since this was asked. Ask anew."))
    after = dict(payload["after"])
    ends = not after["is_active"] or payload["before"]["role"] == Role.MANAGER != after["role"]
    if ends and (sentence := why_not_switched_off(user)):
        raise Refused(sentence)
    code = after.pop("branch")
    user.branch = Branch.objects.filter(code=code).first() if code else None
    if code and user.branch is None:
        raise Refused(_("The branch %(code)s does not exist any more. Ask anew.") % {"code": code})
    for name, value in after.items():
        setattr(user, name, value)
    user.save(update_fields=list(FIELDS))


def _may_check(user, approval):
    """Never the person himself; bank-wide rights and Django's own switches: administrators only."""
    payload = approval.payload
    if str(user.public_id) == payload["user"]:
        return False
    if user.role == Role.ADMIN:
        return True
    wide = {payload["before"]["role"], payload["after"]["role"]} & set(BANK_WIDE)
    switched = any(payload["after"][name] for name in ("is_staff", "is_superuser"))
    return not wide and not switched and in_scope(user, approval) and _inside(user, payload)


def _inside(user, payload):
    """Both the old and the new branch lie in the supervisor's subtree."""
    codes = {payload[side]["branch"] for side in ("before", "after")}
    return Branch.objects.under(user.branch.path).filter(code__in=codes).count() == len(codes)


RIGHTS = Kind("managers.rights", gettext_lazy("Rights"), _execute, _effect, _may_check)
KINDS = (RIGHTS,)
