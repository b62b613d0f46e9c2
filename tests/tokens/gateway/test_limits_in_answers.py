"""What is left of the limits, in JSON and in header fields."""

import pytest
from msgspec import structs

from tests.tokens.gateway.worlds import NOW
from tokens.gateway.ask import Ask, Decision, LimitState, Refusal, Remedy
from tokens.gateway.protocols import forward_auth, openai_errors, presentation

MINUTE = LimitState("requests_per_minute", 60, 58, 31, "application")
DAY = LimitState("requests_per_day", 5000, 4321, 43_200, "application")
MONTH = LimitState("requests_per_month", 100_000, 99_000, 700_000, "application")
AT_ONCE = LimitState("concurrent_calls", 10, 9, 0, "application")
LATE = Refusal("rate_limited", "Later.", remedies=(Remedy("wait", "Wait"),), retry_after=2)
SPENT = structs.replace(LATE, code="allowance_used_up", retry_after=43_200)


def decision(*limits: LimitState, refusal: Refusal | None = None) -> Decision:
    return Decision(Ask("/v1/chat"), NOW, refusals=(refusal,) if refusal else (), limits=limits)


def fields(one: Decision) -> dict[str, str]:
    return dict(presentation.rate_limit_headers(one))


def test_an_answer_tells_each_limit_and_what_is_left_of_it() -> None:
    one = decision(MINUTE, DAY, MONTH, AT_ONCE)
    assert fields(one) == {
        "RateLimit-Policy": '"minute";q=60;w=60, "day";q=5000;w=86400, "month";q=100000, '
        '"concurrent";q=10;qu="concurrent-requests"',
        "RateLimit": '"minute";r=58;t=31, "day";r=4321;t=43200, "month";r=99000;t=700000, "concurrent";r=9;t=0',
        "X-RateLimit-Limit-Requests": "60",
        "X-RateLimit-Remaining-Requests": "58",
        "X-RateLimit-Reset-Requests": "31s",
    }
    assert presentation.full(one)["limits"]["requests_per_minute"] == {"limit": 60, "remaining": 58, "reset": 31}
    assert list(presentation.full(one)["limits"])[1:] == ["requests_per_day", "requests_per_month", "concurrent_calls"]


def test_of_limits_of_one_name_the_tightest_is_told() -> None:
    cap = LimitState("requests_per_day", 10, 7, 43_200, "token")
    wide = LimitState("requests_per_day", 10**6, 7, 43_200, "workspace")
    for order in ((cap, MINUTE, DAY, wide), (wide, DAY, MINUTE, cap)):
        one = decision(*order)
        assert presentation.full(one)["limits"]["requests_per_day"] == {"limit": 10, "remaining": 7, "reset": 43_200}
        assert fields(one)["X-RateLimit-Limit-Requests"] == "60"
        assert '"day";r=7;t=43200' in fields(one)["RateLimit"]


def test_where_there_is_no_limit_nothing_is_said() -> None:
    assert fields(decision()) == {}
    assert "limits" not in presentation.full(decision())
    assert not any(name.startswith("X-RateLimit") for name in fields(decision(DAY)))


def test_a_refusal_that_passes_says_when() -> None:
    assert fields(decision(refusal=LATE)) == {"Retry-After": "2"}
    assert fields(decision(MINUTE, refusal=LATE))["Retry-After"] == "2"


@pytest.mark.parametrize(("refusal", "worth_a_retry"), [(LATE, True), (SPENT, False)])
def test_a_minute_is_worth_a_retry_and_a_day_is_not(refusal: Refusal, worth_a_retry: bool) -> None:
    answer = openai_errors.of_decision(decision(MINUTE, DAY, refusal=refusal))
    headers = dict(answer.headers)
    assert (answer.status, headers["Retry-After"]) == (429, str(refusal.retry_after))
    assert headers.get("X-Should-Retry") == (None if worth_a_retry else "false")
    assert headers["RateLimit"] == '"minute";r=58;t=31, "day";r=4321;t=43200'


def test_what_a_gateway_passes_on_has_the_limits_too() -> None:
    assert dict(forward_auth.allowed_headers(decision(MINUTE)))["RateLimit"] == '"minute";r=58;t=31'
