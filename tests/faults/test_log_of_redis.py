"""What an operator reads of a Redis that is away."""

import pytest
import structlog
from structlog.testing import capture_logs

from accounts import wire
from accounts.wire import Away, Wire
from tests.fixtures.redis_servers import Server


def test_a_redis_that_is_away_is_logged_when_it_is_found_so_and_not_with_each_call(
    own_redis: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There may be thousands of calls a second meanwhile, each with the same to say."""
    monkeypatch.setattr(wire, "REST", 600.0)
    monkeypatch.setattr(wire, "log", structlog.get_logger())  # Bound anew: one that was used before is kept.
    asked = Wire(own_redis.url)
    assert asked.call("PING", key="any") == b"PONG"
    own_redis.kill()
    with capture_logs() as logs:
        for _call in range(20):
            with pytest.raises(Away):
                asked.call("PING", key="any")
    assert [entry["event"] for entry in logs] == ["redis_away"]
