"""What no form of ours sends: it is refused or made the best of, and is never a fault."""

import pytest
from django.db import transaction
from django.http import HttpResponse

from tests.access import table
from tests.access.test_matrix import ADDRESSES, insider
from tests.access.world import World

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"
PARAMETERS = ("after", "before", "find", "q", "tab", "who", "tier", "model", "family", "operation", "application")
PARAMETERS += (
    "action",
    "actor",
    "workspace",
    "since",
    "until",
    "state",
    "source",
    "next",
    "decision",
    "key",
    "product",
    "token",
    "endpoint",
    "method",
    "origin",
    "address",
    "permission",
)
# Not UTF-8; more than any column counts; a day off the calendar.
HOSTILE = ("%FF", "9" * 40, "9999-12-31")


def ask(world: World, who: str, method: str, path: str, body: str = "", **headers: str) -> HttpResponse:
    with transaction.atomic():
        answer = world.browser(who).generic(method, path, body, content_type=FORM, headers=headers)
        transaction.set_rollback(True)
    return answer


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_query_is_a_fault(world: World, address: str) -> None:
    for value in HOSTILE:
        query = "&".join(f"{name}={value}" for name in PARAMETERS)
        assert ask(world, insider(address), "GET", f"{world.path(address)}?{query}").status_code < 500, value


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/invitations/%00/%00/", ""),
        ("GET", "/applications/?after=%00", ""),
        ("GET", "/requests/new/?model=a%00b", ""),
        ("POST", "/workspace/switch/", "workspace=%00"),
        ("POST", "/requests/new/", "subject=model:%00"),
        ("POST", "/explain/", "token=%00&endpoint=/v1/completions"),
        ("POST", "/accounts/login/", "login=%00&password=%00"),
    ],
)
def test_a_nul_is_refused_before_it_reaches_postgresql(world: World, method: str, path: str, body: str) -> None:
    answer = ask(world, table.OWNER, method, path, body)
    assert answer.status_code == 400
    assert "could not be understood" in answer.content.decode()


def test_a_nul_in_a_cookie_is_refused(world: World) -> None:
    """A quoted cookie can spell it, and the session is looked up by what a cookie says."""
    answer = ask(world, table.ANONYMOUS, "GET", "/applications/", cookie=r'sessionid="\000aaaaaaaaaaaa"')
    assert answer.status_code == 400


@pytest.mark.parametrize("day", ["9999-12-31", "3000-01-01"])
def test_a_last_day_off_the_calendar_is_an_error_beside_its_field(world: World, day: str) -> None:
    decision = f"decision=approved&until=day&day={day}&version=1&tier=flower"
    decided = ask(world, table.MAINTAINER, "POST", world.path("review/<slug:public_id>/decide/"), decision)
    application = world.arguments["applications/"]["public_id"]
    token = f"name=x&application={application}&kind=secret&ends=day&day={day}&once=0123456789ab"
    minted = ask(world, table.OWNER, "POST", "/tokens/new/", token)
    for answer in (decided, minted):
        assert answer.status_code == 422
        assert "2999" in answer.content.decode()
