"""The vocabulary of the night and the scorecard."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class NightState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    PUBLISHED = "published", _("Published")
    FAILED = "failed", _("Failed")


class StepState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class Stage(models.TextChoices):
    """The stages of a night, in order."""

    ROLLUP = "rollup", _("Rollups")
    FIT = "fit", _("Fits")
    SCORE = "score", _("Seven analyses")
    PUBLISH = "publish", _("Publication")
    SCORECARDS = "scorecards", _("Scorecards")
    TASKS = "tasks", _("Tasks")


class P(models.TextChoices):
    PROFILING = "profiling", _("Profiling")
    PERSISTENCY = "persistency", _("Persistency")
    PROFITABILITY = "profitability", _("Profitability")
    PERFORMANCE = "performance", _("Performance")
    PROSPECTING = "prospecting", _("Prospecting")
    PRODUCT = "product", _("Product")
    PROMOTION = "promotion", _("Promotion")


class Dimension(models.TextChoices):
    CONTRIBUTION = "contribution", _("Contribution")
    SATISFACTION = "satisfaction", _("Satisfaction")
    SAFETY = "safety", _("Asset safety")
    INFORMATION = "information", _("Information")
    EFFICIENCY = "efficiency", _("Efficiency")


class ScoreGrade(models.TextChoices):
    A = "A", "A"
    B = "B", "B"
    C = "C", "C"
    D = "D", "D"
    E = "E", "E"
