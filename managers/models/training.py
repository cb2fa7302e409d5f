"""Training: courses, batches, attendance with certificates, mentor pairs, rotation."""

from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.fields import PublicIdField
from crm.history.tracking import tracked
from managers.choices import AttendanceResult
from managers.models.branch import Branch
from managers.models.manager import Manager


@tracked()
class Course(models.Model):
    """What can be learnt; `valid_months` is how long its certificate holds (null: for ever)."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=80)
    valid_months = models.PositiveSmallIntegerField(_("certificate valid, months"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("course"), _("courses")

    def __str__(self):
        return self.name


@tracked()
class Batch(models.Model):
    """One run of a course, on the half-open range `during`."""

    public_id = PublicIdField()
    code = models.CharField(_("code"), max_length=30, unique=True)
    course = models.ForeignKey(Course, models.PROTECT, related_name="batches", verbose_name=_("course"))
    during = DateRangeField(_("during"))
    place = models.CharField(_("place"), max_length=80, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("batch"), _("batches")
        constraints = [
            models.CheckConstraint(
                name="managers_batch_during_bounded",
                condition=Q(
                    during__isempty=False, during__startswith__isnull=False, during__endswith__isnull=False
                ),
            )
        ]

    def __str__(self):
        return self.code


@tracked()
class Attendance(models.Model):
    """One manager in one batch, with result and certificate."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="attendances", verbose_name=_("batch"))
    manager = models.ForeignKey(
        Manager, models.PROTECT, related_name="attendances", verbose_name=_("manager")
    )
    result = models.CharField(_("result"), max_length=10, choices=AttendanceResult)
    score = models.DecimalField(_("score"), max_digits=5, decimal_places=2, null=True, blank=True)
    certificate_expires_on = models.DateField(_("certificate expires on"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("attendance"), _("attendances")
        constraints = [
            models.UniqueConstraint(fields=["batch", "manager"], name="managers_attendance_once"),
            models.CheckConstraint(
                name="managers_attendance_score_0_to_100",
                condition=Q(score=None) | Q(score__gte=0, score__lte=100),
            ),
            models.CheckConstraint(
                name="managers_attendance_certificate_only_if_passed",
                condition=Q(certificate_expires_on=None) | Q(result=AttendanceResult.PASSED),
            ),
        ]

    def __str__(self):
        return f"{self.batch} {self.manager}"


@tracked()
class Mentorship(models.Model):
    """A mentor pair on the half-open range `during` (open end: it goes on)."""

    mentor = models.ForeignKey(Manager, models.PROTECT, related_name="mentees", verbose_name=_("mentor"))
    mentee = models.ForeignKey(Manager, models.PROTECT, related_name="mentors", verbose_name=_("mentee"))
    during = DateRangeField(_("during"))

    class Meta:
        verbose_name, verbose_name_plural = _("mentorship"), _("mentorships")
        constraints = [
            models.CheckConstraint(
                name="managers_mentorship_two_people", condition=~Q(mentor=models.F("mentee"))
            ),
            models.CheckConstraint(
                name="managers_mentorship_during_not_empty",
                condition=Q(during__isempty=False, during__startswith__isnull=False),
            ),
        ]

    def __str__(self):
        return f"{self.mentor} → {self.mentee}"


@tracked()
class Rotation(models.Model):
    """A planned time in another branch."""

    manager = models.ForeignKey(Manager, models.PROTECT, related_name="rotations", verbose_name=_("manager"))
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="rotations", verbose_name=_("branch"))
    during = DateRangeField(_("during"))

    class Meta:
        verbose_name, verbose_name_plural = _("rotation"), _("rotations")
        constraints = [
            models.CheckConstraint(
                name="managers_rotation_during_bounded",
                condition=Q(
                    during__isempty=False, during__startswith__isnull=False, during__endswith__isnull=False
                ),
            )
        ]

    def __str__(self):
        return f"{self.manager} → {self.branch}"
