"""The vocabulary of the organisation (domain.md §3); codes are what the feed carries."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class BranchKind(models.TextChoices):
    HEAD_OFFICE = "head_office", _("Head office")
    TIER1 = "tier1_branch", _("Tier-1 branch")
    TIER2 = "tier2_branch", _("Tier-2 branch")
    SUB = "sub_branch", _("Sub-branch")
    OUTLET = "outlet", _("Outlet")


class BranchClass(models.TextChoices):
    """Part of a manager's peer group: line × branch class × portfolio tercile."""

    URBAN = "urban", _("Urban")
    SUBURBAN = "suburban", _("Suburban")
    COUNTY = "county", _("County")


class Role(models.TextChoices):
    MANAGER = "manager", _("Account manager")
    SUPERVISOR = "supervisor", _("Branch supervisor")
    BACK_OFFICE = "back_office", _("Back office")
    ADMIN = "admin", _("Administrator")
    AUDITOR = "auditor", _("Auditor")


class Line(models.TextChoices):
    RETAIL = "retail", _("Retail")
    CORPORATE = "corporate", _("Corporate")
    SME = "sme", _("Small business")
    PRIVATE = "private", _("Private banking")


class Grade(models.TextChoices):
    TRAINEE = "trainee", _("Trainee")
    JUNIOR = "junior", _("Junior")
    INTERMEDIATE = "intermediate", _("Intermediate")
    SENIOR = "senior", _("Senior")
    PRINCIPAL = "principal", _("Principal")


class LeaveKind(models.TextChoices):
    ANNUAL = "annual", _("Annual leave")
    SICK = "sick", _("Sick leave")
    PARENTAL = "parental", _("Parental leave")
    TRAINING = "training", _("Training")
    OTHER = "other", _("Other")


class AttendanceResult(models.TextChoices):
    ENROLLED = "enrolled", _("Enrolled")
    PASSED = "passed", _("Passed")
    FAILED = "failed", _("Failed")
    ABSENT = "absent", _("Absent")
