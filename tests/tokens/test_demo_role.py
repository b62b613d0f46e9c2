"""What loading the demo needs of the database's role."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.factories import catalogue


@pytest.mark.django_db
def test_a_role_that_may_make_no_schema_is_told_so_in_one_line() -> None:
    catalogue()
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE without_schemas NOLOGIN")
        cursor.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO without_schemas")
        cursor.execute("SET LOCAL ROLE without_schemas")
        with pytest.raises(CommandError, match="role that may create schemas") as refused:
            call_command("load_demo")
        cursor.execute("RESET ROLE")
    assert "\n" not in str(refused.value)
