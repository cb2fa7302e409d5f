"""Columns for encrypted values beside the plain ones, which the next migrations fill, then drop."""

from django.db import migrations, models

import crm.secrets.fields as secret

PLAIN = [
    ("customeridentity", "document_number"),
    ("customeridentity", "mobile"),
    ("customeridentity", "address"),
    ("account", "number"),
]


# The triggers of history name columns; `migrate` makes them anew in its end.
QUIET = "; ".join(
    f"DROP TRIGGER IF EXISTS history_{event} ON {table}"
    for event in ("insert", "update", "delete")
    for table in ("customers_customeridentity", "customers_account")
)


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_record_history")]
    operations = [
        migrations.RunSQL(QUIET, migrations.RunSQL.noop),
        *(migrations.RemoveField(f"{model}history", name) for model, name in PLAIN),
        migrations.RemoveConstraint("customeridentity", "customers_customeridentity_document_once"),
        migrations.RemoveConstraint("customeridentity", "customers_customeridentity_number_has_kind"),
        *(migrations.RenameField(model, name, f"plain_{name}") for model, name in PLAIN),
        migrations.AlterField(
            "account", "plain_number", models.CharField(max_length=40, unique=True, null=True)
        ),
        migrations.AddField(
            "customeridentity", "wrapped_key", secret.WrappedKeyField(null=True, editable=False)
        ),
        migrations.AddField(
            "customeridentity",
            "erased_on",
            models.DateField(blank=True, editable=False, null=True, verbose_name="erased on"),
        ),
        migrations.AddField(
            "customeridentity",
            "document_number",
            secret.EncryptedCharField(
                "document number", max_length=30, null=True, blank=True, row="customer_id", holder=""
            ),
        ),
        migrations.AddField(
            "customeridentity",
            "document_hash",
            secret.KeyedHashField(of="document_number", kind="document", null=True, editable=False),
        ),
        migrations.AddField(
            "customeridentity",
            "mobile",
            secret.EncryptedCharField(
                "mobile", max_length=20, null=True, blank=True, row="customer_id", holder=""
            ),
        ),
        migrations.AddField(
            "customeridentity",
            "mobile_hash",
            secret.KeyedHashField(of="mobile", kind="mobile", null=True, editable=False),
        ),
        migrations.AddField(
            "customeridentity",
            "address",
            secret.EncryptedCharField(
                "address", max_length=200, null=True, blank=True, row="customer_id", holder=""
            ),
        ),
        migrations.AddField(
            "account",
            "number",
            secret.EncryptedCharField(
                "account number", max_length=40, row="public_id", holder="customer.identity", null=True
            ),
        ),
        migrations.AddField(
            "account",
            "number_hash",
            secret.KeyedHashField(of="number", kind="account", null=True, editable=False),
        ),
        migrations.AddField(
            "account",
            "last_four",
            secret.LastFourField("last four", of="number", default="", db_default=""),
        ),
    ]
