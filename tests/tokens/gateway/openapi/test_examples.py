"""What the document shows can be done as it is shown, and is answered as it says."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.tokens.gateway.calls import Client, Reply, call
from tests.tokens.gateway.openapi.promised import DOCUMENT, broken
from tokens.actions.tokens import Minted
from tokens.gateway.openapi.reading import METHODS, resolved

FORM = "application/x-www-form-urlencoded"
BROKEN = [b"", b"{", b"[]", b'{"a": NaN}', b'{"a": 1, "a": 2}', b"\xff", b"[" * 20_000, b"1" * 5_000, b"x" * 70_000]
Example = tuple[str, str, str, str | None, Any]


def examples() -> list[Example]:
    """Path, method, the example's name, its type and body; without a body where none is sent. Webhooks have none that
    anybody but their sender could sign."""
    found: list[Example] = []
    for path, item in DOCUMENT["paths"].items():
        if path.startswith("/webhooks/"):
            continue
        for method in METHODS:
            content = item.get(method, {}).get("requestBody", {}).get("content", {})
            named = [
                (path, method, name, media, one["value"])
                for media, body in content.items()
                for name, one in body.get("examples", {}).items()
            ]
            if method in item:
                found += named or [(path, method, "", None, None)]
    return found


def called(example: Example, key: str, token: str, **more: str) -> Reply:
    path, method, _name, media, body = example
    operation = DOCUMENT["paths"][path][method]
    parameters = [*DOCUMENT["paths"][path].get("parameters", ()), *operation.get("parameters", ())]
    given = [resolved(DOCUMENT, one) for one in parameters]
    headers = {one["name"]: one["example"] for one in given if one["in"] == "header" and "example" in one}
    headers |= {"X-Gateway-Key": key} if "forward-auth" in path else {}
    bearer = key if any("gatewayKey" in one for one in operation["security"]) else token
    headers |= {"Authorization": f"Bearer {bearer}", **({"Content-Type": media} if media else {}), **more}
    for one in given:
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", one["example"])
    sent = urlencode(body, safe="$") if media == FORM else json.dumps(body)
    return call(method.upper(), path, headers=headers, body=sent.replace("$TOKEN", token).encode() if media else None)


def shown(example: Example) -> str:
    return " ".join(part for part in (example[1].upper(), example[0], example[2]) if part)


@pytest.mark.parametrize("example", examples(), ids=shown)
def test_an_example_is_answered_as_it_is_told(asker: Client, seed: Minted, example: Example) -> None:
    reply = called(example, asker.key, seed.text, **{"Accept-Language": "en"})
    assert broken(example[0], example[1], reply) == []
    assert reply.status == 200


def test_strangers_are_answered_as_it_is_told(asker: Client) -> None:
    wrong = {shown(one): broken(*one[:2], called(one, "x", "x")) for one in examples()}
    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.parametrize("media", ["", "text/plain", None])
def test_a_broken_body_is_answered_as_it_is_told(asker: Client, seed: Minted, media: str | None) -> None:
    """A holder may ask sixty times a minute, which is enough for these."""
    wrong = {}
    for path, method, _name, kind, _body in {one[:2]: one for one in examples() if one[3]}.values():
        key = asker.key if "gatewayKey" in json.dumps(DOCUMENT["paths"][path][method]["security"]) else seed.text
        for body in BROKEN:
            headers = {"Authorization": f"Bearer {key}", "Content-Type": str(kind) if media is None else media}
            reply = call(method.upper(), path, headers=headers, body=body)
            if not 400 <= reply.status < 500 or broken(path, method, reply):
                wrong[path, body[:20]] = [reply.status, *broken(path, method, reply)]
    assert wrong == {}
