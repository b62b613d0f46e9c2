"""A PostgreSQL that takes connections and never says anything, as behind a broken network."""

import socket
import time

import psycopg
import pytest
from django.db import connection

from tokens.gateway import confirming


def test_a_server_that_hangs_is_not_waited_for_two_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    """By whoever has to connect anew: what confirms refusals holds a lock meanwhile, and the housekeeping its jobs."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        monkeypatch.setitem(connection.settings_dict, "PORT", str(server.getsockname()[1]))
        began = time.monotonic()
        with pytest.raises(psycopg.OperationalError):
            confirming.opened()
    assert time.monotonic() - began < 60
