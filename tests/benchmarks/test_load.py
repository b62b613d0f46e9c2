"""What the load sends, and that answers which are not what was meant to be measured fail the run."""

import pytest

from tests.benchmarks import decisions
from tests.benchmarks.figures import share
from tests.benchmarks.load import Ask, Round

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
    found = dict.fromkeys(("decisions", "forward_auth", "new_heads"), Round(10, 1.0, 1.0))
    decisions._check({"ok": 5}, {"ok": 35, "token_malformed": 3, "rate_limited": 0}, found)
    with pytest.raises(RuntimeError, match="rate_limited"):
        decisions._check({"ok": 5}, {"ok": 35, "rate_limited": 1}, found)
    with pytest.raises(RuntimeError, match="should be allowed"):
        decisions._check({"ok": 5}, {"ok": 30}, found)


def test_a_share_is_what_so_many_do_not_exceed() -> None:
    values = [float(number) for number in range(1, 101)]
    assert (share(values, 0.5), share(values, 0.99), share(values, 1.0), share([7.0], 0.99)) == (50, 99, 100, 7)
