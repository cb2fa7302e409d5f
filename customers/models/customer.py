"""The customer: person or organisation, with exactly one lead manager or in the pool."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.fields import PublicIdField
from crm.history.tracking import tracked
from crm.secrets.fields import EncryptedCharField, KeyedHashField, WrappedKeyField
from crm.subtree import within
from customers.choices import (
    AmlLevel,
    CustomerKind,
    IdDocument,
    Industry,
    Lifecycle,
    RiskAppetite,
    Tier,
)
from managers.models import Branch, Manager


class InCustody(models.Func):
    """Whether the customer (1) is in the custody of the manager (2) on the database's day.

    An array from an uncorrelated sub-select is read once a statement, so that the condition stays an index
    condition beside those on lead and co.
    """

    arity = 2
    output_field = models.BooleanField()
    template = "%(expressions)s AND during @> bank_today()))"
    arg_joiner = " = ANY(ARRAY(SELECT customer_id FROM customers_custody WHERE custodian_id = "


class CustomerQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Narrow to whom `user` may see: a manager his own book (lead, co, or in his custody today), a
        supervisor and the back office their branch subtree, administrators and auditors the whole bank."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.sees_whole_bank:
            return self
        if user.is_manager:
            manager = getattr(user, "manager", None)
            return self.filter(in_book_of(manager)) if manager else self.none()
        if user.branch is None:
            return self.none()
        return self.filter(within(user.branch.path, "branch_path"))


def in_book_of(manager) -> Q:
    """The condition that a customer is `manager`'s to serve: lead, co, or in his custody today."""
    return Q(lead=manager) | Q(co=manager) | Q(InCustody(models.F("pk"), models.Value(manager.pk)))


@tracked(
    exclude=("initials", "sound", "branch_path", "lead", "co", "last_contact_on", "next_date"),
    private=("name", "born_on"),
)
class Customer(models.Model):
    """One customer of the bank.

    `lead`, `co` and `branch_path` repeat what `Assignment` and `Branch` say for today, so that scope is one
    index range; `customers.services.assignment` and the night keep them true, nobody else writes them.
    """

    public_id = PublicIdField()
    number = models.CharField(_("customer number"), max_length=20, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=CustomerKind)
    name = models.CharField(_("name"), max_length=120)
    initials = models.CharField(_("pinyin initials"), max_length=120, blank=True)
    # How the name sounds (customers.names.sound): a wrong character of the same sound, full pinyin.
    sound = models.CharField(max_length=60, db_collation="C", db_default="", blank=True, editable=False)
    # Two-character infixes of the name: 张伟 has no trigrams (the function is in the first migration).
    name_bigrams = models.GeneratedField(
        expression=models.Func(models.F("name"), function="name_bigrams"),
        output_field=SearchVectorField(),
        db_persist=True,
    )
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="customers", verbose_name=_("branch"))
    branch_path = models.CharField(max_length=120, db_collation="C", editable=False)
    lead = models.ForeignKey(
        Manager,
        models.PROTECT,
        related_name="led_customers",
        null=True,
        blank=True,
        editable=False,
        verbose_name=_("lead manager"),
    )
    co = models.ForeignKey(
        Manager,
        models.PROTECT,
        related_name="co_customers",
        null=True,
        blank=True,
        editable=False,
        verbose_name=_("co-manager"),
    )
    tier = models.CharField(_("tier"), max_length=8, choices=Tier, default=Tier.BASIC)
    lifecycle = models.CharField(_("lifecycle"), max_length=10, choices=Lifecycle, default=Lifecycle.NEW)
    risk = models.CharField(_("risk appetite"), max_length=2, choices=RiskAppetite, null=True, blank=True)
    risk_tested_on = models.DateField(_("risk tested on"), null=True, blank=True)
    aml_level = models.CharField(_("AML level"), max_length=8, choices=AmlLevel, default=AmlLevel.LOW)
    industry = models.CharField(_("industry"), max_length=1, choices=Industry, null=True, blank=True)
    born_on = models.DateField(_("born or founded on"), null=True, blank=True)
    gender = models.CharField(
        _("gender"), max_length=1, choices=[("m", _("Male")), ("f", _("Female"))], null=True, blank=True
    )
    marketing_consent = models.BooleanField(_("consents to marketing"), default=False)
    profiling_consent = models.BooleanField(_("consents to profiling"), default=True)
    since = models.DateField(_("customer since"))
    closed_on = models.DateField(_("left on"), null=True, blank=True)
    last_contact_on = models.DateField(_("last contact"), null=True, blank=True, editable=False)
    next_date = models.DateField(_("next date"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True, db_default=models.functions.Now())

    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("customer"), _("customers")
        constraints = [
            models.CheckConstraint(
                name="customers_customer_kind_known", condition=Q(kind__in=CustomerKind.values)
            ),
            models.CheckConstraint(name="customers_customer_tier_known", condition=Q(tier__in=Tier.values)),
            models.CheckConstraint(
                name="customers_customer_lifecycle_known", condition=Q(lifecycle__in=Lifecycle.values)
            ),
            models.CheckConstraint(
                name="customers_customer_aml_known", condition=Q(aml_level__in=AmlLevel.values)
            ),
            models.CheckConstraint(
                name="customers_customer_risk_known",
                condition=Q(risk=None) | Q(risk__in=RiskAppetite.values),
            ),
            models.CheckConstraint(
                name="customers_customer_leaves_after_arriving",
                condition=Q(closed_on=None) | Q(closed_on__gte=models.F("since")),
            ),
            models.CheckConstraint(
                name="customers_customer_two_managers",
                condition=Q(co=None) | Q(lead__isnull=False) & ~Q(co=models.F("lead")),
            ),
        ]
        indexes = [
            models.Index(fields=["lead", "next_date", "id"], name="customers_book_next"),
            models.Index(fields=["lead", "last_contact_on", "id"], name="customers_book_silence"),
            models.Index(fields=["co"], name="customers_co", condition=Q(co__isnull=False)),
            models.Index(fields=["branch_path", "id"], name="customers_branch_path"),
            models.Index(fields=["next_date", "id"], name="customers_next"),
            models.Index(fields=["last_contact_on", "id"], name="customers_silence"),
            models.Index(fields=["sound"], name="customers_sound"),
            GinIndex(fields=["name_bigrams"], name="customers_name_bigrams"),
            GinIndex(fields=["initials"], name="customers_initials", opclasses=["gin_trgm_ops"]),
        ]

    def __str__(self):
        return f"{self.number}"  # the name is personal data: it stays out of logs and repr

    @property
    def is_person(self) -> bool:
        return self.kind == CustomerKind.PERSON


# The wrapped key stays out of history: erasing a customer is destroying it.
@tracked(exclude=("wrapped_key", "mobile_tail_hash"), private=("document_number", "mobile", "address"))
class CustomerIdentity(models.Model):
    """Class C2 data, apart from the rest: who reads a list never touches it (security.md).

    Encrypted under the customer's own key, which stands here wrapped by a master key of the key file;
    accounts use the same key. `erased_on` with the key destroyed: nothing of the customer can be read again.
    """

    customer = models.OneToOneField(
        Customer, models.PROTECT, primary_key=True, related_name="identity", verbose_name=_("customer")
    )
    wrapped_key = WrappedKeyField(null=True, editable=False)
    erased_on = models.DateField(_("erased on"), null=True, blank=True, editable=False)
    document = models.CharField(_("document"), max_length=20, choices=IdDocument, null=True, blank=True)
    document_number = EncryptedCharField(
        _("document number"), max_length=30, row="customer_id", null=True, blank=True
    )
    document_hash = KeyedHashField(of="document_number", kind="document", null=True, editable=False)
    document_expires_on = models.DateField(_("document expires on"), null=True, blank=True)
    mobile = EncryptedCharField(_("mobile"), max_length=20, row="customer_id", null=True, blank=True)
    mobile_hash = KeyedHashField(of="mobile", kind="mobile", null=True, editable=False)
    # Four digits have 10,000 hashes only: they tell nothing without the key, and stay out of history.
    mobile_tail_hash = KeyedHashField(of="mobile", kind="mobile-tail", tail=4, null=True, editable=False)
    address = EncryptedCharField(_("address"), max_length=200, row="customer_id", null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("identity"), _("identities")
        constraints = [
            models.UniqueConstraint(
                fields=["document", "document_hash"], name="customers_customeridentity_document_once"
            ),
            models.CheckConstraint(
                name="customers_customeridentity_number_has_kind",
                condition=Q(document_number=None) | Q(document__isnull=False),
            ),
            models.CheckConstraint(
                name="customers_customeridentity_number_has_hash",
                condition=Q(document_number=None, document_hash=None)
                | Q(document_number__isnull=False, document_hash__isnull=False),
            ),
            models.CheckConstraint(
                name="customers_customeridentity_erased_is_empty",
                condition=Q(erased_on=None)
                | Q(wrapped_key=None, document_number=None, mobile=None, address=None, mobile_hash=None)
                & Q(mobile_tail_hash=None),
            ),
        ]
        indexes = [
            models.Index(
                fields=["mobile_hash"],
                name="customers_identity_mobile",
                condition=Q(mobile_hash__isnull=False),
            ),
            models.Index(
                fields=["mobile_tail_hash"],
                name="customers_identity_tail",
                condition=Q(mobile_tail_hash__isnull=False),
            ),
            models.Index(
                fields=["document_hash"],
                name="customers_identity_document",
                condition=Q(document_hash__isnull=False),
            ),
        ]

    def __str__(self):
        return f"{self.customer_id}"
