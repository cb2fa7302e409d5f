"""Requests from the front to the back office, with the back office's own clock."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.fields import PublicIdField
from crm.history.tracking import tracked
from customers.models import Customer
from managers.models import Manager
from service.choices import Department, RequestState


@tracked()
class ServiceRequest(models.Model):
    """One request. `due_at` is the owning department's promise; a breach is theirs, never the manager's."""

    public_id = PublicIdField()
    number = models.CharField(_("number"), max_length=30, unique=True)
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="requests", verbose_name=_("customer")
    )
    manager = models.ForeignKey(
        Manager, models.PROTECT, related_name="requests", null=True, blank=True, verbose_name=_("manager")
    )
    kind = models.CharField(_("kind"), max_length=60)
    department = models.CharField(_("department"), max_length=20, choices=Department)
    state = models.CharField(_("state"), max_length=8, choices=RequestState, default=RequestState.OPEN)
    opened_at = models.DateTimeField(_("opened"))
    first_response_at = models.DateTimeField(_("first response"), null=True, blank=True)
    due_at = models.DateTimeField(_("due"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("request"), _("requests")
        constraints = [
            models.CheckConstraint(
                name="service_servicerequest_state_known", condition=Q(state__in=RequestState.values)
            ),
            models.CheckConstraint(
                name="service_servicerequest_department_known", condition=Q(department__in=Department.values)
            ),
            models.CheckConstraint(
                name="service_servicerequest_times_in_order",
                condition=(Q(first_response_at=None) | Q(first_response_at__gte=models.F("opened_at")))
                & (Q(closed_at=None) | Q(closed_at__gte=models.F("opened_at")))
                & Q(due_at__gte=models.F("opened_at")),
            ),
            models.CheckConstraint(
                name="service_servicerequest_closed_when_ended",
                condition=Q(closed_at=None, state__in=["open", "waiting"])
                | Q(closed_at__isnull=False, state__in=["done", "refused"]),
            ),
        ]
        indexes = [models.Index(fields=["customer", "-opened_at"], name="service_request_customer")]

    def __str__(self):
        return self.number
