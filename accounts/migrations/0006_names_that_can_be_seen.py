"""Names that were stored before hidden characters were left out of them, as `accounts.names.seen` has them now."""

from django.db import migrations

_REORDERING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_CONTROLS = "\u0001-\u001f\u007f-\u009f"
_CLEAN = f"""
    UPDATE {{table}} SET name = coalesce(
        nullif(btrim(regexp_replace(translate(name, '{_REORDERING}', ''), '[{_CONTROLS}\\s]+', ' ', 'g')), ''),
        {{empty}})
    WHERE name ~ '[{_REORDERING}{_CONTROLS}]'
"""  # noqa: S608  Of constants alone.


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_finding_parts_of_names")]

    operations = [
        # A person without a name is called by what stands before the @.
        migrations.RunSQL(_CLEAN.format(table="accounts_user", empty="''"), migrations.RunSQL.noop),
        migrations.RunSQL(_CLEAN.format(table="accounts_workspace", empty="public_id"), migrations.RunSQL.noop),
    ]
