"""Every contact over every channel in one feed, and what is to be done next."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.fields import FenField, PublicIdField
from crm.history.tracking import tracked
from customers.choices import Channel, FeedbackKind, Lifecycle, Outcome, Purpose, Repeat, TaskKind, TaskState
from customers.models.customer import Customer
from customers.models.handover import Handover
from managers.choices import Role
from managers.models import Manager


class InteractionQuerySet(models.QuerySet):
    def readable_by(self, role: str):
        """Leave out contacts with prospects for supervisors and the back office: until a prospect opens an
        account they are their owner's (and head office's)."""
        if role not in (Role.SUPERVISOR, Role.BACK_OFFICE):
            return self
        return self.exclude(customer__lifecycle=Lifecycle.PROSPECT)


@tracked(private=("note", "attendees", "next_step", "feedback_text"))
class Interaction(models.Model):
    """One contact. Logged by a manager, or brought by the feed from a channel (`manager` null).

    Feedback (I3) filed on the page has `feedback_filed_at` and waits for a supervisor until
    `feedback_judged_at`; what the feed brings was judged elsewhere and has neither.
    """

    public_id = PublicIdField()
    ref = models.CharField(_("reference"), max_length=40, unique=True, null=True, blank=True)
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="interactions", verbose_name=_("customer")
    )
    manager = models.ForeignKey(
        Manager, models.PROTECT, related_name="interactions", null=True, blank=True, verbose_name=_("manager")
    )
    channel = models.SmallIntegerField(_("channel"), choices=Channel)
    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome)
    happened_at = models.DateTimeField(_("when"))
    note = models.TextField(_("note"), blank=True)
    attendees = models.CharField(_("attendees"), max_length=200, blank=True)
    confidential = models.BooleanField(_("confidential"), default=False)
    next_date = models.DateField(_("next date"), null=True, blank=True)
    next_step = models.CharField(_("next step"), max_length=120, blank=True)
    no_next_reason = models.CharField(_("why no next date"), max_length=120, blank=True)
    feedback_quality = models.PositiveSmallIntegerField(
        _("worth of the feedback, 1–3"), null=True, blank=True
    )
    feedback_accepted = models.BooleanField(_("feedback accepted"), default=False)
    feedback_kind = models.CharField(
        _("kind of feedback"), max_length=12, choices=FeedbackKind, blank=True, default="", db_default=""
    )
    feedback_text = models.CharField(_("feedback"), max_length=500, blank=True, default="", db_default="")
    feedback_filed_at = models.DateTimeField(_("feedback filed"), null=True, blank=True)
    feedback_judged_at = models.DateTimeField(_("feedback judged"), null=True, blank=True)
    feedback_judged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("judged by"),
    )
    feedback_answer = models.CharField(
        _("answer to the feedback"), max_length=120, blank=True, default="", db_default=""
    )
    edited_at = models.DateTimeField(_("edited"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_default=models.functions.Now())

    objects = InteractionQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("contact"), _("contacts")
        constraints = [
            models.CheckConstraint(
                name="customers_interaction_next_date_or_reason",
                condition=Q(manager=None) | Q(next_date__isnull=False) | ~Q(no_next_reason=""),
            ),
            models.CheckConstraint(
                name="customers_interaction_feedback_1_to_3",
                condition=Q(feedback_quality=None) | Q(feedback_quality__gte=1, feedback_quality__lte=3),
            ),
            models.CheckConstraint(
                name="customers_interaction_feedback_filed",
                condition=Q(feedback_filed_at=None) | ~Q(feedback_text="") & ~Q(feedback_kind=""),
            ),
            models.CheckConstraint(
                name="customers_interaction_feedback_judged_by",
                condition=Q(feedback_judged_at=None, feedback_judged_by=None)
                | Q(feedback_judged_at__isnull=False, feedback_judged_by__isnull=False),
            ),
            models.CheckConstraint(
                name="customers_interaction_channel_known", condition=Q(channel__in=Channel.values)
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-happened_at", "-id"], name="customers_interaction_feed"),
            models.Index(fields=["manager", "-happened_at"], name="customers_interaction_mine"),
            models.Index(
                fields=["feedback_filed_at", "id"],
                name="customers_interaction_judge",
                condition=Q(feedback_filed_at__isnull=False, feedback_judged_at=None),
            ),
        ]

    def __str__(self):
        return f"{self.customer_id} {self.happened_at:%Y-%m-%d}"


class TaskQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Narrow to tasks about customers that `user` may see."""
        return self.filter(customer__in=Customer.objects.visible_to(user))

    def due(self, as_of):
        """Narrow to what is open on `as_of`: never snoozed, or snoozed until then."""
        return self.filter(Q(state=TaskState.OPEN) | Q(state=TaskState.SNOOZED, snoozed_until__lte=as_of))


class Task(models.Model):
    """Something to do about a customer, with its reason and what is at stake.

    `reason` holds the values of the sentence for this kind (customers/reasons.py makes the sentence in the
    reader's language). `rank` = value × likelihood × urgency, the order of Today. `key` keeps the night from
    writing the same task twice.
    """

    public_id = PublicIdField()
    key = models.CharField(max_length=80, unique=True, null=True, editable=False)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="tasks", verbose_name=_("customer"))
    manager = models.ForeignKey(
        Manager, models.PROTECT, related_name="tasks", null=True, blank=True, verbose_name=_("manager")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=TaskKind)
    reason = models.JSONField(_("reason"), default=dict)
    value_fen = FenField(_("at stake, fen"), default=0)
    due_on = models.DateField(_("due on"))
    rank = models.BigIntegerField(_("rank"), default=0)
    state = models.CharField(_("state"), max_length=8, choices=TaskState, default=TaskState.OPEN)
    snoozed_until = models.DateField(_("snoozed until"), null=True, blank=True)
    snooze_reason = models.CharField(_("why put off"), max_length=120, blank=True, default="", db_default="")
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    interaction = models.ForeignKey(
        Interaction,
        models.PROTECT,
        related_name="tasks",
        null=True,
        blank=True,
        verbose_name=_("from contact"),
    )
    settled_by = models.ForeignKey(
        Interaction,
        models.PROTECT,
        related_name="settled",
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("settled by contact"),
    )
    handover = models.ForeignKey(Handover, models.PROTECT, related_name="tasks", null=True, blank=True)
    created_on = models.DateField(_("created on"))

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("task"), _("tasks")
        constraints = [
            models.CheckConstraint(name="customers_task_kind_known", condition=Q(kind__in=TaskKind.values)),
            models.CheckConstraint(
                name="customers_task_snoozed_has_date",
                condition=~Q(state=TaskState.SNOOZED) | Q(snoozed_until__isnull=False),
            ),
            models.CheckConstraint(
                name="customers_task_done_has_time",
                condition=Q(state=TaskState.DONE, done_at__isnull=False)
                | ~Q(state=TaskState.DONE) & Q(done_at=None),
            ),
        ]
        indexes = [
            models.Index(
                fields=["manager", "-rank", "id"],
                name="customers_task_today",
                condition=Q(state__in=["open", "snoozed"]),
            ),
            models.Index(fields=["customer", "state"], name="customers_task_customer"),
            models.Index(
                fields=["due_on", "id"],
                name="customers_task_overdue",
                condition=Q(state__in=["open", "snoozed"]),
            ),
        ]

    def __str__(self):
        return f"{self.kind} {self.customer_id}"


@tracked()
class FollowUp(models.Model):
    """A customer who is called by habit: the next contact's date is proposed from it (customers.workdays)."""

    public_id = PublicIdField()
    customer = models.OneToOneField(
        Customer, models.PROTECT, related_name="follow_up", verbose_name=_("customer")
    )
    every = models.CharField(_("how often"), max_length=8, choices=Repeat)
    anchor_on = models.DateField(
        _("counted from"), help_text=_("The first day of the habit: others follow in whole steps.")
    )

    class Meta:
        verbose_name, verbose_name_plural = _("recurring contact"), _("recurring contacts")
        constraints = [
            models.CheckConstraint(
                name="customers_followup_every_known", condition=Q(every__in=Repeat.values)
            ),
        ]

    def __str__(self):
        return f"{self.customer_id} {self.every}"


@tracked()
class ContactTemplate(models.Model):
    """A text to begin a note with: a manager's own, or the bank's for everybody (`manager` null)."""

    public_id = PublicIdField()
    manager = models.ForeignKey(
        Manager,
        models.PROTECT,
        related_name="contact_templates",
        null=True,
        blank=True,
        verbose_name=_("manager"),
        help_text=_("Empty: for everybody."),
    )
    title = models.CharField(_("title"), max_length=30)
    purpose = models.CharField(
        _("purpose"),
        max_length=12,
        choices=Purpose,
        blank=True,
        help_text=_("Chosen together with the text; empty: as it is."),
    )
    text = models.TextField(_("text"), max_length=1000)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name, verbose_name_plural = _("contact template"), _("contact templates")
        ordering = ["title", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["manager", "title"],
                name="customers_contacttemplate_title_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="customers_contacttemplate_purpose_known",
                condition=Q(purpose="") | Q(purpose__in=Purpose.values),
            ),
        ]

    def __str__(self):
        return self.title
