"""What a sender may try. A bad signature stores nothing; a good one vouches for who sent it, not for what it says."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts import clock
from tests.tiers.orders.shop import BY, Shop
from tiers.actions.webhook_sources import add_source, retire_source, rotate_secret
from tiers.models import Alarm, Grant, InboxState, Order, ProviderEvent, WebhookSecret

pytestmark = pytest.mark.django_db
MINUTES = timedelta(minutes=1)


def refused(shop: Shop, body: bytes = b"", **headers: str) -> bool:
    """401, and not a trace of it."""
    response = shop.deliver(body or shop.body("order.paid"), **headers)
    assert response["Content-Type"] == "application/problem+json"
    return response.status_code == 401 and not ProviderEvent.objects.exists() and not Order.objects.exists()


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize(
    "value", ["", "x", "v1,x", "v1,", ",", "v1,AAAA", "v2,AAAA", "1e999", "nan", "-1", "é", "0" * 9000]
)
def test_no_header_may_be_missing_or_altered(shop: Shop, name: str, value: str) -> None:
    assert refused(shop, **{name: value})


@pytest.mark.parametrize("age", [6, -6, 60 * 24 * 365 * 3000 // 1000])
def test_a_signature_is_good_for_five_minutes(shop: Shop, age: int) -> None:
    body = shop.body("order.paid")
    assert refused(shop, body, **shop.signed(body, "m", at=datetime.now(UTC) - age * MINUTES))
    fresh = shop.signed(body, "m", at=datetime.now(UTC) - (4 if age > 0 else -4) * MINUTES)
    assert shop.deliver(body, **fresh).status_code == 200


def test_a_signature_is_of_one_body_one_id_and_one_time(shop: Shop) -> None:
    body = shop.body("order.paid")
    good = shop.signed(body, "m")
    assert refused(shop, body.replace(b"500", b"501"), **good)
    assert refused(shop, body, **{**good, "webhook-id": "n"})
    assert refused(shop, body, **{**good, "webhook-timestamp": str(int(good["webhook-timestamp"]) + 1)})
    assert refused(shop, body + b" ", **good)
    assert (
        shop.deliver(body, **{**good, "webhook-signature": f"v1,AAAA v9,x {good['webhook-signature']}"}).status_code
        == 200
    )


def test_while_secrets_are_rotated_both_are_good_and_then_the_new_one_alone(shop: Shop) -> None:
    minted = rotate_secret(source=shop.source, overlap=timedelta(hours=1), by=BY)
    body = shop.body("order.paid")
    for secret in (shop.secret, minted.text):
        assert shop.deliver(body, **shop.signed(body, secret[-6:], secret=secret)).status_code == 200
    WebhookSecret.objects.filter(ends_at__isnull=False).update(ends_at=clock.now())
    assert shop.deliver(body, **shop.signed(body, "old", secret=shop.secret)).status_code == 401
    assert shop.deliver(body, **shop.signed(body, "new", secret=minted.text)).status_code == 200


def test_a_source_that_was_retired_or_never_was_is_refused(shop: Shop) -> None:
    body = shop.body("order.paid")
    headers = shop.signed(body, "m")
    for name in ("nobody", shop.source.name.upper()):
        response = Client().post(f"/webhooks/standard/{name}", body, content_type="application/json", headers=headers)
        assert response.status_code == 401
    retire_source(source=shop.source, reason="It closed.", by=BY)
    assert refused(shop, body)


def test_a_demos_source_is_refused_where_demo_is_off(shop: Shop, settings: Settings) -> None:
    minted = add_source(name="of-the-demo", demo=True, by=BY)
    shop.source, shop.secret = minted.source, minted.text
    settings.DEMO = False
    assert refused(shop)
    settings.DEMO = True
    assert shop.tell("order.paid").status_code == 200


def test_what_one_source_signs_is_no_message_of_another(shop: Shop) -> None:
    shop.tell("order.paid", "ord_1", message="m")
    own = shop.source
    other = add_source(name="another-shop", by=BY)
    shop.source = other.source
    assert shop.tell("order.paid").status_code == 401
    shop.secret = other.text
    assert shop.tell("order.refunded", "ord_1", message="m", refund={"id": "r", "amount": 500}).status_code == 200
    shop.source = own
    assert shop.grant().revoked_at is None


DEEP = "[" * 100_000 + "]" * 100_000
NESTED = "[" * 900 + "]" * 900
BODIES = [
    "", "null", "[]", "1", '"x"', "{}", "{", "\ufeff{}", "NaN", DEEP, NESTED, "9" * 5000, '{"type": "order.paid"}',
    '{"type": "order.paid", "data": []}', '{"type": "order.paid", "data": {}}', '{"data": {"id": "o"}}',
    f'{{"type": {NESTED}, "data": {{"id": "o"}}}}', f'{{"type": "order.paid", "data": {{"id": {NESTED}}}}}',
    '{"type": "\\u0000", "data": {"id": "\\u0000"}}', '{"type": 1e999}', '{"type": true, "data": {"id": "o"}}',
]  # fmt: skip


def test_a_body_that_says_nothing_is_kept_and_told_to_staff(shop: Shop) -> None:
    for body in BODIES:
        assert is_set_aside(shop, body.encode()), body[:80]


VALUES: list[Any] = [
    5.0, 5.5, float("inf"), True, -1, 2**63, 2**64, 10**4000, "500", "", " ", "x" * 10_000, "\0", "a\0b", "\ud800",
    "\u202e", [], {}, [[]], {"id": "x"},
]  # fmt: skip
FIELDS = ["id", "version", "workspace", "product", "amount", "currency"]


@pytest.mark.parametrize("name", FIELDS)
def test_no_value_of_any_field_breaks_anything(shop: Shop, name: str) -> None:
    body = json.loads(shop.body("order.paid"))
    for value in VALUES:
        if (name, value) in [("version", -1), ("id", "500"), ("id", " ")]:
            continue  # Unusual, but nothing is wrong with it.
        assert is_set_aside(shop, json.dumps({**body, "data": {**body["data"], name: value}}).encode()), value


def test_a_time_is_a_time(shop: Shop) -> None:
    body = json.loads(shop.body("order.paid"))
    for value in (*VALUES, None, "2026-13-01T00:00:00Z", "2026-11-22T05:00:00", "0001-01-01T00:00:00+14:00"):
        assert is_set_aside(shop, json.dumps({**body, "timestamp": value}).encode()), value


def test_a_part_of_a_message_is_what_it_should_be(shop: Shop) -> None:
    for value in [*VALUES, None]:
        for kind, data in (
            ("order.refunded", {"refund": {"id": "r", "amount": value}}),
            ("order.refunded", {"refund": value}),
            ("order.disputed", {"dispute": value if value != {"id": "x"} else {}}),
            ("order.dispute_closed", {"dispute": {"id": "d", "outcome": value}}),
            ("subscription.renewed", {"period_end": value}),
        ):
            assert is_set_aside(shop, shop.body(kind, **data)), (kind, data)


def is_set_aside(shop: Shop, body: bytes) -> bool:
    response = shop.deliver(body)
    event = shop.event()
    alarmed = Alarm.objects.filter(event=event, resolved_at=None, subject=event.public_id).exists()
    return (
        response.status_code == 200
        and event.state == InboxState.SET_ASIDE
        and bool(event.error)
        and alarmed
        and bytes(event.body) == body
        and not Grant.objects.filter(order__isnull=False).exists()
    )


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "1969-12-31T23:59:59-12:00"])
def test_no_time_is_too_early_or_too_late(shop: Shop, at: str) -> None:
    for kind, data in (("order.paid", {}), ("subscription.renewed", {"period_end": at})):
        body = json.loads(shop.body(kind, **data))
        assert shop.deliver(json.dumps({**body, "timestamp": at}).encode()).json()["state"] == "applied"
    assert shop.grant().starts_at <= clock.now()


def test_refunds_may_add_up_to_more_than_there_is(shop: Shop) -> None:
    shop.tell("order.paid")
    for number in range(3):
        refund = {"id": f"r{number}", "amount": 2**63 - 1}
        assert shop.tell("order.refunded", refund=refund).status_code == 200
    assert (shop.order().refunded, shop.order().state) == (2**63 - 1, "refunded")


def test_an_id_of_any_length_is_told_apart_from_others(shop: Shop) -> None:
    for name in ("x" * 3000, "x" * 3001, "é\x80"):
        body = shop.body("order.paid")
        assert shop.deliver(body, **{"webhook-id": name, **_resigned(shop, body, name)}).status_code == 200
    assert ProviderEvent.objects.count() == 3


def _resigned(shop: Shop, body: bytes, name: str) -> dict[str, str]:
    return {key: value for key, value in shop.signed(body, name).items() if key != "webhook-id"}


def test_a_senders_language_is_not_that_of_the_reasons(shop: Shop) -> None:
    shop.deliver(shop.body("order.paid"), accept_language="zh-hans")
    assert shop.grant().reason.startswith("Bought: ")
