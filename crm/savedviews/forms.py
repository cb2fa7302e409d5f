"""The one form of a saved view: its name and with whom."""

from django import forms
from django.utils.translation import gettext as _

from crm.savedviews.models import SavedView

ME, BRANCH = "me", "branch"


class SavedViewForm(forms.Form):
    """Name and sharing. `user` owns it, `of` is the code of the list, `view` the one being changed."""

    name = forms.CharField(max_length=30)
    shared = forms.ChoiceField(required=False, initial=ME)

    def __init__(self, *args, user, of: str, view: SavedView | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        self.user, self.of, self.view = user, of, view
        self.fields["name"].label = _("Name")
        self.fields["shared"].label = _("Seen by")
        branch = user.branch
        self.fields["shared"].choices = [(ME, _("me alone"))] + (
            [(BRANCH, _("everybody in %(branch)s") % {"branch": branch.name})] if branch else []
        )

    def clean_name(self):
        name = self.cleaned_data["name"].strip()
        others = SavedView.objects.filter(owner=self.user, list=self.of, name=name, deleted_at=None)
        if self.view:
            others = others.exclude(pk=self.view.pk)
        if others.exists():
            raise forms.ValidationError(_("You have a view of this name already: choose another."))
        return name

    @property
    def branch_path(self) -> str:
        """The path the view is shared with, "" for nobody."""
        return self.user.branch.path if self.cleaned_data.get("shared") == BRANCH else ""
