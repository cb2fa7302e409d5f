"""What tells how well customers are served: complaints, surveys, post-loan checks."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crm.fields import PublicIdField
from crm.history.tracking import tracked
from customers.models import Account, Customer
from managers.models import Manager
from service.choices import CheckResult, ComplaintBusiness, ComplaintCause, ComplaintSource, SurveyKind


@tracked()
class Complaint(models.Model):
    """One complaint. `manager` is whom it concerns and never handles it; a person decides `at_fault`."""

    public_id = PublicIdField()
    number = models.CharField(_("number"), max_length=30, unique=True)
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="complaints", verbose_name=_("customer")
    )
    manager = models.ForeignKey(
        Manager,
        models.PROTECT,
        related_name="complaints",
        null=True,
        blank=True,
        verbose_name=_("manager concerned"),
    )
    source = models.CharField(_("source"), max_length=10, choices=ComplaintSource)
    cause = models.CharField(_("cause"), max_length=12, choices=ComplaintCause)
    business = models.CharField(_("business"), max_length=10, choices=ComplaintBusiness)
    received_on = models.DateField(_("received on"))
    due_on = models.DateField(_("due on"))
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    at_fault = models.BooleanField(_("manager at fault"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("complaint"), _("complaints")
        constraints = [
            models.CheckConstraint(
                name="service_complaint_dates_in_order",
                condition=Q(due_on__gte=F("received_on"))
                & (Q(closed_on=None) | Q(closed_on__gte=F("received_on"))),
            ),
            models.CheckConstraint(
                name="service_complaint_cause_known", condition=Q(cause__in=ComplaintCause.values)
            ),
            models.CheckConstraint(
                name="service_complaint_fault_has_manager",
                condition=Q(at_fault=None) | Q(at_fault=False) | Q(manager__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["customer", "-received_on"], name="service_complaint_customer")]

    def __str__(self):
        return self.number


@tracked()
class Survey(models.Model):
    """A question sent to a customer about a manager's service, and the answer if one came."""

    public_id = PublicIdField()
    ref = models.CharField(_("reference"), max_length=40, unique=True)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="surveys", verbose_name=_("customer"))
    manager = models.ForeignKey(Manager, models.PROTECT, related_name="surveys", verbose_name=_("manager"))
    kind = models.CharField(_("kind"), max_length=4, choices=SurveyKind)
    sent_on = models.DateField(_("sent on"))
    answered_on = models.DateField(_("answered on"), null=True, blank=True)
    score = models.PositiveSmallIntegerField(_("score"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("survey"), _("surveys")
        constraints = [
            models.CheckConstraint(
                name="service_survey_score_in_range",
                condition=Q(score=None)
                | Q(kind=SurveyKind.CSAT, score__gte=1, score__lte=5)
                | Q(kind=SurveyKind.NPS, score__gte=0, score__lte=10),
            ),
            models.CheckConstraint(
                name="service_survey_answer_has_score",
                condition=Q(answered_on=None, score=None)
                | Q(answered_on__isnull=False, score__isnull=False, answered_on__gte=F("sent_on")),
            ),
        ]
        indexes = [models.Index(fields=["manager", "answered_on"], name="service_survey_manager")]

    def __str__(self):
        return self.ref


@tracked(private=("note",))
class PostLoanCheck(models.Model):
    """A check of a loan after it was paid out: due on a date, done or not."""

    public_id = PublicIdField()
    ref = models.CharField(_("reference"), max_length=40, unique=True)
    account = models.ForeignKey(Account, models.PROTECT, related_name="checks", verbose_name=_("loan"))
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="checks", verbose_name=_("customer"))
    due_on = models.DateField(_("due on"))
    done_on = models.DateField(_("done on"), null=True, blank=True)
    result = models.CharField(_("result"), max_length=10, choices=CheckResult, null=True, blank=True)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("post-loan check"), _("post-loan checks")
        constraints = [
            models.CheckConstraint(
                name="service_postloancheck_done_has_result",
                condition=Q(done_on=None, result=None) | Q(done_on__isnull=False, result__isnull=False),
            )
        ]
        indexes = [models.Index(fields=["customer", "-due_on"], name="service_check_customer")]

    def __str__(self):
        return self.ref
