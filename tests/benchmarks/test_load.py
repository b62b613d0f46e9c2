"""What the load sends, and that answers which are not what was meant to be measured fail the run."""

from pathlib import Path

import pytest

from tests.benchmarks import decisions
from tests.benchmarks.figures import share
from tests.benchmarks.load import Ask, Round, Subject

TOKEN = "trl_sk_0123456789ab"


def test_a_request_is_whole_with_any_credential() -> None:
    ask = Ask("POST", "/v1/decisions", {"Authorization": "Bearer key"}, '{"token":"$"}')
    head, tail = ask.around(TOKEN)
    lines, _, body = (head + TOKEN.encode() + tail).decode().partition("\r\n\r\n")
    assert body == f'{{"token":"{TOKEN}"}}'
    assert lines.split("\r\n")[0] == "POST /v1/decisions HTTP/1.1"
    assert f"Content-Length: {len(body)}" in lines


def test_a_credential_may_be_in_a_header() -> None:
    head, tail = Ask("GET", "/knox", {"Authorization": "Token $"}).around(TOKEN)
    assert (head.endswith(b"Authorization: Token "), tail) == (True, b"\r\n\r\n")


def test_answers_of_another_code_fail_the_run() -> None:
    found = dict.fromkeys(("decisions", "forward_auth"), Round(10, 1.0, 1.0))
    decisions._check({"ok": 5}, {"ok": 25, "token_malformed": 3, "rate_limited": 0}, found)
    with pytest.raises(RuntimeError, match="rate_limited"):
        decisions._check({"ok": 5}, {"ok": 25, "rate_limited": 1}, found)
    with pytest.raises(RuntimeError, match="should be allowed"):
        decisions._check({"ok": 5}, {"ok": 20}, found)


def test_the_calls_that_need_stored_passes_are_far_apart_by_no_more_than_half_a_round() -> None:
    def named(name: str) -> Subject:
        return Subject(name, 1, Ask("GET", "/", {}), Path("none"))

    ours = [named(name) for name in ("decisions", "forward_auth", "malformed", "confirmed_refusals", "hello")]
    others = [named(name) for name in ("drf_api_key", "knox", "dot_bearer", "dot_client", "litellm")]
    order = [subject.name for subject in decisions._spread(ours, others)]
    assert sorted(order) == sorted(subject.name for subject in (*ours, *others))
    assert order.index("decisions") == 0
    assert 3 <= order.index("forward_auth") <= 6


def test_a_share_is_what_so_many_do_not_exceed() -> None:
    values = [float(number) for number in range(1, 101)]
    assert (share(values, 0.5), share(values, 0.99), share(values, 1.0), share([7.0], 0.99)) == (50, 99, 100, 7)
