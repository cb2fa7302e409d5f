"""The plain columns go; uniqueness stands on the keyed hashes."""

from django.db import migrations, models
from django.db.models import Q

import crm.secrets.fields as secret

IN_HISTORY = [
    (
        "accounthistory",
        "last_four",
        secret.LastFourField("last four", of="number", default="", db_default=""),
    ),
    (
        "accounthistory",
        "number",
        secret.EncryptedCharField(
            "account number", max_length=40, row="public_id", holder="customer.identity", null=True
        ),
    ),
    (
        "customeridentityhistory",
        "document_number",
        secret.EncryptedCharField("document number", max_length=30, null=True, blank=True, row="customer_id"),
    ),
    (
        "customeridentityhistory",
        "document_hash",
        secret.KeyedHashField(of="document_number", kind="document", null=True),
    ),
    (
        "customeridentityhistory",
        "mobile",
        secret.EncryptedCharField("mobile", max_length=20, null=True, blank=True, row="customer_id"),
    ),
    ("customeridentityhistory", "mobile_hash", secret.KeyedHashField(of="mobile", kind="mobile", null=True)),
    (
        "customeridentityhistory",
        "address",
        secret.EncryptedCharField("address", max_length=200, null=True, blank=True, row="customer_id"),
    ),
    (
        "customeridentityhistory",
        "erased_on",
        models.DateField(blank=True, editable=False, null=True, verbose_name="erased on"),
    ),
]


class Migration(migrations.Migration):
    dependencies = [("customers", "0005_seal_values")]
    operations = [
        migrations.RemoveField("customeridentity", "plain_document_number"),
        migrations.RemoveField("customeridentity", "plain_mobile"),
        migrations.RemoveField("customeridentity", "plain_address"),
        migrations.RemoveField("account", "plain_number"),
        migrations.AlterField(
            "account",
            "number_hash",
            secret.KeyedHashField(of="number", kind="account", unique=True, editable=False),
        ),
        *(migrations.AddField(model, name, field) for model, name, field in IN_HISTORY),
        migrations.AddField(
            "accounthistory",
            "number_hash",
            secret.KeyedHashField(of="number", kind="account", default=b""),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            "customeridentity",
            models.UniqueConstraint(
                fields=["document", "document_hash"], name="customers_customeridentity_document_once"
            ),
        ),
        migrations.AddConstraint(
            "customeridentity",
            models.CheckConstraint(
                name="customers_customeridentity_number_has_kind",
                condition=Q(document_number=None) | Q(document__isnull=False),
            ),
        ),
        migrations.AddConstraint(
            "customeridentity",
            models.CheckConstraint(
                name="customers_customeridentity_number_has_hash",
                condition=Q(document_number=None, document_hash=None)
                | Q(document_number__isnull=False, document_hash__isnull=False),
            ),
        ),
        migrations.AddConstraint(
            "customeridentity",
            models.CheckConstraint(
                name="customers_customeridentity_erased_is_empty",
                condition=Q(erased_on=None)
                | Q(wrapped_key=None, document_number=None, mobile=None, address=None, mobile_hash=None),
            ),
        ),
        migrations.AddIndex(
            "customeridentity",
            models.Index(
                fields=["mobile_hash"],
                name="customers_identity_mobile",
                condition=Q(mobile_hash__isnull=False),
            ),
        ),
        migrations.AddIndex(
            "customeridentity",
            models.Index(
                fields=["document_hash"],
                name="customers_identity_document",
                condition=Q(document_hash__isnull=False),
            ),
        ),
    ]
