"""Every address × every kind of visitor × every method: as the table says, never a fault, and no GET writes."""

import re
from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver

from tests.access import table
from tests.access.table import FORBIDDEN, MISSING, OPEN, SIGN_IN, TABLE, TABLE_OF_FORMS, UNSIGNED, VISITORS
from tests.access.world import NOBODYS_ID, World

pytestmark = pytest.mark.django_db
NO_SUCH_METHOD = "405"
OTHER_METHODS = ("HEAD", "OPTIONS", "PUT", "PATCH", "DELETE")
SESSIONS = {"django_session", "usersessions_usersession"}
HEADERS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
# What this transaction wrote to each table, undone savepoints included.
WRITTEN = "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"


def addresses(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[str]:
    for entry in (resolver or get_resolver()).url_patterns:
        path = f"{prefix}{entry.pattern}"
        if isinstance(entry, URLPattern):
            yield path
        else:
            yield from addresses(entry, path)


ADDRESSES = sorted(set(addresses()))
WITH_A_THING = [address for address in ADDRESSES if "public_id>" in address or "slug:slug>" in address]


def test_the_table_knows_every_address() -> None:
    """Whoever adds an address says here whom it is for."""
    assert sorted(set(ADDRESSES) - TABLE.keys()) == []


def outcome(answer: HttpResponse) -> str:
    """What a visitor was told. A form that was not filled in, or sent too soon again, was open all the same."""
    if answer.status_code == 302 and answer["Location"].startswith("/accounts/login/?next="):
        return SIGN_IN
    if answer.status_code in {200, 301, 302, 409, 422, 429}:
        return OPEN
    return str(answer.status_code)


def visible(answer: HttpResponse, path: str) -> str:
    """The page without what differs from answer to answer."""
    return re.sub(r'(content|value)="[^"]{64}"', "", answer.content.decode()).replace(path, "")


def call(world: World, who: str, method: str, path: str) -> HttpResponse:
    """Ask, and undo what it did."""
    with transaction.atomic():
        answer = world.browser(who).generic(method, path, content_type="application/x-www-form-urlencoded")
        transaction.set_rollback(True)
    return answer


def written() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN)
        return {name: number for name, number in cursor.fetchall() if name not in SESSIONS}


def expected(world: World, address: str, method: str) -> dict[str, str]:
    """What the table says; but a method that a page does not take is refused before the thing is looked for, alike
    to everybody who is not turned away."""
    told = (TABLE | TABLE_OF_FORMS if method == "POST" else TABLE)[address]
    if takes(world, address, method):
        return told
    return {who: what if what in {SIGN_IN, FORBIDDEN} else NO_SUCH_METHOD for who, what in told.items()}


def takes(world: World, address: str, method: str) -> bool:
    """Whether the page takes the method. It does so at any time alike, so it is asked once."""
    known = world.taken
    if (address, method) not in known:
        known[address, method] = call(world, insider(address), method, world.path(address)).status_code != 405
    return known[address, method]


def insider(address: str) -> str:
    """Somebody who is let in, if anybody is."""
    return table.ADMINISTRATOR if TABLE[address][table.OWNER] == FORBIDDEN else table.OWNER


@pytest.mark.parametrize("address", ADDRESSES)
def test_everybody_is_told_what_the_table_says_and_reading_writes_nothing(world: World, address: str) -> None:
    path, wrong = world.path(address), []
    for who in sorted(VISITORS, key=lambda who: who != insider(address)):
        for method in ("GET", "POST"):
            before = written()
            answer = call(world, who, method, path)
            if who == insider(address):
                world.taken[address, method] = answer.status_code != 405
            if outcome(answer) != expected(world, address, method)[who]:
                wrong.append((who, method, answer.status_code, answer.headers.get("Location")))
            if method == "GET" and written() != before and address not in table.ASKS_THE_PROVIDER:
                wrong.append((who, method, "wrote"))
    assert wrong == []


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_method_is_a_fault_and_every_answer_has_its_headers(world: World, address: str) -> None:
    path, wrong = world.path(address), []
    for method in OTHER_METHODS:
        before = written()
        answer = call(world, insider(address), method, path)
        quiet = method in {"HEAD", "OPTIONS"} and address not in table.ASKS_THE_PROVIDER
        if answer.status_code >= 500 or (quiet and written() != before):
            wrong.append((method, answer.status_code))
        policy = answer.headers.get("Content-Security-Policy", "")
        if "default-src 'none'" not in policy or "unsafe" in policy:
            wrong.append((method, policy))
        wrong += [(method, name) for name, value in HEADERS.items() if answer.headers.get(name) != value]
    assert wrong == []


@pytest.mark.parametrize("address", WITH_A_THING)
def test_what_is_not_theirs_looks_like_what_does_not_exist(world: World, address: str) -> None:
    """Nobody learns which ids exist; and whoever may look meets a plain 404 where there is nothing."""
    there, nowhere = world.path(address), world.path(address, public_id=NOBODYS_ID, slug="no-such-tier")
    for method, told in ((method, expected(world, address, method)) for method in ("GET", "POST")):
        if told[insider(address)] == OPEN:
            assert call(world, insider(address), method, nowhere).status_code == 404
        theirs, nobodys = (call(world, table.STRANGER, method, path) for path in (there, nowhere))
        if told[table.STRANGER] != OPEN and address not in TABLE_OF_FORMS:
            assert theirs.status_code == nobodys.status_code
            assert visible(theirs, there) == visible(nobodys, nowhere)


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_form_is_taken_from_another_site(world: World, address: str) -> None:
    browser = world.browser(table.OWNER, enforce_csrf_checks=True)
    answer = browser.post(world.path(address))
    assert answer.status_code == (401 if TABLE_OF_FORMS.get(address) == UNSIGNED else 403)


def test_a_draft_is_the_applicants_alone(world: World) -> None:
    """What nobody has sent, no reviewer sees."""
    from tests.access.world import draft

    path = f"/review/{draft(world).public_id}/"
    for who in (table.MAINTAINER, table.AUDITOR, table.ADMINISTRATOR):
        assert call(world, who, "GET", path).status_code == 404
        assert outcome(call(world, who, "POST", f"{path}claim/")) in {FORBIDDEN, MISSING}
