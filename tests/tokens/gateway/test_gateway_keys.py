"""Which gateway asks: keys, scopes, networks, ends; and what a wrong key learns (nothing)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import OperationalError

from tests import factories
from tests.tokens.gateway.calls import Client, call
from tokens import keys
from tokens.actions.gateways import MintedGateway, edit_gateway, revoke_gateway, rotate_gateway_key
from tokens.gateway import folding, gateway_keys, usage
from tokens.gateway.http import Fault
from tokens.models import Gateway, GatewaySecret

pytestmark = pytest.mark.django_db


def refused(key: str, remote: str = "127.0.0.1") -> bool:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    reply = call("POST", "/v1/decisions", headers=headers, body=b'{"endpoint": "/v1/x"}', remote=remote)
    if reply.status != 401:
        return False
    assert reply.json["code"] == "gateway_unauthorized"
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["www-authenticate"].startswith("Bearer")
    return True


def test_a_key_is_asked_for_before_anything_is_read() -> None:
    for headers in ({}, {"Authorization": "Basic x"}, {"Authorization": "Bearer x"}, {"X-Gateway-Key": "x"}):
        reply = call("POST", "/v1/decisions", headers=headers, body=b"not json")
        assert (reply.status, reply.json["code"]) == (401, "gateway_unauthorized")


def test_a_wrong_form_is_refused_without_the_database(django_assert_num_queries, client: Client) -> None:
    with django_assert_num_queries(0):
        assert refused("trl_gw_" + "0" * 47)
        assert refused(client.key[:-1] + ("0" if client.key[-1] != "0" else "1"))
    with django_assert_num_queries(1):
        assert refused(keys.make(keys.KeyKind.GATEWAY, "0123456789ab").text)


def test_a_callers_token_is_no_key(client: Client) -> None:
    assert refused(factories.token().text)


def test_a_revoked_gateway_is_not_known(client: Client, gateway: MintedGateway) -> None:
    assert not refused(client.key)
    revoke_gateway(gateway=gateway.gateway, reason="Gone", by=factories.administrator())
    gateway_keys.refresh()
    assert refused(client.key)


def test_both_keys_work_until_the_overlap_ends(client: Client, gateway: MintedGateway) -> None:
    admin = factories.administrator()
    new = rotate_gateway_key(gateway=gateway.gateway, overlap=timedelta(hours=1), by=admin)
    assert not refused(new.text)
    assert not refused(client.key)
    GatewaySecret.objects.exclude(ends_at=None).update(ends_at="2026-01-01T00:00Z", created_at="2025-01-01T00:00Z")
    gateway_keys.refresh()
    assert refused(client.key)
    assert not refused(new.text)


def test_a_demo_gateway_is_refused_where_there_is_no_demo(client: Client, settings) -> None:
    Gateway.objects.update(demo=True)
    assert not refused(client.key)
    settings.DEMO = False
    gateway_keys.refresh()
    assert refused(client.key)


def test_networks(client: Client, gateway: MintedGateway, settings) -> None:
    settings.DEMO = False
    networks = ["192.0.2.0/24", "2001:db8::/32"]
    edit_gateway(gateway=gateway.gateway, values={"networks": networks}, by=factories.administrator())
    for remote in ("192.0.2.9", "::ffff:192.0.2.9", "2001:db8::9"):
        assert not refused(client.key, remote)
    for remote in ("192.0.3.9", "2001:db9::9", "", "unix:", "::ffff:192.0.3.9"):
        assert refused(client.key, remote)


def test_a_scope_is_needed(client: Client, gateway: MintedGateway) -> None:
    edit_gateway(gateway=gateway.gateway, values={"scopes": ["introspect"]}, by=factories.administrator())
    assert refused(client.key)
    assert gateway_keys.authenticate(client.key, "127.0.0.1", "introspect").id == gateway.gateway.public_id


def test_its_use_is_noted(client: Client) -> None:
    client.decide(endpoint="/v1/x")
    usage.flush()
    folding.fold()
    assert Gateway.objects.get().last_used_at is not None


def test_a_known_gateway_costs_no_query(client: Client, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        gateway_keys.authenticate(client.key, "")
    with django_assert_num_queries(0):
        gateway_keys.authenticate(client.key, "")


def test_without_postgresql_a_known_gateway_stays_known(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real outage is a journey of its own; here only the memory."""
    other = keys.make(keys.KeyKind.GATEWAY, "0123456789ab").text
    known = gateway_keys.authenticate(client.key, "")

    def gone(_digests: object) -> None:
        raise OperationalError("the connection is lost")

    monkeypatch.setattr(gateway_keys, "_read", gone)
    monkeypatch.setattr(gateway_keys, "BELIEVED_SECONDS", 0)
    assert gateway_keys.authenticate(client.key, "") == replace(known, remembered=True)
    with pytest.raises(Fault) as fault:
        gateway_keys.authenticate(other, "")
    assert (fault.value.status, fault.value.code) == (503, "unavailable")
    monkeypatch.setattr(gateway_keys, "REMEMBERED_SECONDS", 0)
    with pytest.raises(Fault):
        gateway_keys.authenticate(client.key, "")
