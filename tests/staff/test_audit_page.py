"""The audit log as auditors read it: filtered, paged, checked, and told without markup of its own."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEvent, User
from tests.factories import application, auditor, catalogue, maintainer, person, token
from tokens.actions.tokens import edit_token, revoke_token
from tokens.restrictions import Restrictions

pytestmark = pytest.mark.django_db
# Signing in and the frame take nine; the page itself: known actions, events, checkpoint.
QUERIES = 12


@pytest.fixture
def reader(client: Client) -> Client:
    client.force_login(auditor())
    return client


@pytest.fixture
def owner() -> User:
    catalogue()
    minted = token(name="<script>alert(1)</script>")
    edit_token(token=minted.token, name="batch", restrictions=Restrictions(), by=minted.token.created_by)
    revoke_token(token=minted.token, reason="Lost & found", by=minted.token.created_by)
    return minted.token.created_by


def actions_on(page: str) -> list[str]:
    return re.findall(r"<summary>.*?<code>([\w.]+)</code>", page, re.DOTALL)


def read(reader: Client, **filters: str) -> str:
    response = reader.get(reverse("audit"), filters)
    assert response.status_code == 200
    return response.content.decode()


def test_newest_first_with_before_and_after(reader: Client, owner: User) -> None:
    page = read(reader)
    assert actions_on(page)[:3] == ["token.revoked", "token.edited", "token.minted"]
    assert "<del>&lt;script&gt;alert(1)&lt;/script&gt;</del>" in page
    assert "<ins>batch</ins>" in page
    assert "Lost &amp; found" in page


@pytest.mark.parametrize(
    ("filters", "shown"),
    [
        ({"action": "token.minted"}, ["token.minted"]),
        ({"action": "token"}, ["token.revoked", "token.edited", "token.minted"]),
        ({"find": "Lost & found"}, ["token.revoked"]),
        ({"actor": "tests"}, ["catalogue.loaded"]),
        ({"workspace": "platform"}, ["catalogue.loaded"]),
        ({"since": "2999-01-01"}, []),
        ({"until": "2000-01-01"}, []),
        ({"find": "no such thing"}, []),
        ({"action": "token", "actor": "nobody"}, []),
    ],
)
def test_filters_narrow(reader: Client, owner: User, filters: dict[str, str], shown: list[str]) -> None:
    assert actions_on(read(reader, **filters)) == shown


def test_actor_and_workspace_are_found_by_name_id_and_address(reader: Client, owner: User) -> None:
    workspace = owner.personal_workspace
    for text in (owner.name[:3], owner.email.upper(), owner.public_id):
        assert "token.minted" in actions_on(read(reader, actor=text))
    for text in (workspace.name, workspace.public_id):
        assert "token.minted" in actions_on(read(reader, workspace=text))


@pytest.mark.parametrize(
    "filters",
    [{"since": "yesterday"}, {"action": "<x>"}, {"after": "x"}, {"before": "0" * 12}],
)
def test_what_is_not_understood_filters_nothing(reader: Client, owner: User, filters: dict[str, str]) -> None:
    assert len(actions_on(read(reader, **filters))) == AuditEvent.objects.count()


def test_pages_lead_on_and_back_and_keep_the_filters(reader: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.paging.page_of.__kwdefaults__", {"size": 2})
    for _ in range(5):
        application(person())
    seen, page = [], read(reader, action="application")
    for _ in range(3):
        seen.append(page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        if following is None:
            break
        assert "action=application" in following[1]
        page = reader.get(reverse("audit") + following[1].replace("&amp;", "&")).content.decode()
    assert [len(actions_on(shown)) for shown in seen] == [2, 2, 1]
    back = re.search(r'rel="prev" href="([^"]+)"', seen[2])
    assert back is not None
    again = reader.get(reverse("audit") + back[1].replace("&amp;", "&")).content.decode()
    assert re.findall(r'id="e-(\w+)"', again) == re.findall(r'id="e-(\w+)"', seen[1])


def test_an_event_that_was_altered_says_so(reader: Client, owner: User) -> None:
    assert "is not what was written" not in read(reader)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE accounts_auditevent DISABLE TRIGGER USER")
        cursor.execute("UPDATE accounts_auditevent SET reason = 'Nothing to see' WHERE action = 'token.revoked'")
        cursor.execute("ALTER TABLE accounts_auditevent ENABLE TRIGGER USER")
    assert read(reader).count("is not what was written") == 1
    verified = reader.post(reverse("audit_verify"))
    assert "altered" in verified.content.decode()


def test_verifying_a_whole_log_says_that_it_is(reader: Client, owner: User) -> None:
    response = reader.post(reverse("audit_verify"), follow=True)
    assert "Every chain is whole" in response.content.decode()


@pytest.mark.parametrize("role", [person, maintainer])
def test_others_do_not_read_it(client: Client, role) -> None:  # type: ignore[no-untyped-def]
    client.force_login(role())
    assert client.get(reverse("audit")).status_code == 403
    assert client.post(reverse("audit_verify")).status_code == 403


def test_visitors_are_sent_to_sign_in(client: Client) -> None:
    assert client.get(reverse("audit")).status_code == 302


def test_the_number_of_queries_does_not_depend_on_the_rows(
    reader: Client, owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    read(reader)
    with django_assert_num_queries(QUERIES):
        read(reader)
    for _ in range(5):
        application(person())
    with django_assert_num_queries(QUERIES):
        read(reader)
