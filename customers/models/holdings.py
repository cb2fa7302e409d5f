"""What a customer holds: products, accounts, and the state of loans."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.fields import FenField, PublicIdField, RateField
from crm.history.tracking import tracked
from crm.secrets.fields import EncryptedCharField, KeyedHashField, LastFourField
from customers.choices import CustomerKind, Family, LoanClass, ProductRisk
from customers.models.customer import Customer
from managers.models import Branch


@tracked()
class Product(models.Model):
    """Something the bank sells. `margin_fen` is what a new holder is worth in a year (7P Product)."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=80)
    family = models.SmallIntegerField(_("family"), choices=Family)
    risk = models.CharField(_("risk"), max_length=2, choices=ProductRisk, null=True, blank=True)
    on_sale = models.BooleanField(_("on sale"), default=True)
    for_persons = models.BooleanField(_("for persons"), default=True)
    for_organisations = models.BooleanField(_("for organisations"), default=True)
    margin_fen = FenField(_("yearly margin, fen"), default=0)
    rate_e5 = RateField(_("rate, 1/100,000"), default=0)
    ftp_e5 = RateField(_("transfer price, 1/100,000"), default=0)
    term_months = models.PositiveSmallIntegerField(_("term, months"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("product"), _("products")
        constraints = [
            models.CheckConstraint(
                name="customers_product_family_known", condition=Q(family__in=Family.values)
            ),
            models.CheckConstraint(
                name="customers_product_risk_known", condition=Q(risk=None) | Q(risk__in=ProductRisk.values)
            ),
            models.CheckConstraint(
                name="customers_product_margin_not_negative", condition=Q(margin_fen__gte=0)
            ),
        ]

    def __str__(self):
        return self.name

    def suits(self, customer) -> bool:
        """True when the product is meant for this kind of customer."""
        return self.for_persons if customer.kind == CustomerKind.PERSON else self.for_organisations


@tracked(private=("number", "principal_fen"))
class Account(models.Model):
    """One holding of one product by one customer; its number is encrypted under the customer's key."""

    public_id = PublicIdField()
    number = EncryptedCharField(
        _("account number"), max_length=40, row="public_id", holder="customer.identity", null=True
    )
    number_hash = KeyedHashField(of="number", kind="account", unique=True, editable=False)
    last_four = LastFourField(_("last four"), of="number", default="", db_default="")
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="accounts", verbose_name=_("customer")
    )
    product = models.ForeignKey(Product, models.PROTECT, related_name="accounts", verbose_name=_("product"))
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="accounts", verbose_name=_("branch"))
    opened_on = models.DateField(_("opened on"))
    matures_on = models.DateField(_("matures on"), null=True, blank=True)
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    principal_fen = FenField(_("principal or limit, fen"), default=0)

    class Meta:
        verbose_name, verbose_name_plural = _("account"), _("accounts")
        constraints = [
            models.CheckConstraint(
                name="customers_account_closes_after_opening",
                condition=Q(closed_on=None) | Q(closed_on__gte=models.F("opened_on")),
            ),
            models.CheckConstraint(
                name="customers_account_matures_after_opening",
                condition=Q(matures_on=None) | Q(matures_on__gte=models.F("opened_on")),
            ),
            models.CheckConstraint(
                name="customers_account_principal_not_negative", condition=Q(principal_fen__gte=0)
            ),
        ]
        indexes = [
            models.Index(
                fields=["matures_on"],
                name="customers_account_matures",
                condition=Q(matures_on__isnull=False, closed_on=None),
            ),
        ]

    def __str__(self):
        return f"…{self.last_four}"


class LoanState(models.Model):
    """How a loan stood from `date` until its next row: class, ageing, interest due and received."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="loan_states", verbose_name=_("loan"))
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="loan_states", verbose_name=_("customer")
    )
    date = models.DateField(_("date"))
    loan_class = models.CharField(_("class"), max_length=16, choices=LoanClass)
    overdue_days = models.PositiveIntegerField(_("days overdue"), default=0)
    overdue_fen = FenField(_("overdue, fen"), default=0)
    interest_due_fen = FenField(_("interest due since the last row, fen"), default=0)
    interest_received_fen = FenField(_("interest received since the last row, fen"), default=0)

    class Meta:
        verbose_name, verbose_name_plural = _("loan state"), _("loan states")
        constraints = [
            models.UniqueConstraint(fields=["account", "date"], name="customers_loanstate_once_a_day"),
            models.CheckConstraint(
                name="customers_loanstate_class_known", condition=Q(loan_class__in=LoanClass.values)
            ),
            models.CheckConstraint(
                name="customers_loanstate_amounts_not_negative",
                condition=Q(overdue_fen__gte=0, interest_due_fen__gte=0, interest_received_fen__gte=0),
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-date"], name="customers_loanstate_customer"),
            models.Index(fields=["date"], name="customers_loanstate_date"),
        ]

    def __str__(self):
        return f"{self.account} {self.date}"
