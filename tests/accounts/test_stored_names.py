"""What was stored as a name before hidden characters were left out is cleaned where it stands, and shown in order."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from django.template import Context, Template
from django.urls import reverse

from accounts import audit
from accounts.models import User, Workspace
from accounts.names import REORDERING, seen, straight
from tests import factories
from tests.tokens.review.conftest import desk, signed_in
from tokens.models import Application

__all__ = ["desk"]
HIDDEN = f"Eve{REORDERING}gnp\x07 \x85\n.exe"
GIVEN = [
    "Ada Byron",
    "王芳",
    "می\u200cخواهم",
    "👩\u200d👧",
    HIDDEN,
    "\u2067Eve\u2069 \x1b[2J",
    "\u202e",
    "O'Neill [x-y]\\s",
]


def cleaned() -> None:
    for app, number in (("accounts", "0006"), ("tokens", "0014")):
        migration = import_module(f"{app}.migrations.{number}_names_that_can_be_seen").Migration
        with connection.cursor() as cursor:
            for operation in migration.operations:
                cursor.execute(operation.sql)


@pytest.mark.parametrize("given", GIVEN)
def test_stored_names_become_what_can_be_seen_of_them(db: None, given: str) -> None:
    application = factories.application()
    User.objects.update(name=given)
    Workspace.objects.update(name=given)
    Application.objects.update(name=given)
    cleaned()
    application.refresh_from_db()
    assert set(User.objects.values_list("name", flat=True)) == {seen(given)}
    assert application.name == (seen(given) or application.public_id)
    workspace = application.workspace
    assert Workspace.objects.get(pk=workspace.pk).name == (seen(given) or workspace.public_id)


def test_the_audit_keeps_what_was_written_and_shows_it_in_order(desk: SimpleNamespace) -> None:
    administrator, application = factories.administrator(), factories.application()
    Application.objects.update(name=HIDDEN)
    application.refresh_from_db()
    with transaction.atomic():
        after = {"name": HIDDEN, "hosts": [HIDDEN]}
        audit.record("application.edited", application, by=administrator, workspace=application.workspace, after=after)
    log = signed_in(administrator).get("/audit/?action=application.edited").content.decode()
    own = signed_in(application.created_by).get(reverse("workspace:activity")).content.decode()
    for page in (log, own):
        assert page.count("Evegnp") == 3
        assert not set(REORDERING) & set(page)


def test_text_of_several_lines_keeps_them() -> None:
    assert straight("One\n\u202etwo\n") == "One\ntwo\n"


def test_a_name_from_the_right_turns_nothing_beside_it() -> None:
    told = Template("{% blocktranslate with name=person.name|isolated %}Limits of {{ name }}{% endblocktranslate %} 5")
    assert told.render(Context({"person": User(name="שרה")})) == "Limits of \u2068שרה\u2069 5"
