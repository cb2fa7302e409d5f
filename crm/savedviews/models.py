"""A list's filter under a name."""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import F, Q, Subquery
from django.utils.translation import gettext_lazy as _

from crm.fields import PublicIdField
from crm.history.tracking import tracked

MOST_OF_ONE = 12  # views of one list that one person keeps


class SavedViewQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Narrow to `user`'s own, and those shared with a branch that his own lies in."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        shared = ~Q(branch_path="") & Q(here__startswith=F("branch_path"))
        here = get_user_model()._default_manager.filter(pk=user.pk).values("branch__path")
        return self.alias(here=Subquery(here)).filter(Q(owner=user) | shared, deleted_at=None)


@tracked()
class SavedView(models.Model):
    """One filter of one list. `query` is what its address holds; `branch_path` whom it is shared with: the
    branch of the owner with all below it, or "" for nobody. A deleted one stays, so that it can come back."""

    public_id = PublicIdField()
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="saved_views", verbose_name=_("owner")
    )
    list = models.CharField(_("list"), max_length=40)
    name = models.CharField(_("name"), max_length=30)
    query = models.CharField(_("filter"), max_length=500)
    branch_path = models.CharField(
        _("shared with"), max_length=120, db_collation="C", blank=True, default="", editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True, editable=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        app_label = "crm"
        verbose_name, verbose_name_plural = _("saved view"), _("saved views")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "list", "name"],
                condition=Q(deleted_at=None),
                name="crm_savedview_name_once",
            ),
            models.CheckConstraint(name="crm_savedview_has_a_name", condition=~Q(name="")),
        ]
        indexes = [
            models.Index(
                fields=["list", "branch_path"], name="crm_savedview_shared", condition=~Q(branch_path="")
            )
        ]

    def __str__(self):
        return f"{self.list} {self.public_id}"

    @property
    def is_shared(self) -> bool:
        return bool(self.branch_path)
