"""Who signs in. What they may see follows from role, branch and, for managers, their book."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from crm.fields import PublicIdField
from crm.history.tracking import tracked
from managers.choices import Role
from managers.fields import PasswordField
from managers.models.branch import Branch


@tracked(exclude=("password", "last_login"))
class User(AbstractUser):
    """A member of staff; the username is the staff number. Chinese names are one field."""

    public_id = PublicIdField()
    password = PasswordField(_("password"), max_length=128)
    first_name = last_name = None
    name = models.CharField(_("name"), max_length=60)
    role = models.CharField(_("role"), max_length=12, choices=Role, default=Role.MANAGER)
    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="users", null=True, blank=True, verbose_name=_("branch")
    )

    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name, verbose_name_plural = _("user"), _("users")
        constraints = [
            models.CheckConstraint(name="managers_user_role_known", condition=Q(role__in=Role.values)),
            models.CheckConstraint(
                name="managers_user_scope_has_branch",
                condition=Q(role=Role.ADMIN) | Q(branch__isnull=False),
            ),
        ]

    @classmethod
    def from_db(cls, db, field_names, values):
        user = super().from_db(db, field_names, values)
        if user.__dict__.get("password", "") is None:  # hidden from this page's role
            del user.__dict__["password"]
        return user

    def __str__(self):
        return f"{self.name} {self.username}"

    def get_full_name(self):
        return self.name

    def get_short_name(self):
        return self.name

    def _get_session_auth_hash(self, secret=None):
        """Bind every session to the password and to the rights: change one, and all his sessions end.

        Read from the database at each request, so it holds for changes by SQL and by the feed too.
        """
        rights = (self.password, str(self.role), self.branch_id, self.is_active, self.is_staff)
        return salted_hmac(
            "managers.User.session", repr(rights), secret=secret, algorithm="sha256"
        ).hexdigest()

    def may_help_in(self):
        """The staff whose sign-in this user may unlock or reset, never his own.

        An administrator: everybody. A supervisor: managers and back office of his branch and those below,
        and the supervisors of those below.
        """
        others = User.objects.exclude(pk=self.pk)
        if self.role == Role.ADMIN:
            return others
        if self.role != Role.SUPERVISOR:
            return others.none()
        below = others.filter(branch__in=Branch.objects.under(self.branch.path))
        led = Q(role__in=[Role.MANAGER, Role.BACK_OFFICE])
        return below.filter(led | Q(role=Role.SUPERVISOR) & ~Q(branch=self.branch))

    @property
    def is_manager(self) -> bool:
        return self.role == Role.MANAGER

    @property
    def is_supervisor(self) -> bool:
        return self.role == Role.SUPERVISOR

    @property
    def sees_whole_bank(self) -> bool:
        """Administrators and auditors read everything; others by book or branch."""
        return self.role in {Role.ADMIN, Role.AUDITOR}
