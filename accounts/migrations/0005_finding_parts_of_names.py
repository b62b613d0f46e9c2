import django.contrib.postgres.indexes
from django.db import migrations

import accounts.search

# In lower case: each pair of characters from the first on, each from the second on, and each character. Of built-in
# functions alone, so that PostgreSQL puts it into the query where it is called, and where it must ask row after row that
# is quick as well.
PAIRS = r"""
    CREATE FUNCTION trellis_pairs(given text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
        SELECT string_to_array(
            regexp_replace(lower(given), '(..)', E'\\1\x01', 'g') || E'\x01'
                || regexp_replace(substr(lower(given), 2), '(..)', E'\\1\x01', 'g'),
            E'\x01'
        ) || string_to_array(lower(given), NULL)
    $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_review_digest"),
    ]

    operations = [
        migrations.RunSQL(PAIRS, "DROP FUNCTION trellis_pairs(text)"),
        migrations.AddIndex(
            model_name="user",
            index=django.contrib.postgres.indexes.GinIndex(accounts.search.Pairs("name"), name="user_by_part_of_name"),
        ),
    ]
