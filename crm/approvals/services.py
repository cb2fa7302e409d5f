"""Ask, decide, withdraw: the only writers of approvals. Import it as `approvals`."""

import hashlib
import json
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import audit
from crm.approvals.models import Approval, Execution, State
from crm.approvals.registry import additions, kinds
from crm.history import acting

_DAMAGED = gettext_lazy("The request does not match its fingerprint; nothing was done. Tell the auditor.")


class Refused(Exception):
    """The request or decision is not possible; the message says why and what to do."""


def canonical(payload: dict) -> bytes:
    """`payload` as the one text that its fingerprint is taken of: sorted keys, no spaces, UTF-8."""
    return json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest_of(payload: dict) -> str:
    return hashlib.sha256(canonical(payload)).hexdigest()


def ask(kind: str, maker, payload: dict, reason: str, *, scope_path: str | None = None) -> Approval:
    """Write down the request of `maker`; asked again while it waits, it is the same request.

    `payload` holds plain JSON values, all that `execute` needs. `scope_path`: the branch it is about (the
    maker's own by default), which decides whose inbox it comes to. Raises Refused without a reason, and where
    the kind's checks say that it could never be done.
    """
    if not reason.strip():
        raise Refused(_("Say why: whoever decides needs a reason."))
    known = kinds()[kind]
    fixed = json.loads(canonical(payload))
    check(kind, fixed)
    digest = digest_of(fixed)
    earlier = Approval.objects.filter(maker=maker, kind=kind, digest=digest, state=State.ASKED)
    waiting = earlier.filter(expires_at__gt=timezone.now()).first()
    if waiting is not None:
        return waiting
    earlier.update(state=State.EXPIRED)
    if scope_path is None:
        scope_path = maker.branch.path if getattr(maker, "branch", None) else ""
    now = timezone.now()
    try:
        with transaction.atomic():
            made = Approval.objects.create(
                kind=kind,
                payload=fixed,
                digest=digest,
                effect=_in_every_language(known, fixed),
                scope_path=scope_path,
                maker=maker,
                reason=reason.strip()[:300],
                asked_at=now,
                expires_at=now + timedelta(days=settings.APPROVAL_DAYS),
            )
            _note(maker, "ask", made)
            return made
    except IntegrityError as error:  # the same request came at the same moment
        found = earlier.first()
        if found is None:
            raise Refused(_("The request could not be written down. Try again.")) from error
        return found


def check(kind: str, payload: dict) -> None:
    """Raise Refused where `payload` could never be carried out, by the kind itself or an Addition."""
    for each in (kinds()[kind], *additions(kind)):
        if each.check is not None:
            each.check(payload)


def decide(approval: Approval, checker, approve: bool, reason: str = "") -> Approval:
    """Approve or send back as `checker`. What is approved is carried out once: by a worker as soon as this
    commits where a page decides (no page's database role may do it), at once elsewhere.

    Returns the request as it stands: approved, rejected, done, failed (with `fault`) or expired. Sending back
    needs a reason. Raises Refused for whoever may not decide it, or where it is decided already; nothing
    changes then.
    """
    reason = reason.strip()[:300]
    if not approve and not reason:
        raise Refused(_("Say why you send it back: the person who asked reads it."))
    with transaction.atomic():
        found = Approval.objects.select_for_update(of=("self",)).get(pk=approval.pk)
        _check_decider(found, checker)
        now = timezone.now()
        if found.expires_at <= now:
            found.state = State.EXPIRED
            found.save(update_fields=["state"])
            return found
        if digest_of(found.payload) != found.digest:
            raise Refused(_DAMAGED)
        found.checker, found.decided_at, found.answer = checker, now, reason
        found.state = State.APPROVED if approve else State.REJECTED
        found.save(update_fields=["checker", "decided_at", "answer", "state"])
        _note(checker, "approve" if approve else "reject", found, own=True)
        if approve and getattr(connection, "wall_role", None):
            transaction.on_commit(partial(_hand_over, found.pk))
        elif approve:
            return execute(found.pk)
    return found


def execute(key: int) -> Approval:
    """Carry out what was approved, once; anything else stays as it is. Returns the request."""
    with transaction.atomic():
        found = Approval.objects.select_for_update(of=("self",)).get(pk=key)
        if found.state == State.APPROVED:
            _execute(found)
    return found


def left_behind() -> list[int]:
    """What was approved and not carried out: a message was lost, or a worker died."""
    return list(Approval.objects.filter(state=State.APPROVED).values_list("pk", flat=True))


def _hand_over(key: int) -> None:
    """Give it to a worker; without a broker the next tidying finds it."""
    from kombu.exceptions import OperationalError

    from crm.approvals.tasks import execute_approval

    try:
        execute_approval.delay(key)
    except OperationalError:
        return


def withdraw(approval: Approval, maker) -> Approval:
    """Take one's own waiting request back. Raises Refused for another's, or where it was decided."""
    with transaction.atomic():
        found = Approval.objects.select_for_update(of=("self",)).get(pk=approval.pk)
        if found.maker_id != maker.pk:
            raise Refused(_("Only who asked may withdraw it."))
        if found.state != State.ASKED:
            raise Refused(_already(found))
        found.state = State.WITHDRAWN
        found.save(update_fields=["state"])
        _note(maker, "withdraw", found)
    return found


def expire(now) -> int:
    """Close what nobody decided in time; return how many."""
    return Approval.objects.filter(state=State.ASKED, expires_at__lte=now).update(state=State.EXPIRED)


def _note(person, act: str, approval: Approval, *, own: bool = False) -> None:
    """Put it on record, with the transaction of what is done; a decision on a connection of its own."""
    maker = approval.maker.get_username()
    detail = {"kind": approval.kind, "digest": approval.digest, "maker": maker}
    audit.record(person, act, subject=approval, detail=detail, own=own)


def _check_decider(found, checker):
    if found.state != State.ASKED:
        raise Refused(_already(found))
    if found.maker_id == checker.pk:
        raise Refused(_("Nobody decides his own request. Another supervisor or administrator must."))
    if not checker.is_active or not may_check(checker, found):
        raise Refused(_("This request is not yours to decide."))


def may_check(user, approval) -> bool:
    """Whether `user` may decide `approval` by its kind; never his own."""
    kind = kinds().get(approval.kind)
    if kind is None or approval.maker_id == user.pk or getattr(user, "role", "") not in kind.roles:
        return False
    return kind.may_check(user, approval)


def _already(found) -> str:
    return _("This request is closed already: %(state)s.") % {"state": found.get_state_display()}


def _execute(found) -> None:
    """Carry it out inside a savepoint: a refusal undoes the effect and leaves the reason."""
    now = timezone.now()
    try:
        if digest_of(found.payload) != found.digest:
            raise Refused(_DAMAGED)
        with transaction.atomic(), _as_both(found):
            Execution.objects.create(approval=found, digest=found.digest, executed_at=now)
            kinds()[found.kind].execute(found.payload, found)
    except Refused as refusal:
        found.state, found.fault = State.FAILED, str(refusal)[:500]
        found.save(update_fields=["state", "fault"])
        _note(found.checker, "carry_out_failed", found)
        return
    found.state, found.executed_at = State.DONE, now
    found.save(update_fields=["state", "executed_at"])
    _note(found.checker, "carry_out", found)


def _as_both(found):
    """In the history the effect is the checker's doing, with who asked and why beside it."""
    return acting(
        found.checker,
        found.reason,
        approval=str(found.public_id),
        asked_by=found.maker.get_username(),
    )


def _in_every_language(kind, payload) -> dict:
    """The effect in each of the product's languages: maker and checker need not share one."""
    shown = {}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            said = kind.effect(payload)
            more = (line for each in additions(kind.code) for line in each.effect(payload))
            lines = [[str(cell) for cell in line] for line in (*said["lines"], *more)]
            shown[code] = {"title": str(said["title"]), "lines": lines}
    return shown
