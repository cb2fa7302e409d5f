"""Texts to begin a note with: a manager keeps his own; the bank's are kept in the administrators' site."""

from django import forms
from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm.http import go_to, toast
from customers.forms import holds_secret
from customers.models import ContactTemplate
from customers.views.access import writing_manager

MOST = 30
FIELDS = ["title", "purpose", "text"]


class TemplateForm(forms.ModelForm):
    class Meta:
        model = ContactTemplate
        fields = FIELDS
        widgets = {
            "title": forms.TextInput(attrs={"class": "form-control"}),
            "purpose": forms.Select(attrs={"class": "form-select"}),
            "text": forms.Textarea(attrs={"rows": 4, "class": "form-control"}),
        }

    def __init__(self, *args, manager, **kwargs):
        super().__init__(*args, **kwargs)
        self.manager = manager

    def clean_text(self):
        text = self.cleaned_data["text"]
        if holds_secret(text):
            raise forms.ValidationError(_("A text for many customers holds nobody's number: take it out"))
        return text

    def clean(self):
        cleaned = super().clean()
        others = ContactTemplate.objects.filter(manager=self.manager).exclude(pk=self.instance.pk)
        if cleaned.get("title") and others.filter(title=cleaned["title"]).exists():
            self.add_error("title", _("You have a text of this title already: choose another"))
        if self.instance.pk is None and others.count() >= MOST:
            self.add_error(None, _("You have %(most)s texts: throw one away first") % {"most": MOST})
        return cleaned


def _saved(form) -> bool:
    """Save; of two forms of one title sent at once the second is told."""
    try:
        with transaction.atomic():
            form.instance.save(update_fields=FIELDS if form.instance.pk else None)
    except IntegrityError:
        form.add_error("title", _("You have a text of this title already: choose another"))
        return False
    return True


@require_http_methods(["GET", "HEAD", "POST"])
def templates(request):
    """The manager's own texts and the bank's; a new one is added here."""
    manager = writing_manager(request.user)
    new = ContactTemplate(manager=manager)
    form = TemplateForm(request.POST or None, instance=new, manager=manager)
    if request.method == "POST" and form.is_valid() and _saved(form):
        toast(request, _("Saved: %(name)s") % {"name": new.title})
        return go_to(request, "customers:contact_templates")
    rows = ContactTemplate.objects.filter(is_active=True)
    context = {
        "form": form,
        "own": rows.filter(manager=manager),
        "banks": rows.filter(manager=None),
        "most": MOST,
    }
    return render(
        request, "customers/contact_templates.html", context, status=422 if request.method == "POST" else None
    )


@require_http_methods(["GET", "HEAD", "POST"])
def template(request, public_id):
    """Change one of one's own, or throw it away (`drop`)."""
    manager = writing_manager(request.user)
    row = get_object_or_404(ContactTemplate, public_id=public_id, manager=manager)
    if request.method == "POST" and "drop" in request.POST:
        row.delete()
        toast(request, _("Thrown away: %(name)s") % {"name": row.title})
        return go_to(request, "customers:contact_templates")
    form = TemplateForm(request.POST or None, instance=row, manager=manager)
    if request.method == "POST" and form.is_valid() and _saved(form):
        toast(request, _("Saved: %(name)s") % {"name": row.title})
        return go_to(request, "customers:contact_templates")
    return render(
        request,
        "customers/contact_template.html",
        {"form": form, "row": row},
        status=422 if request.method == "POST" else None,
    )
