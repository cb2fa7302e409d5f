"""Working time: the bank's calendar and each manager's leave."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.fields import PublicIdField
from crm.history.tracking import tracked
from managers.choices import LeaveKind
from managers.models.manager import Manager
from managers.models.user import User


@tracked()
class CalendarDay(models.Model):
    """A day that differs from the week's rule: a holiday on a weekday, or a working weekend day."""

    date = models.DateField(_("date"), primary_key=True)
    is_working = models.BooleanField(_("working day"))
    note = models.CharField(_("note"), max_length=80, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("calendar day"), _("calendar days")
        ordering = ["date"]

    def __str__(self):
        return f"{self.date}"


@tracked()
class Leave(models.Model):
    """A manager is away on the half-open range `during`; somebody may cover."""

    public_id = PublicIdField()
    manager = models.ForeignKey(Manager, models.PROTECT, related_name="leaves", verbose_name=_("manager"))
    during = DateRangeField(_("during"))
    kind = models.CharField(_("kind"), max_length=10, choices=LeaveKind)
    covered_by = models.ForeignKey(
        Manager, models.PROTECT, related_name="covers", null=True, blank=True, verbose_name=_("covered by")
    )

    class Meta:
        verbose_name, verbose_name_plural = _("leave"), _("leaves")
        constraints = [
            ExclusionConstraint(
                name="managers_leave_no_overlap",
                expressions=[("manager", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(
                name="managers_leave_during_bounded",
                condition=Q(
                    during__isempty=False, during__startswith__isnull=False, during__endswith__isnull=False
                ),
            ),
            models.CheckConstraint(
                name="managers_leave_covered_by_another",
                condition=Q(covered_by=None) | ~Q(covered_by=models.F("manager")),
            ),
        ]

    def __str__(self):
        return f"{self.manager} {self.during}"


class CalendarLink(models.Model):
    """The private address under which a person's calendar can be subscribed; gone with the row.

    `nonce` makes each address another one: a new row, a new address. `rights` is the digest that sessions are
    bound to: whoever changes password, role, branch or activity has no address any more.
    """

    user = models.OneToOneField(User, models.CASCADE, related_name="calendar_link", verbose_name=_("user"))
    nonce = models.CharField(_("nonce"), max_length=32)
    rights = models.CharField(_("digest of the rights"), max_length=64)
    made_at = models.DateTimeField(_("made"), db_default=models.functions.Now(), editable=False)
    read_at = models.DateTimeField(_("last read"), null=True, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("calendar address"), _("calendar addresses")

    def __str__(self):
        return str(self.user)
