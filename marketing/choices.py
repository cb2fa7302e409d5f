"""The vocabulary of marketing (domain.md §2–3)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class StrategyKind(models.TextChoices):
    LEADER = "leader", _("Leader")
    CHALLENGER = "challenger", _("Challenger")
    NICHER = "nicher", _("Nicher")
    REGIONAL = "regional", _("Regional")
    PENETRATION = "penetration", _("Penetration")


class Arm(models.TextChoices):
    TREATMENT = "treatment", _("Invited")
    CONTROL = "control", _("Control group")


class Stage(models.TextChoices):
    LEAD = "lead", _("Lead")
    CONTACT = "contact", _("Contact")
    PROPOSAL = "proposal", _("Proposal")
    APPROVAL = "approval", _("Approval")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")


class IdeaState(models.TextChoices):
    OPEN = "open", _("Open")
    CONSIDERED = "considered", _("Considered")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
