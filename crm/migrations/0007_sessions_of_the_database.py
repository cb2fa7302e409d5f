"""What the monitoring may know of other sessions: how many there are and how long, never what they say.

Statements carry personal data, so no page's role gets pg_read_all_stats. The owner has it (crm/wall/roles.py;
without it the states of others' sessions read "other").
"""

from django.db import migrations

MAKE = """
CREATE FUNCTION ops_sessions() RETURNS TABLE (login text, state text, sessions bigint, seconds numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(usename, 'server'), coalesce(a.state, 'other'), count(*),
        round(coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0), 1)
    FROM pg_stat_activity AS a
    WHERE datname = current_database() AND pid <> pg_backend_pid()
    GROUP BY 1, 2
$$
"""


class Migration(migrations.Migration):
    dependencies = [("crm", "0006_draft")]

    operations = [migrations.RunSQL(MAKE, "DROP FUNCTION ops_sessions()")]
