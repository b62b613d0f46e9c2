"""`/v1/forward-auth`: allow, refuse, and which model and token a call names."""

from urllib.parse import quote

import pytest

from tests import factories
from tests.tokens.gateway.calls import CHAT, Client, Reply, call
from tokens.actions.tokens import Minted
from tokens.gateway import folding, usage
from tokens.models import Application, Token

MODEL = {"model": "gpt-4o-mini"}


def bearer(minted: Minted) -> dict[str, str]:
    return {"Authorization": f"Bearer {minted.text}"}


def test_an_allow_says_who_calls(client: Client, seed: Minted) -> None:
    Application.objects.filter(pk=seed.token.application_id).update(slug="花-chat")
    reply = client.forward(headers=bearer(seed), json_body=MODEL)
    assert (reply.status, reply.body) == (200, b"")
    assert reply.headers["x-trellis-application"] == quote("花-chat")
    assert reply.headers["x-trellis-workspace"] == seed.token.workspace.public_id
    assert reply.headers["x-trellis-tier"] == "seed"
    assert reply.headers["x-trellis-request-id"].startswith("req_")


def test_a_refusal_has_its_own_status_and_openais_body(client: Client, seed: Minted) -> None:
    reply = client.forward(headers=bearer(seed), json_body={"model": "gpt-4o"})
    assert reply.status == 402
    assert reply.error.keys() == {"message", "type", "param", "code", "remedies", "also", "request_id"}
    assert (reply.error["code"], reply.error["type"]) == ("tier_required", "insufficient_access")
    assert reply.headers["x-should-retry"] == "false"
    assert reply.headers["x-request-id"] == reply.error["request_id"]


def test_401_carries_a_challenge(client: Client) -> None:
    assert "invalid_token" not in client.forward(json_body=MODEL).headers["www-authenticate"]
    reply = client.forward(json_body=MODEL, headers={"X-Api-Key": "x"})
    assert (reply.status, reply.error["code"]) == (401, "token_malformed")
    assert 'error="invalid_token"' in reply.headers["www-authenticate"]


def fold() -> None:
    """What was counted comes to PostgreSQL, as it does within seconds."""
    usage.flush()
    folding.fold()


def test_a_token_may_come_in_four_ways(client: Client, seed: Minted) -> None:
    Application.objects.update(secret_in_query=True)
    for headers in (bearer(seed), {"Authorization": f"bearer  {seed.text} "}, {"X-Api-Key": seed.text}):
        assert client.forward(headers=headers, json_body=MODEL).status == 200
    for name in ("key", "token"):
        assert client.forward(f"{CHAT}?a=b&{name}={seed.text}", json_body=MODEL).status == 200
    fold()
    assert Token.objects.get().seen_in_query_at is not None


def test_a_secret_in_the_query_is_refused_where_it_is_off(client: Client, seed: Minted) -> None:
    reply = client.forward(f"{CHAT}?key={seed.text}", json_body=MODEL)
    assert (reply.status, reply.error["code"]) == (401, "token_malformed")
    assert "header" in reply.error["message"]


def test_the_same_token_twice_is_one_and_two_that_differ_are_none(client: Client, seed: Minted) -> None:
    twice = {**bearer(seed), "X-Api-Key": seed.text}
    assert client.forward(headers=twice, json_body=MODEL).status == 200
    fold()
    assert Token.objects.get().seen_in_query_at is None
    assert client.forward(f"{CHAT}?key={seed.text}", headers=twice, json_body=MODEL).status == 200
    fold()
    assert Token.objects.get().seen_in_query_at is not None
    other = factories.token()
    for uri, headers in (
        (CHAT, {**bearer(seed), "X-Api-Key": other.text}),
        (f"{CHAT}?token={other.text}", bearer(seed)),
        (f"{CHAT}?token={other.text}&key={seed.text}", {}),
        (f"{CHAT}?key={other.text}&key={seed.text}", {}),
        (f"{CHAT}?key=", bearer(seed)),
    ):
        reply = client.forward(uri, headers=headers, json_body=MODEL)
        assert (reply.status, reply.error["code"]) == (401, "token_malformed")
        assert "two tokens" in reply.error["message"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": ""},
        {"Authorization": "Bearer \xe9\xff"},
        {"X-Api-Key": ""},
    ],
    ids=repr,
)
def test_what_stands_for_a_token_is_never_taken_for_none(client: Client, headers: dict[str, str]) -> None:
    assert client.forward(headers=headers, json_body=MODEL).error["code"] == "token_malformed"


def test_a_token_without_its_scheme_is_malformed(client: Client, seed: Minted) -> None:
    reply = client.forward(headers={"Authorization": seed.text}, json_body=MODEL)
    assert reply.error["code"] == "token_malformed"
    assert client.forward(f"{CHAT}?key=", json_body=MODEL).error["code"] == "token_malformed"


def ambiguous(reply: Reply) -> bool:
    return (reply.status, reply.error["code"]) == (400, "ask_ambiguous")


TWO_MODELS = [
    b'{"model": "gpt-4o-mini", "model": "gpt-4o"}',
    b'{"model": "gpt-4o-mini", "model": "gpt-4o-mini"}',
    b'{"model": "gpt-4o-mini", "mod\\u0065l": "gpt-4o"}',
    b'{"model": "gpt-4o-mini", "Model": "gpt-4o"}',
    b'{"MODEL": "gpt-4o-mini"}',
]


@pytest.mark.parametrize("body", TWO_MODELS)
def test_a_body_that_names_two_models_is_ambiguous(client: Client, seed: Minted, body: bytes) -> None:
    headers = {**bearer(seed), "Content-Type": "application/json"}
    assert ambiguous(client.forward(headers=headers, body=body))
    assert ambiguous(client.forward(headers={**headers, "Content-Type": "text/plain"}, body=b" " + body))


@pytest.mark.parametrize(
    "media", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"]
)
def test_a_body_that_looks_like_json_is_read_as_json(client: Client, seed: Minted, media: str) -> None:
    headers = {**bearer(seed), "Content-Type": media, "X-Model": "gpt-4o-mini"}
    assert client.forward(headers=headers, body=b' {"model": "gpt-4o"}').error["code"] == "tier_required"
    assert client.forward(headers=headers, body=b"\x0c{").error["code"] == "invalid_json"
    for encoding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-32"):
        body = '{"model": "gpt-4o"}'.encode(encoding)
        assert client.forward(headers=headers, body=body).error["code"] == "invalid_json", encoding


def test_a_recording_that_begins_with_a_brace_is_none(client: Client, seed: Minted) -> None:
    headers = {**bearer(seed), "Content-Type": "audio/wav", "X-Model": "gpt-4o-mini"}
    assert client.forward(headers=headers, body=b"{\xff\x00\x7f" * 100).status == 200


def test_query_and_body_must_name_the_same_model(client: Client, seed: Minted) -> None:
    assert client.forward(f"{CHAT}?model=gpt-4o-mini", headers=bearer(seed), json_body=MODEL).status == 200
    assert ambiguous(client.forward(f"{CHAT}?model=gpt-4o", headers=bearer(seed), json_body=MODEL))
    assert ambiguous(client.forward(f"{CHAT}?model=a&model=b", headers=bearer(seed)))
    assert ambiguous(client.forward(f"{CHAT}?mod%65l=gpt-4o", headers=bearer(seed), json_body=MODEL))
    assert ambiguous(client.forward(f"{CHAT}?k%65y={seed.text}", json_body=MODEL))


def test_the_body_wins_over_the_gateways_header(client: Client, seed: Minted) -> None:
    headers = {**bearer(seed), "X-Model": "gpt-4o"}
    assert client.forward(headers=headers, json_body=MODEL).status == 200
    assert client.forward(headers=headers).status == 402
    assert client.forward(headers={**headers, "X-Model": "gpt-4o-mini"}, json_body={"model": "gpt-4o"}).status == 402
    assert ambiguous(client.forward(f"{CHAT}?model=gpt-4o-mini", headers=headers))


def test_a_model_in_the_path_must_agree(client: Client, seed: Minted) -> None:
    from tiers.models import Operation

    operation = Operation.objects.get(slug="chat_completion")
    operation.endpoints = [*operation.endpoints, "POST /v1/models/{model}/chat"]
    operation.save()
    path = "/v1/models/gpt-4o-mini/chat"
    assert client.forward(path, headers=bearer(seed)).status == 200
    assert client.forward(path, headers=bearer(seed), json_body=MODEL).status == 200
    assert client.forward(path, headers=bearer(seed), body=b"x" * 1_100_000).status == 200
    assert ambiguous(client.forward(path, headers=bearer(seed), json_body={"model": "gpt-4o"}))
    assert ambiguous(client.forward(f"{path}?model=gpt-4o", headers=bearer(seed)))


def test_forms_name_models_too(client: Client, seed: Minted) -> None:
    form = {**bearer(seed), "Content-Type": "application/x-www-form-urlencoded"}
    assert client.forward(headers=form, body=b"model=gpt-4o-mini&a=b").status == 200
    assert ambiguous(client.forward(headers=form, body=b"model=gpt-4o-mini&model=gpt-4o"))
    part = '--b\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n{}\r\n'
    file = part.format("file", '; filename="a.wav"', "R" * 10_000)
    multipart = {**bearer(seed), "Content-Type": "multipart/form-data; boundary=b"}
    body = (file + part.format("model", "", "gpt-4o") + "--b--\r\n").encode()
    reply = client.forward("/v1/images/edits", headers=multipart, body=body)
    assert (reply.status, reply.error["code"]) == (402, "tier_required")
    twice = (file + part.format("model", "", "gpt-4o-mini") * 2 + "--b--\r\n").encode()
    assert ambiguous(client.forward(headers=multipart, body=twice))
    as_file = (part.format("model", '; filename="x"', "gpt-4o") + "--b--\r\n").encode()
    assert ambiguous(client.forward(headers=multipart, body=as_file))
    for broken in (b"--b\r\nnothing", b"\0\xff" * 50, (part * 1200).format(*["a", "", "b"] * 1200).encode()):
        assert client.forward(headers=multipart, body=broken).status in {400, 401}
    assert client.forward(headers={**multipart, "Content-Type": "multipart/form-data"}, body=body).status == 400


def test_bodies_that_cannot_be_read_are_refused_not_guessed(client: Client, seed: Minted) -> None:
    headers = {**bearer(seed), "Content-Type": "application/json"}
    for body in (b"{", b'{"model": "\xff"}', b"[" * 100_000, b'{"model": NaN}', '{"model": "x"}'.encode("utf-16")):
        assert client.forward(headers=headers, body=body).error["code"] == "invalid_json"
    for value in (b"1", b"[]", b"{}", b"true"):
        reply = client.forward(headers=headers, body=b'{"model": ' + value + b"}")
        assert (reply.error["code"], reply.error["param"]) == ("invalid_ask", "model")
    for body in (b"", b"[]", b'"gpt-4o-mini"', b'{"model": null}', b'{"model": ""}'):
        assert client.forward(headers=headers, body=body).error["code"] == "model_missing"


@pytest.mark.parametrize("chunked", [False, True])
def test_long_bodies_pass_unread_where_they_cannot_change_the_model(
    client: Client, seed: Minted, chunked: bool
) -> None:
    headers, body = {**bearer(seed), "Content-Type": "application/json"}, b'{"model": "gpt-4o-mini"' + b" " * (1 << 20)
    for uri in (CHAT, f"{CHAT}?model=gpt-4o-mini"):
        reply = client.forward(uri, headers=headers, body=body, chunked=chunked)
        assert (reply.status, reply.error["code"]) == (413, "too_large")
    headers["X-Model"] = "gpt-4o-mini"
    assert client.forward(headers=headers, body=body, chunked=chunked).status == 200
    headers["X-Model"] = "gpt-4o"
    assert client.forward(headers=headers, body=body, chunked=chunked).status == 402


def test_a_packed_body_is_not_taken_for_an_empty_one(client: Client, seed: Minted) -> None:
    headers = {**bearer(seed), "Content-Encoding": "gzip", "Content-Type": "application/json"}
    assert client.forward(f"{CHAT}?model=gpt-4o-mini", headers=headers, body=b"\x1f\x8b").status == 413


def test_the_path_after_ours_serves_gateways_that_append_it(client: Client, seed: Minted) -> None:
    headers = {"X-Gateway-Key": client.key, **bearer(seed), "Content-Type": "application/json"}
    body = b'{"model": "gpt-4o-mini"}'
    assert call("POST", f"/v1/forward-auth{CHAT}", headers=headers, body=body).status == 200
    reply = call("POST", f"/v1/forward-auth{CHAT}?for=nginx&model=gpt-4o", headers=headers, body=body)
    assert (reply.status, "x-error-status" in reply.headers) == (400, False)
    assert call("POST", "/v1/forward-auth", headers=headers, body=body).error["code"] == "endpoint_unknown"
