"""The branch tree: 总行 / 分行 / 支行 / 网点, with a path so that a subtree is one index range."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.fields import PublicIdField
from crm.history.tracking import tracked
from crm.subtree import within
from managers.choices import BranchClass, BranchKind


class BranchQuerySet(models.QuerySet):
    def under(self, path: str):
        """Narrow to the subtree that starts at `path` (the branch itself included)."""
        return self.filter(within(path))


@tracked()
class Branch(models.Model):
    """One unit of the bank. `path` is the codes from head office down, each closed by '/'."""

    public_id = PublicIdField()
    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=16, choices=BranchKind)
    branch_class = models.CharField(_("class"), max_length=12, choices=BranchClass, default=BranchClass.URBAN)
    parent = models.ForeignKey(
        "self", models.PROTECT, related_name="children", null=True, blank=True, verbose_name=_("parent")
    )
    path = models.CharField(_("path"), max_length=120, unique=True, db_collation="C", editable=False)
    opened_on = models.DateField(_("opened on"), null=True, blank=True)
    closed_on = models.DateField(_("closed on"), null=True, blank=True)

    objects = BranchQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("branch"), _("branches")
        ordering = ["path"]
        constraints = [
            models.CheckConstraint(
                name="managers_branch_head_office_has_no_parent",
                condition=Q(kind=BranchKind.HEAD_OFFICE, parent=None)
                | (~Q(kind=BranchKind.HEAD_OFFICE) & Q(parent__isnull=False)),
            ),
            models.CheckConstraint(
                name="managers_branch_closes_after_opening",
                condition=Q(closed_on=None) | Q(opened_on=None) | Q(closed_on__gte=models.F("opened_on")),
            ),
            models.CheckConstraint(
                name="managers_branch_kind_known", condition=Q(kind__in=BranchKind.values)
            ),
        ]

    def __str__(self):
        return self.name

    def save(self, *args, **kwargs):
        self.path = (self.parent.path if self.parent else "") + self.code + "/"
        super().save(*args, **kwargs)
