"""That a token was used is noted on the way; an answer neither waits for the note nor fails with it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from tests import factories
from tests.tokens.gateway.calls import Client
from tokens.actions.gateways import add_gateway
from tokens.gateway import folding, usage
from tokens.models import Gateway, Token

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def session(setting: str) -> Iterator[None]:
    """Every session is ended after it: an answer gives this one back to the pool, to be another test's next."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET {setting}")
    try:
        yield
    finally:
        connection.close()
        connection.close_pool()


@pytest.fixture
def asked() -> tuple[Client, str]:
    factories.catalogue()
    gateway = add_gateway(name="edge", kind="custom", by=factories.administrator())
    return Client(gateway.text), factories.token().text


def test_a_call_is_noted_within_seconds(asked: tuple[Client, str]) -> None:
    client, text = asked
    assert client.decide(token=text, model="gpt-4o-mini").json["allow"]
    usage.flush()
    folding.fold()
    assert Token.objects.get().last_used_at is not None
    assert Gateway.objects.get().last_used_at is not None


def test_a_database_that_cannot_be_written_still_answers(asked: tuple[Client, str]) -> None:
    client, text = asked
    with session("default_transaction_read_only = on"):
        body = client.decide(token=text, model="gpt-4o-mini").json
    assert body["code"] == "ok"
