"""A refused call leads its people to the page that explains it, and never carries a secret there."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.tokens.gateway.calls import CHAT, Client
from tokens.actions.tokens import Minted


def link(headers: dict[str, str]) -> dict[str, list[str]]:
    address, _blank, relation = headers["link"].partition("; ")
    assert relation == 'rel="help"'
    parts = urlsplit(address.strip("<>"))
    assert (parts.scheme, parts.netloc, parts.path) == ("http", "127.0.0.1:8000", "/explain/")
    return parse_qs(parts.query)


def test_it_has_the_call_filled_in(client: Client, seed: Minted) -> None:
    headers = {"Authorization": f"Bearer {seed.text}"}
    refused = client.forward("/v1/completions?key=" + seed.text, headers=headers, json_body={"model": "gpt-4o-mini"})
    assert seed.text not in refused.headers["link"]
    assert link(refused.headers) == {
        "token": [seed.token.public_id],
        "model": ["gpt-4o-mini"],
        "endpoint": ["/v1/completions"],
    }
    allowed = client.forward(headers=headers, json_body={"model": "gpt-4o-mini"})
    assert (allowed.status, "link" in allowed.headers) == (200, False)


@pytest.mark.parametrize("model", ["m" * 5000, 'a"><b>\r\nX: y', "模型", "\ud800"])
def test_whatever_the_model_is_called_it_is_one_short_line_of_ascii(client: Client, seed: Minted, model: str) -> None:
    headers = {"Authorization": f"Bearer {seed.text}"}
    refused = client.forward(headers=headers, json_body={"model": model})
    told = refused.headers.get("link", "")
    assert refused.status in {400, 404}
    assert told.isascii()
    assert len(told) < 2500
    assert refused.status == 400 or link(refused.headers)["endpoint"] == [CHAT]


def test_a_token_that_is_none_is_not_in_it(client: Client, seed: Minted) -> None:
    for text in (seed.text[:-1], "x"):
        refused = client.forward(headers={"Authorization": f"Bearer {text}"}, json_body={"model": "gpt-4o-mini"})
        assert link(refused.headers) == {"model": ["gpt-4o-mini"], "endpoint": [CHAT]}
