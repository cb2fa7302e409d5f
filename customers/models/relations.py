"""How customers hang together: relations, households and groups, owners of organisations."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.fields import PublicIdField
from crm.history.tracking import tracked
from customers.choices import Control, FactSource, GroupKind, GroupRole, RelationshipKind
from customers.models.customer import Customer
from managers.models import User


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


@tracked(private=("name",), exclude=("size",))
class CustomerGroup(models.Model):
    """A household or a corporate group: balances roll up over the members that the reader may see."""

    code = models.CharField(_("code"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=16, choices=GroupKind)
    # how many belong to it: who sees some of the members is told how many there are, never who
    size = models.PositiveIntegerField(_("members"), default=0, db_default=0, editable=False)
    members = models.ManyToManyField(
        Customer, through="GroupMembership", related_name="groups", verbose_name=_("members")
    )

    class Meta:
        verbose_name, verbose_name_plural = _("group"), _("groups")

    def __str__(self):
        return self.code


@tracked()
class GroupMembership(models.Model):
    """One customer in one group. A group has at most one head."""

    group = models.ForeignKey(CustomerGroup, models.PROTECT, related_name="memberships")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="memberships")
    role = models.CharField(
        _("role"),
        max_length=10,
        choices=GroupRole,
        default=GroupRole.MEMBER,
        db_default=GroupRole.MEMBER,
    )

    class Meta:
        verbose_name, verbose_name_plural = _("membership"), _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["group", "customer"], name="customers_groupmembership_once"),
            models.UniqueConstraint(
                fields=["group"],
                condition=Q(role=GroupRole.HEAD),
                name="customers_groupmembership_one_head",
            ),
            models.CheckConstraint(
                name="customers_groupmembership_role_known", condition=Q(role__in=GroupRole.values)
            ),
        ]

    def __str__(self):
        return f"{self.group_id} {self.customer_id}"


@tracked(private=("name",))
class Stake(models.Model):
    """Who owns or controls an organisation, and by how much: a customer of ours, or somebody named here."""

    public_id = PublicIdField()
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="stakes", verbose_name=_("organisation")
    )
    holder = models.ForeignKey(
        Customer,
        models.PROTECT,
        related_name="holds_stakes",
        null=True,
        blank=True,
        verbose_name=_("owner, a customer"),
    )
    name = models.CharField(_("owner"), max_length=120, blank=True)
    share = models.DecimalField(_("share, %"), max_digits=5, decimal_places=2, null=True, blank=True)
    control = models.CharField(_("control"), max_length=10, choices=Control, default=Control.SHARES)
    is_beneficial = models.BooleanField(_("beneficial owner"), default=False)
    source = models.CharField(_("source"), max_length=10, choices=FactSource)
    noted_on = models.DateField(_("noted on"))
    verified_on = models.DateField(_("verified on"), null=True, blank=True)
    verified_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("verified by")
    )
    ended_on = models.DateField(_("ended on"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("ownership"), _("ownerships")
        constraints = [
            models.CheckConstraint(
                name="customers_stake_has_one_owner",
                condition=Q(holder=None) & ~Q(name="") | Q(holder__isnull=False, name=""),
            ),
            models.CheckConstraint(
                name="customers_stake_not_of_itself",
                condition=Q(holder=None) | ~Q(holder=models.F("customer")),
            ),
            models.CheckConstraint(
                name="customers_stake_share_0_to_100",
                condition=Q(share=None) | Q(share__gt=0, share__lte=100),
            ),
            models.CheckConstraint(
                name="customers_stake_control_known", condition=Q(control__in=Control.values)
            ),
            models.CheckConstraint(
                name="customers_stake_ends_after_noted",
                condition=Q(ended_on=None) | Q(ended_on__gte=models.F("noted_on")),
            ),
        ]

    def __str__(self):
        return f"{self.customer_id} {self.share}"
