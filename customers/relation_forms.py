"""Forms of relations: another customer found by number or name, an owner, a holding elsewhere."""

from datetime import date
from decimal import Decimal

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.choices import Control, FactSource, GroupRole, OutsideKind, RelationshipKind
from customers.models import Customer
from customers.profile_forms import read_amount
from customers.selectors.relations import WORDS
from customers.selectors.search import clean_words, matching

FOUND_MOST = 6
TEXT = {"class": "form-control", "autocomplete": "off"}
SELECT = {"class": "form-select"}
MEMBER_ROLES = {
    True: [GroupRole.SPOUSE, GroupRole.CHILD, GroupRole.PARENT, GroupRole.MEMBER],
    False: [GroupRole.SUBSIDIARY, GroupRole.AFFILIATE, GroupRole.MEMBER],
}


class PartyForm(forms.Form):
    """Another customer, found among those whom the writer may see; several of one name are asked back."""

    who = forms.CharField(
        label=gettext_lazy("Customer"),
        help_text=gettext_lazy("Customer number or whole name"),
        max_length=60,
        widget=forms.TextInput(attrs=TEXT | {"autofocus": True}),
    )

    def __init__(self, *args, user, customer, **kwargs):
        self.user, self.customer = user, customer
        super().__init__(*args, **kwargs)

    def clean_who(self) -> Customer:
        words = clean_words(self.cleaned_data["who"])
        seen = Customer.objects.visible_to(self.user).defer("name_bigrams").exclude(pk=self.customer.pk)
        found = list(seen.filter(number=words.upper())[:1] or seen.filter(matching(words))[: FOUND_MOST + 1])
        exact = [other for other in found if other.name == words]
        found = exact if len(exact) == 1 else found
        if not found:
            raise forms.ValidationError(_("None of the customers you see has this number or name"))
        if len(found) > 1:
            names = ", ".join(f"{other.number} {other.name}" for other in found[:FOUND_MOST])
            raise forms.ValidationError(_("Several fit, write the number: %(names)s") % {"names": names})
        return found[0]


class RelationForm(PartyForm):
    """A relation, said from the other's side: he is the spouse, the child, the guarantor."""

    kind = forms.ChoiceField(label=gettext_lazy("He or it is"), widget=forms.Select(attrs=SELECT))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        choices = []
        for kind in RelationshipKind:
            subject, other = WORDS[kind]
            choices.append((f"{kind}:object", other))
            if subject != other:
                choices.append((f"{kind}:subject", subject))
        self.fields["kind"].choices = choices

    def values(self) -> tuple[Customer, Customer, str]:
        """(subject, object, kind) as the record has them."""
        kind, _colon, place = self.cleaned_data["kind"].partition(":")
        other = self.cleaned_data["who"]
        pair = (self.customer, other) if place == "subject" else (other, self.customer)
        return *pair, kind


class MemberForm(PartyForm):
    role = forms.ChoiceField(label=gettext_lazy("Role"), widget=forms.Select(attrs=SELECT))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        roles = MEMBER_ROLES[self.customer.is_person]
        self.fields["role"].choices = [(role.value, role.label) for role in roles]


class OwnerForm(forms.Form):
    """An owner of an organisation; a name that is a customer's number makes him that customer."""

    name = forms.CharField(
        label=gettext_lazy("Owner"),
        help_text=gettext_lazy("Name, or the number of one of your customers"),
        max_length=120,
        widget=forms.TextInput(attrs=TEXT | {"autofocus": True}),
    )
    share = forms.DecimalField(
        label=gettext_lazy("Share, %"),
        required=False,
        min_value=Decimal("0.01"),
        max_value=100,
        max_digits=5,
        decimal_places=2,
        widget=forms.NumberInput(attrs=TEXT),
    )
    control = forms.ChoiceField(
        label=gettext_lazy("Control"), choices=Control.choices, widget=forms.Select(attrs=SELECT)
    )
    is_beneficial = forms.BooleanField(
        label=gettext_lazy("Beneficial owner"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )
    source = forms.ChoiceField(
        label=gettext_lazy("Source"),
        choices=FactSource.choices,
        initial=FactSource.DOCUMENT,
        widget=forms.Select(attrs=SELECT),
    )
    is_verified = forms.BooleanField(
        label=gettext_lazy("I have verified it today"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )

    def __init__(self, *args, user, customer, least, **kwargs):
        self.user, self.customer, self.least = user, customer, least
        super().__init__(*args, **kwargs)

    def clean(self):
        cleaned = super().clean()
        holds = cleaned.get("control") == Control.SHARES
        if holds and not cleaned.get("share") and "share" not in self.errors:
            self.add_error("share", _("Write the share, or choose how he controls it otherwise"))
        # the law's line: from there on he is a beneficial owner whatever was ticked
        if (cleaned.get("share") or 0) >= self.least:
            cleaned["is_beneficial"] = True
        name = cleaned.get("name", "").strip()
        seen = Customer.objects.visible_to(self.user).exclude(pk=self.customer.pk)
        holder = seen.filter(number=name.upper()).first() if name else None
        return cleaned | {"holder": holder, "name": "" if holder else name}


class OutsideForm(forms.Form):
    """A holding at another bank, as told."""

    bank = forms.CharField(
        label=gettext_lazy("Bank"), max_length=60, widget=forms.TextInput(attrs=TEXT | {"autofocus": True})
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"), choices=OutsideKind.choices, widget=forms.Select(attrs=SELECT)
    )
    amount = forms.CharField(
        label=gettext_lazy("About how much"),
        help_text=gettext_lazy("In yuan: 120000, 12 万 or 1.3 亿"),
        max_length=30,
        widget=forms.TextInput(attrs=TEXT),
    )
    matures_on = forms.DateField(
        label=gettext_lazy("Matures on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
    )
    source = forms.ChoiceField(
        label=gettext_lazy("Source"), choices=FactSource.choices, widget=forms.Select(attrs=SELECT)
    )
    seen = forms.CharField(max_length=80, widget=forms.HiddenInput)

    def __init__(self, *args, as_of: date, **kwargs):
        self.as_of = as_of
        super().__init__(*args, **kwargs)

    def clean_amount(self):
        try:
            yuan = read_amount(self.cleaned_data["amount"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        return int(yuan * 100)

    def clean_matures_on(self):
        day = self.cleaned_data["matures_on"]
        if day and not self.as_of <= day <= self.as_of.replace(year=self.as_of.year + 50, day=1):
            raise forms.ValidationError(_("It matures today or later, within fifty years"))
        return day

    def values(self) -> dict:
        told = {name: self.cleaned_data[name] for name in ("bank", "kind", "matures_on", "source", "seen")}
        return told | {"amount_fen": self.cleaned_data["amount"]}
