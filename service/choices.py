"""The vocabulary of service (domain.md §3, JR/T 0169-2018)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Department(models.TextChoices):
    OPERATIONS = "operations", _("Operations")
    CREDIT = "credit", _("Credit approval")
    RISK = "risk", _("Risk")
    RETAIL_PRODUCTS = "retail_products", _("Retail products")
    CORPORATE_PRODUCTS = "corporate_products", _("Corporate products")
    TECHNOLOGY = "technology", _("Technology")
    BRANCH = "branch", _("Branch")


class RequestState(models.TextChoices):
    OPEN = "open", _("Open")
    WAITING = "waiting", _("Waiting for the customer")
    DONE = "done", _("Done")
    REFUSED = "refused", _("Refused")


class ComplaintSource(models.TextChoices):
    SELF = "self", _("Received by the bank")
    REGULATOR = "regulator", _("Referred by the regulator")


class ComplaintCause(models.TextChoices):
    ATTITUDE = "attitude", _("Attitude and quality of service")
    FACILITIES = "facilities", _("Facilities and systems")
    PROCESS = "process", _("Rules and processes")
    MARKETING = "marketing", _("Way of selling")
    DISCLOSURE = "disclosure", _("Disclosure")
    RETURNS = "returns", _("Product returns")
    CHOICE = "choice", _("Free choice")
    CONTRACT = "contract", _("Contract terms")
    FUNDS = "funds", _("Safety of funds")
    INFORMATION = "information", _("Safety of information")
    OTHER = "other", _("Other")


class ComplaintBusiness(models.TextChoices):
    SAVINGS = "savings", _("Savings")
    LOANS = "loans", _("Loans")
    CARDS = "cards", _("Bank cards")
    PAYMENT = "payment", _("Payment and settlement")
    CASH = "cash", _("Cash")
    PRIVACY = "privacy", _("Personal financial information")
    OTHER = "other", _("Other")


class SurveyKind(models.TextChoices):
    CSAT = "csat", _("Satisfaction, 1–5")
    NPS = "nps", _("Recommendation, 0–10")


class CheckResult(models.TextChoices):
    NORMAL = "normal", _("Normal")
    ATTENTION = "attention", _("Needs attention")
    RISK = "risk", _("Risk found")
