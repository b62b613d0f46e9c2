"""Over one connection the same heads come again and again, and each call is answered for whom it names."""

import json
import random
import re
import socket
import time
from collections.abc import Callable, Iterator
from http.client import HTTPResponse
from typing import Any

import pytest

from tests import factories
from tests.journeys.test_event_loop import CHAT, GATED, Place, read, request, served
from tiers.models import Tier
from tokens.actions.gateways import add_gateway, revoke_gateway
from tokens.actions.tokens import revoke_token
from tokens.models import Gateway, Token

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.server]
_CHANGING = re.compile(r"req_\w+|20\d\d-\d\d-\d\dT[\d:.]+Z|r=\d+;t=\d+|remaining\D+\d+|reset\D+\d+", re.IGNORECASE)


def told(answer: HTTPResponse, body: bytes) -> tuple[Any, ...]:
    """But for what differs from call to call."""
    headers = sorted(
        (name.lower(), _CHANGING.sub("", f"{name}: {value}".lower())) for name, value in answer.getheaders()
    )
    return (
        answer.status,
        [line for name, line in headers if name not in {"date", "content-length"}],
        _CHANGING.sub("", body.decode()),
    )


@pytest.fixture
def place() -> Iterator[Place]:
    factories.catalogue()
    Tier.objects.update(requests_per_minute=100_000)
    with served() as at:
        yield at


def one_by_one(place: Place, calls: list[bytes], cut: Callable[[bytes], list[bytes]]) -> list[tuple[Any, ...]]:
    """Over one connection, each once the one before is answered."""
    with place.connected() as connection, connection.makefile("rb") as stream:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answers = []
        for call in calls:
            for piece in cut(call):
                connection.sendall(piece)
            answers.append(read(stream, "GET"))
        return [told(*one) for one in answers]


def test_each_is_answered_as_on_a_connection_of_its_own(place: Place) -> None:
    other = factories.token().text
    mine, theirs = place.token.encode(), other.encode()
    calls = [
        place.decision(),
        place.decision().replace(mine, theirs),
        place.decision().replace(mine, mine[:-1] + (b"0" if mine[-1:] != b"0" else b"1")),
        place.decision(model=GATED),
        place.decision("Accept-Language: zh-CN", model=GATED),
        place.decision().replace(CHAT.encode(), b"/v1/chat/completion!"),
        place.decision(chunked=True),
        place.forward_auth(),
        place.forward_auth().replace(mine, theirs),
        place.forward_auth().replace(mine, b"nothing"),
        place.forward_auth(key="X-Other-Key"),
        place.forward_auth("Accept-Language: zh-CN").replace(b"gpt-4o-mini", b"gpt-4o"),
        request("GET /healthz"),
    ]
    alone = [told(*place.send(call)[0]) for call in calls]
    chance = random.Random(7)  # noqa: S311

    def cut(call: bytes) -> list[bytes]:
        at = chance.choice([0, 0, 0, chance.randrange(len(call))])
        return [call[:at], call[at:]] if at else [call]

    for _walk in range(40):
        walk = [chance.randrange(len(calls)) for _call in range(20)]
        found = one_by_one(place, [calls[which] for which in walk], cut)
        for step, which in enumerate(walk):
            assert found[step] == alone[which], (walk[: step + 1], calls[which])
    # Behind a wrong key nothing is read.
    wrong = place.decision().replace(place.key.encode(), b"trl_gw_wrong")
    assert one_by_one(place, [*calls, wrong], cut)[-1] == told(*place.send(wrong)[0])
    assert len({json.loads(place.send(call)[0][1])["workspace"] for call in calls[:2]}) == 2


def test_what_comes_together_is_told_apart_each_time(place: Place) -> None:
    """Whichever of the two names its credential first, as a search for the name would find it."""
    other = factories.token().text.encode()
    mine = place.token.encode()
    malformed = mine[:-1] + (b"0" if mine[-1:] != b"0" else b"1")
    for call in (place.decision(), place.forward_auth()):
        in_small_letters = call.replace(b"\r\nAuthorization: ", b"\r\nauthorization: ")
        seconds = [call, call.replace(mine, other), call.replace(CHAT.encode(), b"/nowhere/whatsoever_")]
        for first in (in_small_letters, in_small_letters.replace(mine, malformed)):
            for pair in [(first, second) for second in seconds] + [(second, first) for second in seconds]:
                alone = [told(*place.send(one)[0]) for one in pair]
                for _time in range(3):
                    found = [told(*one) for one in place.send(b"".join(pair), answers=2)]
                    assert found == alone, pair


def test_empty_lines_between_calls_do_not_add_up(place: Place) -> None:
    with place.connected() as connection, connection.makefile("rb") as stream:
        answers = []
        for _time in range(12):
            connection.sendall(place.decision())
            answers.append(read(stream, "GET"))
            connection.sendall(b"\r\n" * 5000)
        assert [answer.status for answer, _body in answers] == [200] * 12


def test_a_head_that_is_known_gives_no_right_that_is_gone(place: Place) -> None:
    answers: list[HTTPResponse] = []
    with place.connected() as connection, connection.makefile("rb") as stream:

        def ask(call: bytes) -> tuple[int, Any]:
            connection.sendall(call)
            answer, body = read(stream, "GET")
            answers.append(answer)  # It closes the stream when it goes.
            return answer.status, json.loads(body or b"{}").get("code")

        for _ in range(3):
            assert ask(place.decision()) == (200, "ok")
            assert ask(place.forward_auth())[0] == 200
        token = Token.objects.get()
        revoke_token(token=token, reason="It leaked", by=token.created_by)
        assert ask(place.decision()) == (200, "token_revoked")
        assert ask(place.forward_auth())[0] == 401
        staff = factories.administrator()
        second = add_gateway(name="second", kind="custom", by=staff).text
        assert ask(place.decision().replace(place.key.encode(), second.encode())) == (200, "token_revoked")
        revoke_gateway(gateway=Gateway.objects.get(name="edge"), reason="Retired", by=staff)
        # Known gateways are read again each second, and at once when told.
        deadline = time.monotonic() + 60
        while ask(place.decision())[0] != 401:
            assert time.monotonic() < deadline
