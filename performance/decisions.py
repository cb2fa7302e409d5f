"""Vetoes, and corrections of published scores: asked for with evidence, decided by somebody else."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.approvals import services as approvals
from crm.approvals.registry import Kind, in_scope
from crm.leaves import NONE
from managers.choices import Role
from managers.models import Manager
from performance import closing, pay, published
from performance.choices import Dimension, VetoKind
from performance.models import Period, PublishedScore, Scorecard, Veto
from performance.scoring import BY_CODE
from performance.words import LETTERS, WORDS, amount, measured, trimmed

BARRED_MONTHS = 24  # without promotion after a veto (domain.md §1)
LEAST_WORDS = 20  # characters of evidence


# --- veto ---
def veto_payload(veto: Veto) -> dict:
    """A veto as the form left it, not saved."""
    return {
        "manager": str(veto.manager.public_id),
        "period": veto.period.code,
        "kind": veto.kind,
        "evidence": veto.evidence.strip(),
        "reference": veto.reference.strip(),
    }


def ask_veto(veto: Veto, *, maker, reason: str):
    """Ask that `veto` (not saved) be confirmed. Raises approvals.Refused, with nothing written."""
    return approvals.ask(VETO.code, maker, veto_payload(veto), reason, scope_path=veto.manager.branch.path)


def _veto_check(payload):
    if len(payload["evidence"]) < LEAST_WORDS or not payload["reference"]:
        raise approvals.Refused(
            _("A veto needs evidence: what happened, in a few sentences, and where the originals lie.")
        )
    if payload["kind"] not in VetoKind.values:
        raise approvals.Refused(_("Choose one of the listed breaches."))
    period = Period.objects.get(code=payload["period"])
    if period.closed_at is not None:
        raise approvals.Refused(
            _("%(code)s is closed, its grades stand. Choose the running quarter.") % {"code": period.code}
        )
    found = Veto.objects.filter(manager__public_id=payload["manager"], period=period, kind=payload["kind"])
    if found.exists():
        raise approvals.Refused(_("This veto stands already."))


def _veto_effect(payload):
    manager = _manager(payload["manager"])
    card = _latest_card(manager, payload["period"])
    now = card.grade if card else None
    told = {"kind": VetoKind(payload["kind"]).label, "person": manager.user, "period": payload["period"]}
    months = _("none for %(count)d months") % {"count": BARRED_MONTHS}
    return {
        "title": _("Veto for %(person)s, %(period)s: %(kind)s") % told,
        "lines": [
            [_("grade of the quarter"), now or NONE, _("E, from the next night on")],
            [_("performance pay"), _("by the score"), _("none: factor 0")],
            [_("deferred pay"), _("as it falls due"), _("stopped")],
            [_("promotion"), _("by the rules"), months],
            [_("evidence"), NONE, payload["evidence"]],
            [_("originals"), NONE, payload["reference"]],
        ],
    }


def _veto_execute(payload, approval):
    _veto_check(payload)
    try:
        with transaction.atomic():
            Veto.objects.create(
                manager=_manager(payload["manager"]),
                period=Period.objects.get(code=payload["period"]),
                kind=payload["kind"],
                evidence=payload["evidence"],
                reference=payload["reference"],
                approval=approval,
                decided_at=approval.decided_at,
            )
            pay.stop(
                _manager(payload["manager"]),
                entered_on=timezone.localtime(approval.decided_at).date(),
                reason=VetoKind(payload["kind"]).label,
            )
    except IntegrityError as error:
        raise approvals.Refused(_("This veto stands already.")) from error


def _veto_may_check(user, approval):
    return in_scope(user, approval) and not _is(user, approval.payload["manager"])


# --- correction ---
def correction_payload(
    score: PublishedScore,
    cases: Mapping[str, tuple] | None = None,
    *,
    deducted: Decimal | None = None,
    is_vetoed: bool | None = None,
) -> dict:
    """What a correction is bound to: the newest version of `score`, and what replaces what stands there.

    `cases`: code → (numerator, denominator), as stored (money in fen).
    """
    last = closing.newest(score)
    return {
        "score": str(last.public_id),
        "version": last.version,
        "cases": {code: [str(value) for value in pair] for code, pair in sorted((cases or {}).items())},
        "deducted": None if deducted is None else str(deducted),
        "is_vetoed": is_vetoed,
    }


def ask_correction(
    score: PublishedScore, cases: Mapping[str, tuple] | None = None, *, maker, reason: str, **more
):
    """Ask that a published score be corrected as a new version (`cases` and `more` as correction_payload).

    For administrators: the peers behind a score are the whole bank's. Raises approvals.Refused, with nothing
    written.
    """
    if maker.role != Role.ADMIN or _is(maker, str(score.manager.public_id)):
        raise approvals.Refused(_("Scores are corrected by administrators, and nobody corrects his own."))
    payload = correction_payload(score, cases, **more)
    return approvals.ask(CORRECTION.code, maker, payload, reason, scope_path=score.manager.branch.path)


def _correction_check(payload):
    score = _score(payload)
    if closing.newest(score).version != payload["version"]:
        raise approvals.Refused(_("This score has been corrected meanwhile. Ask anew."))
    for code, (numerator, denominator) in _cases(payload).items():
        if code not in BY_CODE or not BY_CODE[code].has_source:
            raise approvals.Refused(_("There is no indicator %(code)s.") % {"code": code})
        if not denominator.is_finite() or not numerator.is_finite() or denominator <= 0:
            raise approvals.Refused(_("The denominator of %(code)s must lie above 0.") % {"code": code})
        if tuple(map(Decimal, score.cases.get(code, ("NaN", "NaN")))) == (numerator, denominator):
            raise approvals.Refused(_("The figures of %(code)s are those that stand.") % {"code": code})
    if not payload["cases"] and payload["deducted"] is None and payload["is_vetoed"] is None:
        raise approvals.Refused(_("Say what is to be corrected."))


def _changes(payload) -> dict:
    """What performance.published replaces."""
    return {
        "cases": {code: list(pair) for code, pair in payload["cases"].items()},
        "deducted": None if payload["deducted"] is None else Decimal(payload["deducted"]),
        "is_vetoed": payload["is_vetoed"],
    }


def _correction_effect(payload):
    score = _score(payload)
    then = published.corrected_fields(score, **_changes(payload))
    lines = []
    for code, pair in _cases(payload).items():
        lines += _lines_of_indicator(code, score, pair, then)
    lines += [
        [f"{LETTERS[code]} {Dimension(code).label}", _two(score.points[code]), _two(then["points"][code])]
        for code in Dimension.values
        if score.points[code] != then["points"][code]
    ]
    plain = (("deducted", _("deducted points")), ("is_vetoed", _("vetoed")), ("grade", _("grade")))
    lines += [
        [label, _said(getattr(score, name)), _said(then[name])]
        for name, label in plain
        if getattr(score, name) != then[name]
    ]
    difference = "" if None in (score.total, then["total"]) else f" ({then['total'] - score.total:+.2f})"
    lines.append([_("score"), _two(score.total), f"{_two(then['total'])}{difference}"])
    lines.append([_("pay factor"), f"{score.k:.4f}", f"{then['k']:.4f}"])
    told = {"person": score.manager.user, "period": score.period.code, "number": score.version + 1}
    title = _("Corrected score of %(person)s, %(period)s, version %(number)d") % told
    return {"title": title, "lines": lines}


def _lines_of_indicator(code, score, pair, then) -> list[list]:
    words, unit = WORDS[code], BY_CODE[code].unit
    before = [Decimal(value) for value in score.cases.get(code, [])] or [None, None]
    lines = [
        [f"{code} {label}", amount(old, words.kind), amount(new, words.kind)]
        for label, old, new in zip((words.above, words.below), before, pair, strict=True)
        if old != new
    ]
    (was, was_points, _weight), (will, will_points, _weight) = score.results[code], then["results"][code]
    lines.append([f"{code} {words.name}", measured(_decimal(was), unit), measured(_decimal(will), unit)])
    return [*lines, [f"{code} " + _("points"), _two(was_points), _two(will_points)]]


def _correction_execute(payload, approval):
    _correction_check(payload)
    closing.correct(
        _score(payload),
        at=timezone.localtime(approval.decided_at),
        reason=approval.reason,
        **_changes(payload),
    )


def _correction_may_check(user, approval):
    return user.role == Role.ADMIN and not _is(user, str(_score(approval.payload).manager.public_id))


def _score(payload) -> PublishedScore:
    found = PublishedScore.objects.select_related("manager__user", "period__scheme")
    try:
        return found.get(public_id=payload["score"])
    except PublishedScore.DoesNotExist as error:
        raise approvals.Refused(_("This published score is not there.")) from error


def _cases(payload) -> dict[str, tuple[Decimal, Decimal]]:
    try:
        return {code: (Decimal(above), Decimal(below)) for code, (above, below) in payload["cases"].items()}
    except InvalidOperation as error:
        raise approvals.Refused(_("A figure is no number.")) from error


def _decimal(text) -> Decimal | None:
    return None if text is None else Decimal(text)


def _two(value) -> str:
    return NONE if value is None else trimmed(Decimal(value), 2)


def _said(value) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return NONE if value is None else str(value)


# --- both ---
def _manager(public_id) -> Manager:
    return Manager.objects.select_related("user", "branch").get(public_id=public_id)


def _latest_card(manager, period_code) -> Scorecard | None:
    cards = Scorecard.objects.filter(manager=manager, period__code=period_code)
    return cards.filter(night__published_at__isnull=False).order_by("-night__business_date", "-night").first()


def _is(user, manager_public_id: str) -> bool:
    manager = getattr(user, "manager", None)
    return manager is not None and str(manager.public_id) == manager_public_id


VETO = Kind(
    "performance.veto",
    gettext_lazy("Veto"),
    _veto_execute,
    _veto_effect,
    _veto_may_check,
    check=_veto_check,
)
CORRECTION = Kind(
    "performance.correction",
    gettext_lazy("Correction of a score"),
    _correction_execute,
    _correction_effect,
    _correction_may_check,
    ("admin",),
    check=_correction_check,
)
KINDS = (VETO, CORRECTION)
