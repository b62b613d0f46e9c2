"""Names of applications that were stored before hidden characters were refused in them."""

from django.db import migrations

_REORDERING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_CONTROLS = "\u0001-\u001f\u007f-\u009f"
_CLEAN = f"""
    UPDATE tokens_application SET name = coalesce(
        nullif(btrim(regexp_replace(translate(name, '{_REORDERING}', ''), '[{_CONTROLS}\\s]+', ' ', 'g')), ''),
        public_id)
    WHERE name ~ '[{_REORDERING}{_CONTROLS}]'
"""  # noqa: S608  Of constants alone.


class Migration(migrations.Migration):
    dependencies = [("tokens", "0013_finding_by_purpose")]

    operations = [migrations.RunSQL(_CLEAN, migrations.RunSQL.noop)]
