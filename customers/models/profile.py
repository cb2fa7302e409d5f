"""What is known of a customer: dated facts with source and verifier; relations and groups."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.history.tracking import tracked
from customers.choices import FactSource, GroupKind, RelationshipKind
from customers.models.customer import Customer
from managers.models import User


@tracked()
class ProfileField(models.Model):
    """A field the bank wants to know, with its weight in completeness and its time of validity."""

    code = models.CharField(_("code"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=60)
    weight = models.PositiveSmallIntegerField(_("weight"), default=1)
    for_persons = models.BooleanField(_("required of persons"), default=True)
    for_organisations = models.BooleanField(_("required of organisations"), default=True)
    valid_months = models.PositiveSmallIntegerField(_("valid, months"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("profile field"), _("profile fields")
        ordering = ["-weight", "code"]
        constraints = [
            models.CheckConstraint(name="customers_profilefield_weight_positive", condition=Q(weight__gt=0))
        ]

    def __str__(self):
        return self.name


@tracked(private=("value",))
class ProfileFact(models.Model):
    """One value of one field, true from `noted_on` until the next fact of that field."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="facts", verbose_name=_("customer"))
    field = models.ForeignKey(ProfileField, models.PROTECT, related_name="facts", verbose_name=_("field"))
    value = models.CharField(_("value"), max_length=200)
    source = models.CharField(_("source"), max_length=10, choices=FactSource)
    noted_on = models.DateField(_("noted on"))
    verified_on = models.DateField(_("verified on"), null=True, blank=True)
    verified_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("verified by")
    )
    expires_on = models.DateField(_("expires on"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("profile fact"), _("profile facts")
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "field", "noted_on"], name="customers_profilefact_once_a_day"
            ),
            models.CheckConstraint(name="customers_profilefact_has_value", condition=~Q(value="")),
            models.CheckConstraint(
                name="customers_profilefact_expires_later",
                condition=Q(expires_on=None) | Q(expires_on__gte=models.F("noted_on")),
            ),
        ]

    def __str__(self):
        return f"{self.customer_id} {self.field_id}"


@tracked()
class Relationship(models.Model):
    """`subject` is <kind> `object`: spouse of, legal representative of, guarantor of …"""

    subject = models.ForeignKey(Customer, models.PROTECT, related_name="relations", verbose_name=_("who"))
    object = models.ForeignKey(
        Customer, models.PROTECT, related_name="inverse_relations", verbose_name=_("of whom")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=RelationshipKind)
    since = models.DateField(_("since"), null=True, blank=True)
    until = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("relationship"), _("relationships")
        constraints = [
            models.UniqueConstraint(fields=["subject", "object", "kind"], name="customers_relationship_once"),
            models.CheckConstraint(
                name="customers_relationship_two_customers", condition=~Q(subject=models.F("object"))
            ),
            models.CheckConstraint(
                name="customers_relationship_ends_after_start",
                condition=Q(until=None) | Q(since=None) | Q(until__gte=models.F("since")),
            ),
        ]

    def __str__(self):
        return f"{self.subject_id} {self.kind} {self.object_id}"


@tracked(private=("name",))
class CustomerGroup(models.Model):
    """A household or a corporate group: balances roll up over its members."""

    code = models.CharField(_("code"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=16, choices=GroupKind)
    members = models.ManyToManyField(
        Customer, through="GroupMembership", related_name="groups", verbose_name=_("members")
    )

    class Meta:
        verbose_name, verbose_name_plural = _("group"), _("groups")

    def __str__(self):
        return self.code


@tracked()
class GroupMembership(models.Model):
    group = models.ForeignKey(CustomerGroup, models.PROTECT, related_name="memberships")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="memberships")

    class Meta:
        verbose_name, verbose_name_plural = _("membership"), _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["group", "customer"], name="customers_groupmembership_once")
        ]

    def __str__(self):
        return f"{self.group_id} {self.customer_id}"
