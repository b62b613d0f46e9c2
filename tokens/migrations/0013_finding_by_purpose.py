import django.contrib.postgres.indexes
from django.db import migrations

import accounts.search

# The words of a text, and each Chinese, Japanese or Korean character as one. Of built-in functions alone.
WORDS = r"""
    CREATE FUNCTION trellis_words(given text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
        SELECT to_tsvector('simple', regexp_replace(given, E'([\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff])', E' \\1 ', 'g'))
    $$
"""
# Those who may decide are few among all people, and each list of the queue names them.
REVIEWERS = "CREATE INDEX user_with_a_role ON accounts_user (name, id) WHERE role <> 'developer'"


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_finding_parts_of_names"),
        ("tokens", "0013_imported_comments"),
    ]

    operations = [
        migrations.RunSQL(WORDS, "DROP FUNCTION trellis_words(text)"),
        migrations.RunSQL(REVIEWERS, "DROP INDEX user_with_a_role"),
        migrations.AddIndex(
            model_name="accessrequest",
            index=django.contrib.postgres.indexes.GinIndex(
                accounts.search.Words("purpose"), name="request_by_words_of_purpose"
            ),
        ),
    ]
