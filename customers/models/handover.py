"""Hand-over (移交): customers pass from one manager to another on a date, before a witness."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.fields import PublicIdField
from crm.history.tracking import tracked
from crm.subtree import within
from customers.choices import HandoverReason, HandoverState
from customers.models.customer import Customer
from managers.models import Manager


class HandoverQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Narrow to those `user` gives, receives, witnesses or prepared, or whose giver or receiver works in
        his branch subtree; administrators and auditors see all, the back office none of others'."""
        if user.sees_whole_bank:
            return self
        own = Q(witness=user) | Q(prepared_by=user)
        if user.is_manager:
            return self.filter(own | Q(giver__user=user) | Q(receiver__user=user))
        if user.is_supervisor:
            path = user.branch.path
            return self.filter(
                own | within(path, "giver__branch__path") | within(path, "receiver__branch__path")
            )
        return self.filter(own)


@tracked(private=("brief",))
class Handover(models.Model):
    """Customers pass from one manager to another on a date, before a witness (监交人).

    Draft while signatures are collected; signed when giver, receiver and witness have; in effect on its day
    after a supervisor of the common branch has approved it. `go_on`: customers who can no longer be handed
    over when it is carried out are left out, the rest goes on.
    """

    public_id = PublicIdField()
    ref = models.CharField(_("reference"), max_length=40, unique=True)
    giver = models.ForeignKey(Manager, models.PROTECT, related_name="given", verbose_name=_("transferor"))
    receiver = models.ForeignKey(
        Manager, models.PROTECT, related_name="received", verbose_name=_("transferee")
    )
    witness = models.ForeignKey(
        "managers.User",
        models.PROTECT,
        related_name="witnessed",
        null=True,
        blank=True,
        verbose_name=_("witness"),
    )
    prepared_by = models.ForeignKey(
        "managers.User",
        models.PROTECT,
        related_name="prepared_handovers",
        null=True,
        blank=True,
        verbose_name=_("prepared by"),
    )
    effective_on = models.DateField(_("takes effect on"))
    reason = models.CharField(_("reason"), max_length=10, choices=HandoverReason)
    with_balance = models.BooleanField(_("balance moves too"), default=True)
    go_on = models.BooleanField(_("the rest goes on"), default=False, db_default=False)
    state = models.CharField(_("state"), max_length=10, choices=HandoverState, default=HandoverState.DRAFT)
    giver_signed_at = models.DateTimeField(_("transferor signed"), null=True, blank=True)
    receiver_signed_at = models.DateTimeField(_("transferee signed"), null=True, blank=True)
    witness_signed_at = models.DateTimeField(_("witness signed"), null=True, blank=True)
    approval = models.ForeignKey(
        "crm.Approval", models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("approval")
    )
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    pulse_on = models.DateField(_("customers asked on"), null=True, blank=True)
    brief = models.TextField(_("brief"), blank=True)
    created_at = models.DateTimeField(_("prepared"), auto_now_add=True, db_default=models.functions.Now())

    objects = HandoverQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("hand-over"), _("hand-overs")
        ordering = ["-effective_on", "-id"]
        constraints = [
            models.CheckConstraint(
                name="customers_handover_two_managers", condition=~Q(giver=models.F("receiver"))
            ),
            # a leaver's is approved as a whole plan: he may be gone
            models.CheckConstraint(
                name="customers_handover_effective_is_signed",
                condition=~Q(state=HandoverState.EFFECTIVE)
                | Q(giver_signed_at__isnull=False, receiver_signed_at__isnull=False, witness__isnull=False)
                | Q(reason=HandoverReason.LEAVER, approval__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["giver", "-effective_on"], name="customers_handover_giver"),
            models.Index(fields=["receiver", "-effective_on"], name="customers_handover_receiver"),
            models.Index(
                fields=["effective_on"], name="customers_handover_waiting", condition=Q(state="signed")
            ),
            models.Index(
                fields=["effective_on"],
                name="customers_handover_pulse",
                condition=Q(state="effective", pulse_on=None),
            ),
        ]

    def __str__(self):
        return self.ref

    @property
    def is_signed_by_all(self) -> bool:
        return bool(self.giver_signed_at and self.receiver_signed_at and self.witness_signed_at)


@tracked(private=("note",))
class HandoverItem(models.Model):
    """One customer in a hand-over; items on the problem list stay the transferor's duty.

    `left_out` says why the customer was not handed over after all; empty: he was, or will be.
    """

    handover = models.ForeignKey(Handover, models.PROTECT, related_name="items", verbose_name=_("hand-over"))
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="handover_items", verbose_name=_("customer")
    )
    with_balance = models.BooleanField(_("balance moves too"), default=True, db_default=True)
    on_problem_list = models.BooleanField(_("on the problem list"), default=False)
    note = models.TextField(_("note"), blank=True)
    left_out = models.CharField(_("left out because"), max_length=120, blank=True, db_default="")

    class Meta:
        verbose_name, verbose_name_plural = _("hand-over item"), _("hand-over items")
        constraints = [
            models.UniqueConstraint(fields=["handover", "customer"], name="customers_handoveritem_once")
        ]

    def __str__(self):
        return f"{self.handover_id} {self.customer_id}"
