"""However much there is, a page makes the same number of queries."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import factories
from tests.factories import usage
from tests.tokens.pages.conftest import ask
from tokens.actions.applications import add_domain
from tokens.actions.requests import add_message

# Nine of them are the session, the person and the frame of the page, seven the catalogue.
MOST = 40


def paths(world: SimpleNamespace) -> Iterator[str]:
    yield from (
        "/",
        "/applications/",
        "/tokens/",
        "/requests/",
        "/tiers/",
        "/models/",
        "/requests/new/",
        "/tokens/new/",
        "/explain/",
    )
    yield f"/explain/?token={world.token.public_id}&model=GPT-4o&endpoint=/v1/completions"
    yield reverse("applications:detail", args=[world.application.public_id])
    yield reverse("tokens:detail", args=[world.token.public_id])
    yield reverse("requests:detail", args=[world.asked.public_id])


def queries(world: SimpleNamespace) -> dict[str, int]:
    found = {}
    for path in paths(world):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert world.client.get(path).status_code == 200
        found[path] = len(captured)
    return found


@pytest.fixture
def filled(world: SimpleNamespace) -> SimpleNamespace:
    """One of each that a list can show."""
    more(world, 1)
    return world


def more(world: SimpleNamespace, number: int) -> None:
    for turn in range(number):
        application = factories.application(world.noor, f"App {turn}")
        add_domain(application=application, host=f"app{turn}.example.com", by=world.noor)
        add_domain(application=world.application, host=f"app{turn}-{application.pk}.example.com", by=world.noor)
        factories.token(application, name=f"worker {turn}")
        minted = factories.token(world.application, name=f"worker {turn}")
        usage.calls(minted.token, 3, days_ago=turn)
        ask(application, by=world.noor)
        add_message(access_request=world.asked, text=f"Word {turn}", by=world.noor)


def test_the_number_of_queries_does_not_follow_the_number_of_rows(filled: SimpleNamespace) -> None:
    queries(filled)
    before = queries(filled)
    more(filled, 5)
    assert queries(filled) == before
    assert max(before.values()) <= MOST, before
