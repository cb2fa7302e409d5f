"""Who looks after whom, and since when: assignment with an unbroken history, and temporary custody."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.fields import PublicIdField
from crm.history.tracking import tracked
from customers.choices import AssignmentRole
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


class CustodyQuerySet(models.QuerySet):
    def on(self, date):
        """Narrow to those in force on `date`."""
        return self.filter(during__contains=date)


@tracked()
class Custody(models.Model):
    """A manager looks after a customer for another on a half-open range of days (托管).

    It gives the right to see and to serve, never a share: balances and income stay the lead's (ADR 14). It
    ends by itself, because the right is asked of the range at each request: `CustomerQuerySet.visible_to` and
    the second wall read it with the database's day. `lead` is who was covered when it was made.
    """

    public_id = PublicIdField()
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="custodies", verbose_name=_("customer")
    )
    custodian = models.ForeignKey(
        Manager, models.PROTECT, related_name="custodies", verbose_name=_("custodian")
    )
    lead = models.ForeignKey(
        Manager,
        models.PROTECT,
        related_name="covered_custodies",
        null=True,
        blank=True,
        verbose_name=_("lead manager"),
    )
    during = DateRangeField(_("during"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_default=models.functions.Now())

    objects = CustodyQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("custody"), _("custodies")
        constraints = [
            ExclusionConstraint(
                name="customers_custody_one_at_a_time",
                expressions=[("customer", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(
                name="customers_custody_during_bounded",
                condition=Q(
                    during__isempty=False, during__startswith__isnull=False, during__endswith__isnull=False
                ),
            ),
            models.CheckConstraint(
                name="customers_custody_another_manager",
                condition=Q(lead=None) | ~Q(lead=models.F("custodian")),
            ),
        ]
        indexes = [models.Index(fields=["custodian", "customer"], name="customers_custody_custodian")]

    def __str__(self):
        return f"{self.customer_id} {self.custodian_id} {self.during}"
