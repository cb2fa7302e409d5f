from django.db import migrations, models

from performance.migrations import _packed, _tables


class Migration(migrations.Migration):
    dependencies = [
        ("performance", "0007_veto"),
    ]

    operations = [
        migrations.RunSQL(
            _packed.emptied("performance_rollup", _packed.ROLLUP),
            _packed.emptied("performance_rollup", _tables.ROLLUP),
        ),
        migrations.RunSQL(
            _packed.emptied("performance_customeranalysis", _packed.ANALYSIS),
            _packed.emptied("performance_customeranalysis", _tables.ANALYSIS),
        ),
        migrations.AddField(
            model_name="night",
            name="records_mark",
            field=models.CharField(
                blank=True,
                default="",
                editable=False,
                help_text="Server and transaction up to which changes to records are in this night.",
                max_length=50,
            ),
        ),
    ]
