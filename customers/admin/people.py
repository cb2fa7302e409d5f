"""Customers, what is known of them, and how they hang together. Class C2 fields show their mask."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from crm.approvals import services as approvals
from crm.look import masks
from crm.records import ReadOnlyInline, ReadOnlyRecord, Record, RecordInline, customer_number, masked, span
from customers.erasing import ask_erasure
from customers.models import (
    Account,
    Assignment,
    Customer,
    CustomerGroup,
    CustomerIdentity,
    GroupMembership,
    IdentityCheck,
    OutsideHolding,
    ProfileFact,
    ProfileField,
    Relationship,
    Reveal,
    RevealGrant,
    Stake,
)


@admin.display(description=_("account number"))
def last_four(_self, account):
    """The last four of an account's number: they stand apart, nothing is decrypted for them."""
    return masks.hidden(f"…{account.last_four}")


def shown_name(customer) -> str:
    """A person's name masked, an organisation's whole."""
    return masks.hidden(masks.mask_name(customer.name)) if customer.is_person else customer.name


class AssignmentInline(ReadOnlyInline):
    model = Assignment
    fields = ["manager", "role", "share", "days", "reason"]
    readonly_fields = ["days"]
    days = span("during", _("during"))

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("manager__user").order_by("-during")


class AccountInline(ReadOnlyInline):
    model = Account
    fields = ["last_four", "product", "opened_on", "matures_on", "closed_on"]
    readonly_fields = ["last_four"]
    last_four = last_four

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("product", "customer").order_by("opened_on")


class ReasonedAction(ActionForm):
    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)


@admin.register(Customer)
class CustomerAdmin(ReadOnlyRecord):
    """Core banking owns these records: the feed changes them, the product's pages look people up."""

    actions = ["ask_to_erase"]
    action_form = ReasonedAction

    list_display = [
        "number",
        "name_shown",
        "kind",
        "branch",
        "lead",
        "tier",
        "lifecycle",
        "since",
        "closed_on",
    ]
    list_filter = ["kind", "tier", "lifecycle", "aml_level"]
    list_select_related = ["branch", "lead__user"]
    search_fields = ["=number"]
    search_help_text = _("The whole customer number. To search by name, use the product's own search.")
    fields = [
        "number",
        "name_shown",
        "kind",
        ("branch", "lead", "co"),
        ("tier", "lifecycle", "industry"),
        ("risk", "risk_tested_on", "aml_level"),
        ("marketing_consent", "profiling_consent"),
        ("since", "closed_on"),
        ("last_contact_on", "next_date"),
        "identity_link",
        "more",
    ]
    inlines = [AssignmentInline, AccountInline]

    @admin.display(description=_("name"))
    def name_shown(self, customer):
        return shown_name(customer)

    @admin.display(description=_("identity"))
    def identity_link(self, customer):
        url = reverse("admin:customers_customeridentity_change", args=[customer.pk])
        return format_html('<a href="{}">{}</a>', url, _("Masked identity"))

    @admin.display(description=_("More of this customer"))
    def more(self, customer):
        """Links to the rows that hang on this customer, each narrowed to him."""
        links = [
            (reverse(f"admin:{name}_changelist"), customer.pk, words)
            for name, words in (
                ("customers_transaction", _("transactions")),
                ("customers_dailybalance", _("daily balances")),
                ("customers_standing", _("figures of the published night")),
                ("customers_loanstate", _("loan states")),
                ("customers_interaction", _("contacts")),
                ("customers_task", _("tasks")),
                ("customers_profilefact", _("profile facts")),
            )
        ]
        return format_html_join(" · ", '<a href="{}?customer__id__exact={}">{}</a>', links)

    def view_on_site(self, customer):
        return reverse("customers:detail", args=[customer.public_id])

    @admin.action(description=_("Ask to erase for good"))
    def ask_to_erase(self, request, customers):
        """A second administrator decides; whom the law keeps is named, with the day from which he may go."""
        reason = request.POST.get("reason", "")
        for customer in customers:
            try:
                ask_erasure(customer, maker=request.user, reason=reason, as_of=timezone.localdate())
            except approvals.Refused as refusal:
                messages.error(request, str(refusal))
            else:
                said = _("The erasure of %(number)s waits for a second administrator.")
                messages.warning(request, said % {"number": customer.number})


@admin.register(CustomerIdentity)
class CustomerIdentityAdmin(ReadOnlyRecord):
    list_display = ["number", "document", "document_shown", "mobile_shown", "document_expires_on"]
    list_filter = ["document"]
    list_select_related = ["customer"]
    search_fields = ["=customer__number"]
    search_help_text = _("The whole customer number.")
    fields = ["number", "document", "document_shown", "document_expires_on", "mobile_shown", "address_shown"]
    number = customer_number
    document_shown = masked("document_number", _("document number"), masks.mask_id)
    mobile_shown = masked("mobile", _("mobile"), masks.mask_mobile)
    address_shown = masked("address", _("address"), masks.mask_address)


@admin.register(ProfileField)
class ProfileFieldAdmin(Record):
    list_display = ["code", "name", "name_en", "weight", "for_persons", "for_organisations", "valid_months"]
    search_fields = ["=code", "name", "name_en"]


@admin.register(ProfileFact)
class ProfileFactAdmin(ReadOnlyRecord):
    """Facts are added, never changed: a new one follows the old."""

    list_display = ["number", "field", "value", "source", "noted_on", "verified_on", "expires_on"]
    list_filter = ["source", "field"]
    list_select_related = ["customer", "field"]
    search_fields = ["=customer__number"]
    search_help_text = _("The whole customer number.")
    number = customer_number


@admin.register(IdentityCheck)
class IdentityCheckAdmin(ReadOnlyRecord):
    list_display = ["number", "part", "source", "noted_on", "verified_on", "verified_by"]
    list_filter = ["part", "source"]
    list_select_related = ["customer", "verified_by"]
    search_fields = ["=customer__number"]
    number = customer_number


@admin.register(OutsideHolding)
class OutsideHoldingAdmin(ReadOnlyRecord):
    list_display = ["number", "bank", "kind", "source", "told_on", "ended_on"]
    list_filter = ["kind", "source"]
    list_select_related = ["customer"]
    search_fields = ["=customer__number"]
    number = customer_number


@admin.register(Stake)
class StakeAdmin(ReadOnlyRecord):
    list_display = ["number", "holder", "share", "control", "is_beneficial", "noted_on", "ended_on"]
    list_filter = ["control", "is_beneficial"]
    list_select_related = ["customer", "holder"]
    search_fields = ["=customer__number", "=holder__number"]
    fields = ["number", "holder", "share", "control", "is_beneficial", "source", "noted_on", "verified_on"]
    number = customer_number


@admin.register(Relationship)
class RelationshipAdmin(ReadOnlyRecord):
    list_display = ["subject", "kind", "object", "since", "until"]
    list_filter = ["kind"]
    list_select_related = ["subject", "object"]
    search_fields = ["=subject__number", "=object__number"]


class MembershipInline(RecordInline):
    model = GroupMembership
    raw_id_fields = ["customer"]
    may_delete = True

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("customer")


@admin.register(CustomerGroup)
class CustomerGroupAdmin(Record):
    list_display = ["code", "name", "kind", "size"]
    list_filter = ["kind"]
    search_fields = ["=code", "name"]
    inlines = [MembershipInline]

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        CustomerGroup.objects.filter(pk=form.instance.pk).update(size=form.instance.memberships.count())


@admin.register(GroupMembership)
class GroupMembershipAdmin(ReadOnlyRecord):
    list_display = ["group", "customer", "role"]
    list_select_related = ["group", "customer"]
    search_fields = ["=group__code", "=customer__number"]


@admin.register(Reveal)
class RevealAdmin(ReadOnlyRecord):
    list_display = ["at", "user", "number", "field", "reason"]
    list_filter = ["field"]
    list_select_related = ["customer", "user"]
    search_fields = ["=customer__number", "=user__username"]
    number = customer_number


@admin.register(RevealGrant)
class RevealGrantAdmin(ReadOnlyRecord):
    list_display = ["day", "user", "granted_by"]
    list_select_related = ["user", "granted_by"]
    search_fields = ["=user__username"]
