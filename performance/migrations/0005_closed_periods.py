"""A period can be closed; the database then keeps what was paid on."""

from django.db import migrations, models

from performance.migrations import _closing


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0003_record_history"),
        ("performance", "0004_record_history"),
    ]

    operations = [
        *(
            migrations.AddField(
                model_name=name,
                name="closed_at",
                field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="closed"),
            )
            for name in ("period", "periodhistory")
        ),
        migrations.RunSQL(_closing.CLOSING, _closing.DROP_CLOSING),
    ]
