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


class PState(models.IntegerChoices):
    """How one P of one customer came about in a night."""

    COMPUTED = 0, _("Computed")
    INSUFFICIENT = 1, _("Too little data")
    STALE = 2, _("From an earlier night")


class Band(models.IntegerChoices):
    """Probability of leaving: below 15% low, below 35% medium, else high (performance/rules/seven_p.toml)."""

    LOW = 0, _("Low")
    MEDIUM = 1, _("Medium")
    HIGH = 2, _("High")


class Driver(models.IntegerChoices):
    """What raises a customer's probability of leaving."""

    DROP = 1, _("Assets fall")
    NO_LOGIN = 2, _("No digital use for 60 days")
    SALARY_STOPPED = 3, _("Salary stopped")
    COMPLAINT = 4, _("Complaint in the last 90 days")
    MATURING = 5, _("Money matures within 30 days")


class ChannelGroup(models.IntegerChoices):
    """Where sales happen, as the rollup's `sales` groups channels."""

    APP = 0, _("Mobile bank")
    WEB = 1, _("Online bank")
    COUNTER = 2, _("Counter")
    OTHER = 3, _("Other")


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


class Severity(models.TextChoices):
    """How grave a compliance finding is; the scheme says what each costs."""

    MINOR = "minor", _("Minor")
    MAJOR = "major", _("Major")


class ClosingState(models.TextChoices):
    FROZEN = "frozen", _("Frozen")
    RECONCILED = "reconciled", _("Reconciled")
    PUBLISHED = "published", _("Published")


class PayAccount(models.TextChoices):
    """Where performance pay stands; every movement goes from one to another."""

    BANK = "bank", _("Bank")
    PAYABLE = "payable", _("To be paid")
    DEFERRED = "deferred", _("Deferred")
    STOPPED = "stopped", _("Stopped")
    PAID = "paid", _("Paid")
    OWED = "owed", _("To be paid back")


class VetoKind(models.TextChoices):
    """What ends a period at the last grade whatever the points say (domain.md §1)."""

    UNAUTHORISED_SALE = "unauthorised_sale", _("Unauthorised sale")
    INTEGRITY = "integrity", _("Bribery or breach of integrity")
    FABRICATION = "fabrication", _("Made-up data, surveys or risk tests")
    UNSUITABLE_SALE = "unsuitable_sale", _("Sale above the customer's risk level")
    DATA_LEAK = "data_leak", _("Leak of customer data")
    MONEY_LAUNDERING = "money_laundering", _("Grave breach of anti-money-laundering rules")
    DERELICTION = "dereliction", _("Loss by dereliction of duty")
