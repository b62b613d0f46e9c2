"""What is put off says in its row when it comes back."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from accounts import clock
from tiers import snapshot
from tokens.actions.handling import snooze_request
from tokens.models import AccessRequest
from tokens.selectors.review_rows import rows

from .conftest import ask
from .test_review_pages import text


def put_off(desk: SimpleNamespace, until: datetime | None) -> AccessRequest:
    asked = ask()
    return snooze_request(access_request=asked, version=asked.version, until=until, by=desk.maintainer)


def test_a_row_says_until_when(desk: SimpleNamespace) -> None:
    soon = clock.now() + timedelta(days=3)
    put_off(desk, soon)
    put_off(desk, None)
    page = text(desk.client, "/review/?tab=snoozed")
    assert f"until {soon.astimezone(UTC):%a} {soon.day} {soon:%b}</span>" in page
    assert "until an answer</span>" in page


def test_what_is_back_says_nothing(desk: SimpleNamespace) -> None:
    asked = put_off(desk, clock.now() + timedelta(days=3))
    now, catalogue = snapshot.kept_now()
    shown = [rows([asked.pk], desk.maintainer, catalogue, now + timedelta(days=days))[0].asleep for days in (0, 4)]
    assert (bool(shown[0]), shown[1]) == (True, "")
