"""A prospect is added by one function: no role of a page may insert customers or assignments by itself."""

from django.db import migrations

ADD = """
CREATE SEQUENCE customers_prospect_number;

-- The manager whose request this is becomes the lead, from today on, in his own branch; nothing else is his
-- to choose. Runs with its owner's rights, for the page's role may insert neither customers nor assignments.
CREATE FUNCTION customers_add_prospect(told_kind text, told_name text, told_initials text, told_born_on date,
    told_industry text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    keeper managers_manager := (SELECT m FROM managers_manager AS m
        WHERE m.id = nullif(current_setting('app.manager', true), '')::bigint);
    today date := bank_today();
    made bigint;
BEGIN
    IF keeper.id IS NULL OR NOT keeper.in_post @> today THEN
        RAISE EXCEPTION 'a manager in post adds prospects'
            USING ERRCODE = '23514', CONSTRAINT = 'customers_prospect_by_a_manager';
    END IF;
    INSERT INTO customers_customer (public_id, number, kind, name, initials, branch_id, branch_path, lead_id,
        tier, lifecycle, aml_level, industry, born_on, marketing_consent, profiling_consent, since)
    SELECT gen_random_uuid(), 'P' || lpad(nextval('customers_prospect_number')::text, 9, '0'), told_kind,
        told_name, told_initials, b.id, b.path, keeper.id, 'basic', 'prospect', 'low', told_industry,
        told_born_on, false, true, today
    FROM managers_branch AS b WHERE b.id = keeper.branch_id
    RETURNING id INTO made;
    INSERT INTO customers_customeridentity (customer_id) VALUES (made);
    INSERT INTO customers_assignment (public_id, customer_id, manager_id, role, share, during, reason)
    VALUES (gen_random_uuid(), made, keeper.id, 'lead', 1, daterange(today, NULL), 'prospect');
    RETURN made;
END $$;
"""
DROP = """
DROP FUNCTION customers_add_prospect(text, text, text, date, text);
DROP SEQUENCE customers_prospect_number;
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0011_profiles_and_groups")]

    operations = [migrations.RunSQL(ADD, DROP)]
