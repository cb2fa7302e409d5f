from django.db import migrations

import managers.fields


class Migration(migrations.Migration):
    dependencies = [("managers", "0002_record_history")]
    operations = [
        migrations.RunSQL(managers.fields.CREATE, managers.fields.DROP),
        migrations.AlterField(
            "user", "password", managers.fields.PasswordField(max_length=128, verbose_name="password")
        ),
    ]
