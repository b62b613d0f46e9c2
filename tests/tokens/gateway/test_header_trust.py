"""Only what the gateway itself sets is believed."""

from tests import factories
from tests.tokens.gateway.calls import CHAT, Client, call
from tokens.actions.gateways import MintedGateway, edit_gateway
from tokens.actions.tokens import Minted
from tokens.models import Token

MODEL = {"model": "gpt-4o-mini"}


def test_only_the_headers_in_the_record_are_believed(client: Client, gateway: MintedGateway, seed: Minted) -> None:
    values = {"uri_header": "X-Original-Uri", "model_header": "X-Route-Model", "method_header": "X-Original-Method"}
    edit_gateway(gateway=gateway.gateway, values=values, by=factories.administrator())
    token = {"X-Api-Key": seed.text}
    assert client.forward(CHAT, headers=token, json_body=MODEL).error["code"] == "endpoint_unknown"
    told = {**token, "X-Original-Uri": CHAT, "X-Original-Method": "POST", "X-Route-Model": "gpt-4o-mini"}
    assert client.forward("/other", "DELETE", headers={**told, "X-Model": "gpt-4o"}).status == 200
    assert client.forward(headers={**told, "X-Original-Method": "GET"}).error["code"] == "endpoint_unknown"


def test_a_header_that_the_gateway_does_not_set_is_nobodys(
    client: Client, gateway: MintedGateway, seed: Minted
) -> None:
    edit_gateway(
        gateway=gateway.gateway, values={"model_header": "", "address_header": ""}, by=factories.administrator()
    )
    headers = {"X-Api-Key": seed.text, "X-Model": "gpt-4o-mini"}
    assert client.forward(headers=headers).error["code"] == "model_missing"
    Token.objects.update(allowed_addresses=["192.0.2.0/24"])
    headers["X-Forwarded-For"] = "192.0.2.1"
    assert client.forward(headers=headers, json_body=MODEL).error["code"] == "ip_not_allowed"


def test_of_a_list_of_addresses_the_gateway_wrote_the_last(client: Client, seed: Minted) -> None:
    Token.objects.update(allowed_addresses=["192.0.2.0/24", "2001:db8::/32"])
    allowed = ["192.0.2.7", "203.0.113.9, 192.0.2.7", "x,192.0.2.7:4711", "[2001:db8::7]:443", "::ffff:192.0.2.7"]
    refused = ["192.0.2.7, 203.0.113.9", "", "192.0.2.7,", "192.0.2.7, unknown", "2001:db9::1", "192.0.2.7%eth0"]
    for address in allowed + refused:
        headers = {"X-Api-Key": seed.text, "X-Forwarded-For": address, "X-Real-Ip": "192.0.2.1"}
        reply = client.forward(headers=headers, json_body=MODEL)
        assert reply.status == (200 if address in allowed else 403), address


def test_without_a_gateways_key_nothing_is_told_of_the_token(seed: Minted) -> None:
    for key in (None, "", "x", seed.text, "trl_gw_" + "0" * 47):
        headers = {"X-Forwarded-Uri": CHAT, "Authorization": f"Bearer {seed.text}"}
        reply = call("POST", "/v1/forward-auth", headers=headers | ({} if key is None else {"X-Gateway-Key": key}))
        assert (reply.status, reply.error["code"]) == (500, "gateway_unauthorized")
        assert reply.error["type"] == "api_error"
        assert seed.token.workspace.public_id not in reply.body.decode()
