"""The organisation in the administrators' site: branches, staff, working time, training."""

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from crm.approvals import services as approvals
from crm.records import ReadOnlyInline, Record, RecordInline, span
from managers.approvals import FIELDS, RIGHTS, is_less, rights_of, rights_payload
from managers.choices import Role
from managers.leaving import why_not_switched_off
from managers.models import (
    Attendance,
    Batch,
    Branch,
    CalendarDay,
    Course,
    Leave,
    Manager,
    Mentorship,
    Rotation,
    User,
)

admin.site.unregister(Group)  # rights follow from the role


@admin.register(Branch)
class BranchAdmin(Record):
    list_display = ["code", "name", "kind", "branch_class", "parent", "opened_on", "closed_on"]
    list_filter = ["kind", "branch_class"]
    list_select_related = ["parent"]
    search_fields = ["=code", "name"]
    autocomplete_fields = ["parent"]
    readonly_fields = ["path"]

    def get_readonly_fields(self, request, obj=None):
        """Code and parent make the path, and every scope below stands on it: set once."""
        return [*self.readonly_fields, "code", "parent"] if obj else self.readonly_fields


def _reason():
    return forms.CharField(
        label=_("Why the rights change"),
        max_length=300,
        required=False,
        help_text=_("Whoever decides about the rights reads it."),
    )


class StaffCreationForm(AdminUserCreationForm):
    reason = _reason()

    class Meta(AdminUserCreationForm.Meta):
        model = User
        fields = ["username", "name", "role", "branch"]


class StaffChangeForm(UserChangeForm):
    reason = _reason()

    class Meta(UserChangeForm.Meta):
        model = User

    def clean(self):
        """Nobody is switched off, nor ceases to be a manager, while he is needed for customers."""
        told = super().clean()
        is_off = self.initial.get("is_active") and not told.get("is_active")
        is_moved = self.instance.role == Role.MANAGER and told.get("role") not in (None, Role.MANAGER)
        # the instance has the new values only after cleaning: what stands here is the old role
        if (is_off or is_moved) and (sentence := why_not_switched_off(self.instance)):
            self.add_error("is_active" if is_off else "role", sentence)
        return told


@admin.register(User)
class StaffAdmin(Record, UserAdmin):
    """Staff leave by being switched off: the account stays, because records name it."""

    form, add_form = StaffChangeForm, StaffCreationForm
    list_display = ["username", "name", "role", "branch", "is_active", "last_login"]
    list_filter = ["role", "is_active"]
    list_select_related = ["branch"]
    search_fields = ["=username", "name"]
    ordering = ["username"]
    autocomplete_fields = ["branch"]
    filter_horizontal = []
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["username"]}),
        (_("Person"), {"fields": ["name", "email"]}),
        (_("Rights"), {"fields": ["role", "branch", "is_active", "is_staff", "reason"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (
            None,
            {
                "fields": [
                    *("username", "name", "role", "branch", "reason"),
                    *("usable_password", "password1", "password2"),
                ]
            },
        )
    ]

    def save_model(self, request, user, form, change):
        """Save the person; his rights go to a second person (managers.approvals), unless they only end.

        A new person begins switched off, so that nobody signs in before his rights are approved.
        """
        before = rights_of(User.objects.get(pk=user.pk)) if change else NOBODY
        after = rights_of(user)
        if change and (after == before or is_less(before, after)):
            super().save_model(request, user, form, change)
            return
        if change:
            _keep_rights(user)
        else:
            user.is_active = user.is_staff = user.is_superuser = False
        super().save_model(request, user, form, change)
        before = rights_of(user)
        path = user.branch.path if user.branch else ""
        reason = form.cleaned_data.get("reason") or _("Entered in the administrators' site")
        approvals.ask(
            RIGHTS.code,
            request.user,
            rights_payload(user, before, after | ({} if change else {"is_active": True})),
            str(reason),
            scope_path=path,
        )
        said = _("The rights of %(person)s wait for a second person; nothing of them has changed yet.")
        messages.warning(request, said % {"person": user})


NOBODY = dict.fromkeys(FIELDS)


def _keep_rights(user):
    """Put the stored rights back onto `user`: only the rest of the form is saved."""
    stored = User.objects.select_related("branch").get(pk=user.pk)
    for name in FIELDS:
        setattr(user, name, getattr(stored, name))


class LeaveInline(ReadOnlyInline):
    model = Leave
    fk_name = "manager"
    fields = ["days", "kind", "covered_by"]
    readonly_fields = ["days"]
    days = span("during", _("during"))


class ManagerForm(forms.ModelForm):
    """A time in post does not end before the customers are placed."""

    class Meta:
        model = Manager
        fields = ["user", "branch", "line", "grade", "capacity", "in_post"]

    def clean_in_post(self):
        post = self.cleaned_data["in_post"]
        ends = self.instance.pk and post and post.upper
        if ends and (sentence := why_not_switched_off(self.instance.user, post.upper)):
            raise forms.ValidationError(sentence)
        return post


@admin.register(Manager)
class ManagerAdmin(Record):
    form = ManagerForm
    list_display = ["number", "person", "branch", "line", "grade", "capacity", "days"]
    list_filter = ["line", "grade"]
    list_select_related = ["user", "branch"]
    search_fields = ["=user__username", "user__name"]
    autocomplete_fields = ["user", "branch"]
    inlines = [LeaveInline]
    days = span("in_post", _("in post"))

    @admin.display(description=_("staff number"), ordering="user__username")
    def number(self, manager):
        return manager.user.username

    @admin.display(description=_("name"))
    def person(self, manager):
        return manager.user.name

    def get_readonly_fields(self, request, obj=None):
        return ["user"] if obj else []


@admin.register(Leave)
class LeaveAdmin(Record):
    list_display = ["manager", "days", "kind", "covered_by"]
    days = span("during", _("during"))
    list_filter = ["kind"]
    list_select_related = ["manager__user", "covered_by__user"]
    search_fields = ["=manager__user__username", "manager__user__name"]
    autocomplete_fields = ["manager", "covered_by"]
    may_delete = True


@admin.register(CalendarDay)
class CalendarDayAdmin(Record):
    list_display = ["date", "is_working", "note"]
    list_filter = ["is_working"]
    search_fields = ["note"]
    may_delete = True


@admin.register(Course)
class CourseAdmin(Record):
    list_display = ["code", "name", "valid_months"]
    search_fields = ["=code", "name"]


class AttendanceInline(RecordInline):
    model = Attendance
    autocomplete_fields = ["manager"]


@admin.register(Batch)
class BatchAdmin(Record):
    list_display = ["code", "course", "days", "place"]
    days = span("during", _("during"))
    list_select_related = ["course"]
    search_fields = ["=code", "course__name"]
    autocomplete_fields = ["course"]
    inlines = [AttendanceInline]


@admin.register(Attendance)
class AttendanceAdmin(Record):
    list_display = ["batch", "manager", "result", "score", "certificate_expires_on"]
    list_filter = ["result"]
    list_select_related = ["batch", "manager__user"]
    search_fields = ["=manager__user__username", "manager__user__name", "=batch__code"]
    autocomplete_fields = ["batch", "manager"]


@admin.register(Mentorship)
class MentorshipAdmin(Record):
    list_display = ["mentor", "mentee", "days"]
    days = span("during", _("during"))
    list_select_related = ["mentor__user", "mentee__user"]
    search_fields = ["mentor__user__name", "mentee__user__name"]
    autocomplete_fields = ["mentor", "mentee"]
    may_delete = True


@admin.register(Rotation)
class RotationAdmin(Record):
    list_display = ["manager", "branch", "days"]
    days = span("during", _("during"))
    list_select_related = ["manager__user", "branch"]
    search_fields = ["manager__user__name", "=branch__code"]
    autocomplete_fields = ["manager", "branch"]
    may_delete = True
