"""Keeping a draft: the last state of a form, for its writer alone, until it is sent or too old."""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from crm.drafts.models import Draft
from crm.ops.retention import Due, Rule
from crm.replay.middleware import KEY
from crm.replay.models import SentForm

FORM = re.compile(r"[a-z_]{1,20}:[0-9a-f-]{1,50}")
MOST_LETTERS = 15_000  # of all fields together
MOST_DRAFTS = 50  # of one person; the oldest goes
# What is never kept: the form's own machinery.
LEFT_OUT = {"csrfmiddlewaretoken", "once", "form_once", "ref", "task", "next", "then", "password"}


class DraftRefused(ValueError):
    """The draft is not kept; the message says why."""


@dataclass(frozen=True)
class Kept:
    """What was written: {field: values} and when."""

    form: str
    fields: dict[str, list[str]]
    saved_at: datetime

    def beginning(self, name: str, letters: int = 40) -> str:
        """The first letters of a field."""
        text = " ".join((self.fields.get(name) or [""])[0].split())
        return text if len(text) <= letters else f"{text[:letters]}…"


def save_draft(user, form: str, fields: dict[str, list[str]], *, at: datetime, once: str = "") -> bool:
    """Keep the state of `form`; return whether it was kept.

    `once` is the form's key: a state that arrives behind the form itself (a slow line) is dropped, False.
    Raises DraftRefused for a form that is none, and for more than MOST_LETTERS.
    """
    if not FORM.fullmatch(form):
        raise DraftRefused("no such form")
    kept = {name: list(values) for name, values in fields.items() if name not in LEFT_OUT}
    text = json.dumps(kept, ensure_ascii=False)
    if len(text) > MOST_LETTERS:
        raise DraftRefused(f"more than {MOST_LETTERS} letters")
    if KEY.fullmatch(once) and SentForm.objects.filter(user=user, key=once, status__isnull=False).exists():
        return False
    with transaction.atomic():
        draft = Draft.objects.select_for_update().filter(user=user, form=form).first()
        if draft is None:
            _make_room(user)
            draft = Draft(user=user, form=form)
        draft.fields, draft.saved_at = text, at
        draft.save()
    return True


def draft_of(user, form: str) -> Kept | None:
    """What `user` wrote into `form` and did not send."""
    draft = Draft.objects.filter(user=user, form=form).first()
    return _opened(draft) if draft else None


def drafts_of(user, kind: str, most: int) -> list[Kept]:
    """The latest drafts of one kind of form, newest first."""
    rows = Draft.objects.filter(user=user, form__startswith=f"{kind}:").order_by("-saved_at")
    return [_opened(draft) for draft in rows[:most]]


def drop_draft(user, form: str) -> bool:
    """Throw a draft away; whether there was one."""
    return Draft.objects.filter(user=user, form=form).delete()[0] > 0


def _opened(draft) -> Kept:
    return Kept(draft.form, json.loads(draft.fields), draft.saved_at)


def _make_room(user):
    old = Draft.objects.filter(user=user).order_by("-saved_at").values_list("pk", flat=True)
    Draft.objects.filter(pk__in=list(old[MOST_DRAFTS - 1 :])).delete()


def _old(now):
    return Draft.objects.filter(saved_at__lt=now - timedelta(days=settings.DRAFT_DAYS)).order_by("saved_at")


def _due(now) -> Due:
    old = _old(now)
    first = old.first()
    return Due(old.count(), first.saved_at if first else None)


def _remove(now, batch) -> int:
    return Draft.objects.filter(pk__in=list(_old(now).values_list("pk", flat=True)[:batch])).delete()[0]


RETENTION = Rule("drafts", "drafts that were never sent", f"{settings.DRAFT_DAYS} days", _due, _remove)
