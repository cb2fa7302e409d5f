"""The hash of a password leaves the database at the door and to its owner only.

No role of a page may select the column (crm/wall); a function with its owner's rights gives it to whom it is
for. So any query may load a member of staff, and what a page loads of others has no password.
"""

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import models
from django.db.models.query_utils import DeferredAttribute

from crm.wall import roles

# The rule twice: here, so that lists of staff call no function for each row, and in it, where it holds.
_MAY = (
    f"current_setting('role') IN ('none', '{roles.WEB}') "
    "OR {id} = nullif(current_setting('app.user', true), '')::bigint"
)
CREATE = f"""
CREATE FUNCTION managers_password_of(bigint) RETURNS varchar
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT u.password FROM managers_user AS u WHERE u.id = $1 AND ({_MAY.format(id="u.id")})
$$;
REVOKE ALL ON FUNCTION managers_password_of(bigint) FROM PUBLIC
"""
DROP = "DROP FUNCTION managers_password_of(bigint)"


class _Hash(DeferredAttribute):
    """Reads as unusable where it is hidden; a hidden one is not loaded, so saving the person leaves it be."""

    def __get__(self, instance, cls=None):
        if instance is None:
            return self
        name = self.field.attname
        if name not in instance.__dict__:
            of = self.field.model._base_manager.using(instance._state.db).filter(pk=instance.pk)
            found = of.values_list(name, flat=True).first()
            if found is None:
                return UNUSABLE_PASSWORD_PREFIX
            instance.__dict__[name] = found
        return instance.__dict__[name]


class PasswordField(models.CharField):
    """Selected through `managers_password_of`, NULL for whom it is not for (User.from_db)."""

    descriptor_class = _Hash

    def select_format(self, compiler, sql, params):
        table, _dot, column = sql.rpartition(".")
        if column != compiler.connection.ops.quote_name(self.column):
            return sql, params
        of = f"{table}.{compiler.connection.ops.quote_name(self.model._meta.pk.column)}"
        return f"CASE WHEN {_MAY.format(id=of)} THEN managers_password_of({of}) END", params
