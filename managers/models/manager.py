"""The account manager: a person in a post, with a line, a grade and a capacity."""

from datetime import timedelta

from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.fields import PublicIdField
from crm.history.tracking import tracked
from crm.subtree import within
from managers.choices import Grade, Line
from managers.models.branch import Branch
from managers.models.user import User


class ManagerQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Narrow to whom `user` may see: himself, his branch subtree, or the whole bank."""
        if user.sees_whole_bank:
            return self
        if user.is_supervisor:
            return self.filter(within(user.branch.path, "branch__path"))
        if user.is_manager:
            return self.filter(user=user)
        return self.none()

    def in_post(self, as_of):
        """Narrow to those whose time in post holds `as_of`."""
        return self.filter(in_post__contains=as_of)

    def serving(self, start, end=None):
        """Narrow to those who may sign in and are in post from `start` until the day before `end` (None: on
        that day)."""
        days = DateRange(start, end or start + timedelta(days=1))
        return self.filter(in_post__contains=days, user__is_active=True)


@tracked()
class Manager(models.Model):
    """One manager's time in one post. `in_post` is half-open: [first day, day after the last)."""

    public_id = PublicIdField()
    user = models.OneToOneField(User, models.PROTECT, related_name="manager", verbose_name=_("user"))
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="managers", verbose_name=_("branch"))
    line = models.CharField(_("line"), max_length=12, choices=Line)
    grade = models.CharField(_("grade"), max_length=12, choices=Grade)
    capacity = models.PositiveIntegerField(
        _("capacity"), help_text=_("How many customers, weighted by tier, this manager can serve well.")
    )
    in_post = DateRangeField(_("in post"))

    objects = ManagerQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("manager"), _("managers")
        constraints = [
            models.CheckConstraint(name="managers_manager_line_known", condition=Q(line__in=Line.values)),
            models.CheckConstraint(name="managers_manager_grade_known", condition=Q(grade__in=Grade.values)),
            models.CheckConstraint(
                name="managers_manager_in_post_not_empty",
                condition=Q(in_post__isempty=False, in_post__startswith__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["branch", "line"], name="managers_manager_branch_line")]

    def __str__(self):
        return str(self.user)

    @property
    def name(self) -> str:
        return self.user.name
