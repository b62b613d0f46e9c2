"""A PostgreSQL that takes connections or statements and never says anything, as behind a broken network."""

import socket
import time

import psycopg
import pytest
from django.db import OperationalError, connection
from pytest_django import DjangoAssertNumQueries

from tests import factories
from tokens.actions.gateways import add_gateway
from tokens.gateway import confirming, gateway_keys, housekeeping


def test_a_server_that_hangs_is_not_waited_for_two_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    """By whoever has to connect anew: what confirms refusals holds a lock meanwhile, and the housekeeping its jobs."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        monkeypatch.setitem(connection.settings_dict, "PORT", str(server.getsockname()[1]))
        began = time.monotonic()
        with pytest.raises(psycopg.OperationalError):
            confirming.opened()
    assert time.monotonic() - began < 60


@pytest.mark.django_db(transaction=True)
def test_no_call_waits_to_learn_that_it_hangs(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Housekeeping knows it sooner than the gateways' records are too old to be believed."""
    gateway = add_gateway(name="edge", kind="custom", by=factories.administrator())
    assert not gateway_keys.authenticate(gateway.text, "127.0.0.1").remembered
    parameters = {**connection.get_connection_params(), "cursor_factory": None}
    with psycopg.connect(**parameters) as other:
        other.execute("LOCK TABLE tokens_gatewaysecret IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(OperationalError):
            gateway_keys.refresh()
        monkeypatch.setattr(gateway_keys, "BELIEVED_SECONDS", 0)
        with django_assert_num_queries(0):
            assert gateway_keys.authenticate(gateway.text, "127.0.0.1").remembered
        other.rollback()
    connection.close()
    gateway_keys.refresh()
    assert not gateway_keys.authenticate(gateway.text, "127.0.0.1").remembered


def test_that_is_in_time() -> None:
    assert housekeeping.EVERY_SECOND[0] is gateway_keys.refresh
    assert housekeeping.EVERY + gateway_keys._REFRESH_PATIENCE < gateway_keys.BELIEVED_SECONDS
