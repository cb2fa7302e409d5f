"""A veto: what two people have confirmed against a manager. Only the worker writes it, once."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.approvals.models import Approval
from crm.fields import PublicIdField
from crm.history.tracking import tracked
from managers.models import Manager
from performance.choices import VetoKind
from performance.models.closing import OfManagerQuerySet
from performance.models.scorecard import Period


@tracked(private=("evidence",))
class Veto(models.Model):
    """A breach that gives `manager` the last grade in `period`; confirmed, or the row would not be there.

    Who asked, who confirmed it and why stands in `approval`.
    """

    public_id = PublicIdField()
    manager = models.ForeignKey(Manager, models.PROTECT, related_name="vetoes", verbose_name=_("manager"))
    period = models.ForeignKey(Period, models.PROTECT, related_name="vetoes", verbose_name=_("period"))
    kind = models.CharField(_("kind"), max_length=20, choices=VetoKind)
    evidence = models.TextField(_("evidence"), max_length=2000)
    reference = models.CharField(
        _("where the originals lie"),
        max_length=120,
        help_text=_("The file number in the bank's archive, e.g. of the audit report."),
    )
    approval = models.OneToOneField(Approval, models.PROTECT, related_name="veto", verbose_name=_("approval"))
    decided_at = models.DateTimeField(_("decided"))

    objects = OfManagerQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("veto"), _("vetoes")
        ordering = ["-decided_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["manager", "period", "kind"], name="performance_veto_once"),
            models.CheckConstraint(
                name="performance_veto_has_evidence", condition=~Q(evidence="") & ~Q(reference="")
            ),
        ]

    def __str__(self):
        return f"{self.manager_id} {self.period_id} {self.kind}"
