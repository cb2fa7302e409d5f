"""Who looks after whom, and since when: assignment with an unbroken history, and hand-over."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.fields import PublicIdField
from crm.history.tracking import tracked
from customers.choices import AssignmentRole, HandoverReason, HandoverState
from customers.models.customer import Customer
from managers.models import Manager


class AssignmentQuerySet(models.QuerySet):
    def on(self, date):
        """Narrow to those in force on `date`."""
        return self.filter(during__contains=date)


@tracked()
class Assignment(models.Model):
    """One manager's share in one customer on a half-open range of days.

    The database holds the rules: one lead at any moment (exclusion), shares of a day sum to 1 and nobody is
    assigned outside his time in post (deferred triggers of the first migration, SQLSTATE 23514). Days without
    a row belong to the pool.
    """

    public_id = PublicIdField()
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="assignments", verbose_name=_("customer")
    )
    manager = models.ForeignKey(
        Manager, models.PROTECT, related_name="assignments", verbose_name=_("manager")
    )
    role = models.CharField(_("role"), max_length=4, choices=AssignmentRole)
    share = models.DecimalField(_("share"), max_digits=5, decimal_places=4)
    during = DateRangeField(_("during"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_default=models.functions.Now())

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("assignment"), _("assignments")
        constraints = [
            ExclusionConstraint(
                name="customers_assignment_one_lead",
                expressions=[("customer", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=Q(role=AssignmentRole.LEAD),
            ),
            ExclusionConstraint(
                name="customers_assignment_manager_once",
                expressions=[
                    ("customer", RangeOperators.EQUAL),
                    ("manager", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                name="customers_assignment_role_known", condition=Q(role__in=AssignmentRole.values)
            ),
            models.CheckConstraint(
                name="customers_assignment_share_0_to_1", condition=Q(share__gt=0, share__lte=1)
            ),
            models.CheckConstraint(
                name="customers_assignment_during_not_empty",
                condition=Q(during__isempty=False, during__startswith__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["manager", "customer"], name="customers_assignment_manager")]

    def __str__(self):
        return f"{self.customer_id} {self.manager_id} {self.during}"


@tracked(private=("brief",))
class Handover(models.Model):
    """Customers pass from one manager to another on a date, before a witness (监交人)."""

    public_id = PublicIdField()
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
    effective_on = models.DateField(_("takes effect on"))
    reason = models.CharField(_("reason"), max_length=10, choices=HandoverReason)
    with_balance = models.BooleanField(_("balance moves too"), default=True)
    state = models.CharField(_("state"), max_length=10, choices=HandoverState, default=HandoverState.DRAFT)
    giver_signed_at = models.DateTimeField(_("transferor signed"), null=True, blank=True)
    receiver_signed_at = models.DateTimeField(_("transferee signed"), null=True, blank=True)
    brief = models.TextField(_("brief"), blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("hand-over"), _("hand-overs")
        constraints = [
            models.CheckConstraint(
                name="customers_handover_two_managers", condition=~Q(giver=models.F("receiver"))
            ),
            models.CheckConstraint(
                name="customers_handover_effective_is_signed",
                condition=~Q(state=HandoverState.EFFECTIVE)
                | Q(giver_signed_at__isnull=False, receiver_signed_at__isnull=False, witness__isnull=False),
            ),
        ]

    def __str__(self):
        return f"{self.giver_id} → {self.receiver_id} {self.effective_on}"


@tracked(private=("note",))
class HandoverItem(models.Model):
    """One customer in a hand-over; items on the problem list stay the transferor's duty."""

    handover = models.ForeignKey(Handover, models.PROTECT, related_name="items", verbose_name=_("hand-over"))
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="handover_items", verbose_name=_("customer")
    )
    on_problem_list = models.BooleanField(_("on the problem list"), default=False)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("hand-over item"), _("hand-over items")
        constraints = [
            models.UniqueConstraint(fields=["handover", "customer"], name="customers_handoveritem_once")
        ]

    def __str__(self):
        return f"{self.handover_id} {self.customer_id}"
