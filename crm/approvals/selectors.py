"""What whom awaits: the inbox of a checker, the requests of a maker, the counts of the rail."""

from django.db.models import Q, QuerySet
from django.utils import timezone

from crm.approvals.models import NOT_DECIDED, Approval
from crm.approvals.registry import kinds
from crm.approvals.services import may_check
from crm.subtree import within

LISTED = 50
COUNT_MOST = 99


def in_reach(user) -> QuerySet:
    """Requests whose kind and branch bring them to `user`, his own left out; auditors read all."""
    role = getattr(user, "role", "")
    if role == "auditor":
        return Approval.objects.all()
    codes = [kind.code for kind in kinds().values() if role in kind.roles]
    found = Approval.objects.filter(kind__in=codes).exclude(maker=user)
    if role == "supervisor":
        found = found.filter(within(user.branch.path, "scope_path"))
    return found if role in ("supervisor", "admin") else Approval.objects.none()


def inbox(user, now, limit: int = LISTED) -> list[Approval]:
    """What `user` may decide, the oldest first. By the kind's own rule, beyond role and branch."""
    waiting = in_reach(user).waiting(now).select_related("maker").order_by("asked_at", "id")
    return [
        each for each in waiting[:limit] if getattr(user, "role", "") == "auditor" or may_check(user, each)
    ]


def decided(user, limit: int = LISTED) -> list[Approval]:
    """The last decisions in reach of `user`, and those he made himself."""
    reach = Q(pk__in=in_reach(user).values("pk")) | Q(checker=user)
    found = Approval.objects.filter(reach).exclude(state__in=NOT_DECIDED)
    return list(found.select_related("maker", "checker").order_by("-decided_at", "-id")[:limit])


def asked_by(user, limit: int = LISTED) -> list[Approval]:
    """What `user` asked for, the newest first."""
    return list(Approval.objects.filter(maker=user).select_related("maker", "checker")[:limit])


def rail_counts(user, now=None) -> dict[str, int]:
    """How many requests wait for `user` (checkers), and how many of his own wait (left out where none).

    One of settings.NAV_COUNTS.
    """
    now, counts = now or timezone.now(), {}
    if getattr(user, "role", "") in ("supervisor", "admin"):
        counts["approvals:inbox"] = len(inbox(user, now, COUNT_MOST))
    mine = Approval.objects.waiting(now).filter(maker=user).count()
    if mine:
        counts["approvals:mine"] = mine
    return counts


def visible_to(user) -> QuerySet:
    """Every request whose page or decision `user` may know of: his own, and those in reach."""
    return Approval.objects.filter(Q(maker=user) | Q(checker=user) | Q(pk__in=in_reach(user).values("pk")))
