from django.db import migrations

# null is the least int8
PACK = """
CREATE FUNCTION pg_temp.packed(bigint[]) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT string_agg(int8send(coalesce(fen, -9223372036854775808)), '' ORDER BY place)
    FROM unnest($1) WITH ORDINALITY AS month (fen, place)
$$;
ALTER TABLE customers_standing ALTER COLUMN months TYPE bytea USING pg_temp.packed(months);
DROP FUNCTION pg_temp.packed(bigint[]);
"""
UNPACK = """
CREATE FUNCTION pg_temp.unpacked(bytea) RETURNS bigint[] LANGUAGE sql IMMUTABLE AS $$
    SELECT array_agg(nullif(substr($1, 8 * place + 1, 8)::bigint, -9223372036854775808) ORDER BY place)
    FROM generate_series(0, 12) AS place
$$;
ALTER TABLE customers_standing ALTER COLUMN months TYPE bigint[] USING pg_temp.unpacked(months);
DROP FUNCTION pg_temp.unpacked(bytea);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0012_prospects"),
    ]

    operations = [
        migrations.RunSQL(PACK, UNPACK),
    ]
