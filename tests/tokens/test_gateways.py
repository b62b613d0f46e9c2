"""Gateways: administrators alone keep them, their keys rotate, and only headers that a gateway can own are taken."""

from datetime import timedelta

import pytest
from django.conf import settings

from accounts.clock import now
from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import AuditEvent
from tests.factories import administrator, auditor, maintainer, person
from tokens import keys
from tokens.actions.gateways import MintedGateway, add_gateway, edit_gateway, revoke_gateway, rotate_gateway_key
from tokens.models import Gateway, GatewaySecret

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def add(name: str = "edge-1", **values: object) -> MintedGateway:
    return add_gateway(**{"name": name, "kind": "nginx", "by": administrator(), **values})


def test_the_key_is_the_gateways_and_only_its_digest_is_kept() -> None:
    minted = add()
    key = keys.parse_gateway_key(minted.text)
    assert key is not None
    assert key.owner == minted.gateway.public_id
    assert keys.parse_token(minted.text) is None
    secret = GatewaySecret.objects.get(gateway=minted.gateway)
    assert bytes(secret.hash) == keys.digest(minted.text, settings.TOKEN_KEYS[secret.key_version])
    assert minted.text not in repr(minted)


def test_what_is_done_is_on_the_platforms_chain_without_the_key() -> None:
    minted = add()
    staff = minted.gateway.created_by
    edit_gateway(gateway=minted.gateway, values={"networks": ["10.1.2.3/8"]}, by=staff)
    rotate_gateway_key(gateway=minted.gateway, overlap=HOUR, by=staff)
    revoke_gateway(gateway=minted.gateway, reason="Decommissioned", by=staff)
    events = AuditEvent.objects.filter(workspace=None, subject_id=minted.gateway.public_id).order_by("seq")
    done = ["gateway.added", "gateway.edited", "gateway.key_rotated", "gateway.revoked"]
    assert [event.action for event in events] == done
    assert events[1].after == {"networks": ["10.0.0.0/8"]}
    assert not any(minted.text[20:40] in f"{event.before}{event.after}" for event in events)


@pytest.mark.parametrize("role", [person, maintainer, auditor])
def test_others_than_administrators_keep_no_gateways(role) -> None:  # type: ignore[no-untyped-def]
    gateway, other = add().gateway, role()
    for act in (
        lambda: add("mine", by=other),
        lambda: edit_gateway(gateway=gateway, values={"name": "mine"}, by=other),
        lambda: rotate_gateway_key(gateway=gateway, overlap=HOUR, by=other),
        lambda: revoke_gateway(gateway=gateway, reason="Mine", by=other),
    ):
        with pytest.raises(NotAllowed):
            act()


@pytest.mark.parametrize(
    "name",
    ["", "X Forwarded", "X_Forwarded_Uri", "X-Uri:", "Authorization", "cookie", "HOST", "X-Gateway-Key", "ü-u"],
)
def test_headers_that_a_server_reads_otherwise_are_refused(name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        add(uri_header=name)
    assert refusal.value.field == "uri_header"


def test_one_header_means_one_thing_and_two_may_be_left_out() -> None:
    with pytest.raises(Invalid):
        add(uri_header="X-Model", model_header="x-model")
    gateway = add(address_header="", model_header="").gateway
    assert (gateway.address_header, gateway.model_header) == ("", "")


@pytest.mark.parametrize(
    ("field", "value"), [("kind", "apache"), ("scopes", []), ("scopes", ["admin"]), ("networks", ["10.0.0.0/64"])]
)
def test_what_is_not_known_is_refused(field: str, value: object) -> None:
    with pytest.raises(Invalid) as refusal:
        add(**{field: value})
    assert refusal.value.field == field


def test_a_name_belongs_to_one_gateway() -> None:
    first, second = add("edge-1"), add("edge-2")
    for act in (
        lambda: add("edge-1"),
        lambda: edit_gateway(gateway=second.gateway, values={"name": "edge-1"}, by=first.gateway.created_by),
    ):
        with pytest.raises(Invalid) as refusal:
            act()
        assert refusal.value.field == "name"


def test_a_rotated_key_works_on_for_the_overlap_and_one_rotation_is_open() -> None:
    minted = add()
    staff, earliest = minted.gateway.created_by, now()
    rotated = rotate_gateway_key(gateway=minted.gateway, overlap=HOUR, by=staff)
    assert rotated.text != minted.text
    ends_at = GatewaySecret.objects.get(last4=minted.text[-4:]).ends_at
    assert ends_at is not None
    assert earliest + HOUR <= ends_at <= now() + HOUR
    with pytest.raises(Conflict, match="works until"):
        rotate_gateway_key(gateway=minted.gateway, overlap=HOUR, by=staff)


def test_a_revoked_gateway_stays_so() -> None:
    gateway = add().gateway
    staff = gateway.created_by
    with pytest.raises(Invalid):
        revoke_gateway(gateway=gateway, reason=" ", by=staff)
    revoke_gateway(gateway=gateway, reason="Gone", by=staff)
    for act in (
        lambda: revoke_gateway(gateway=gateway, reason="Gone", by=staff),
        lambda: rotate_gateway_key(gateway=gateway, overlap=HOUR, by=staff),
        lambda: edit_gateway(gateway=gateway, values={"name": "back"}, by=staff),
    ):
        with pytest.raises(Conflict):
            act()
    assert Gateway.objects.get().revoked_reason == "Gone"
