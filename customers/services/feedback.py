"""Judging a manager's feedback: 1 to 3 points, or not accepted with a reason. Once, by somebody else."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from customers.models import Interaction


class FeedbackRefused(Exception):
    """It cannot be judged so; the message says why."""


def judge_feedback(
    contact: Interaction, *, by, at: datetime, quality: int | None = None, reason: str = ""
) -> Interaction:
    """Accept the feedback of `contact` as worth `quality` (1–3), or with None turn it down for `reason`.

    FeedbackRefused for one's own, for what is judged already, and for a refusal without a reason.
    """
    with transaction.atomic():
        locked = (
            Interaction.objects.select_for_update(of=("self",)).select_related("manager").get(pk=contact.pk)
        )
        if locked.manager.user_id == by.pk:
            raise FeedbackRefused(_("Your own feedback is judged by somebody else."))
        if locked.feedback_filed_at is None:
            raise FeedbackRefused(_("There is no feedback any more: its author took it back."))
        if locked.feedback_judged_at is not None:
            raise FeedbackRefused(_("This feedback was judged a moment ago."))
        if quality is None and not reason:
            raise FeedbackRefused(_("Say why it is not accepted: its author reads it."))
        locked.feedback_quality, locked.feedback_accepted = quality, quality is not None
        locked.feedback_answer = reason
        locked.feedback_judged_at, locked.feedback_judged_by = at, by
        locked.save(
            update_fields=[
                "feedback_quality",
                "feedback_accepted",
                "feedback_answer",
                "feedback_judged_at",
                "feedback_judged_by",
            ]
        )
    return locked
