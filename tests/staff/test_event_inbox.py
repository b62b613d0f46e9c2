"""The event inbox: found by filter and id, shown whatever was sent, and replayed by those who may."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEvent, User
from tests.factories import payments
from tests.staff import shown
from tiers.models import Alarm, Order, ProviderEvent, ProviderReference

pytestmark = pytest.mark.django_db
LIST_QUERIES, DETAIL_QUERIES = 10, 14


def at(event: ProviderEvent, page: str = "detail") -> str:
    return reverse(f"events:{page}", args=[event.public_id])


def body_of(client: Client, body: bytes, **given: Any) -> str:
    """What stands in the page as the message's body."""
    page = shown(client, at(payments.stored(body, **given)))
    return page.partition('aria-labelledby="body-h">')[2].partition("</pre>")[0]


@pytest.mark.django_db(transaction=True)
def test_a_message_leads_to_all_that_it_changed(staff: Client, noor: User) -> None:
    event = payments.told("order.paid", workspace=noor.personal_workspace)
    page = shown(staff, at(event))
    assert "Order changed" in page
    assert "Grant given" in page
    assert "$5.00" in page
    assert Order.objects.get().public_id in page
    assert "&quot;type&quot;: &quot;order.paid&quot;" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"a", "b", "c"}),
        ("state=applied", {"a", "b"}),
        ("state=set_aside", {"c"}),
        ("state=unhandled", set()),
        ("state=nonsense", {"a", "b", "c"}),
        ("provider=stripe", set()),
        ("provider=standard&source=store", {"a", "b", "c"}),
        ("source=elsewhere", set()),
        ("kind=order.", {"a", "b", "c"}),
        ("kind=order.refunded", {"b"}),
        ("find=ord_a", {"a", "b"}),
        ("find=ord_", set()),
        ("find={order}", {"a", "b"}),
        ("find={event}", {"a"}),
        ("find={message}", {"a"}),
    ],
)
def test_messages_are_found(staff: Client, noor: User, query: str, found: set[str]) -> None:
    mine, refund = noor.personal_workspace, {"id": "r1", "amount": 500}
    events = {
        "a": payments.told("order.paid", workspace=mine, order="ord_a"),
        "b": payments.told("order.refunded", workspace=mine, order="ord_a", refund=refund),
        "c": payments.told("order.paid", workspace="0000000000zz", order="ord_c"),
    }
    named = {"order": events["a"].order.public_id, "event": events["a"].public_id, "message": events["a"].event_id}
    page = shown(staff, f"/events/?{query.format(**named)}")
    assert {name for name, event in events.items() if at(event) in page} == found


def test_no_body_is_more_than_text(staff: Client, noor: User) -> None:
    hostile = {"a": "<script>alert(1)</script>", "b": "\u202etxt.exe\u2066", "c": "nul \u0000 end", "d": "مرحبا"}
    text = body_of(staff, json.dumps(hostile).encode())
    assert "&lt;script&gt;" in text
    assert "\u202e" not in text
    assert "\\u202etxt.exe" in text
    assert "nul \\u0000 end" in text
    assert "مرحبا" in text


def test_what_is_not_json_is_shown_as_it_came(staff: Client, noor: User) -> None:
    assert body_of(staff, b"<b>no\x00json\x1b[31m") == "&lt;b&gt;no\\x00json\\x1b[31m"
    assert body_of(staff, b'{"amount": 1, "amount": 999}') == "{&quot;amount&quot;: 1, &quot;amount&quot;: 999}"
    assert body_of(staff, b"\xff\xfe\x00<i>A").startswith("000000  ff fe 00 3c 69 3e 41")
    assert body_of(staff, b"[" * 200_000).startswith("[[[[")
    assert body_of(staff, b"9" * 5000).startswith("999")
    assert "Empty." in shown(staff, at(payments.stored(b"")))


def test_a_body_of_a_mebibyte_is_cut_and_its_size_told(staff: Client, noor: User) -> None:
    event = payments.stored(json.dumps({"data": {f"k{n}": "x" * 90 for n in range(11_000)}}).encode()[: 1 << 20])
    page = shown(staff, at(event))
    assert len(page) < 200_000
    assert "1048576 bytes" in page
    assert "The beginning of it." in page
    deep = b"[" * 400 + b"1," * 200_000 + b"1" + b"]" * 400
    assert len(shown(staff, at(payments.stored(deep)))) < 200_000


def test_no_secret_is_shown(staff: Client, noor: User) -> None:
    body = b'{"client_secret": "pi_1_secret_2", "data": {"apiKey": "k-123", "note": "the secret garden"}}'
    event = payments.stored(body, **{"webhook-signature": "v1,c2ln", "webhook-timestamp": "1700000000"})
    page = shown(staff, at(event))
    for secret in ("pi_1_secret_2", "k-123", "c2ln"):
        assert secret not in page
    assert "the secret garden" in page
    assert "1700000000" in page


def test_a_replay_applies_what_was_not_and_says_so(admin: Client, noor: User) -> None:
    event = payments.told("order.paid", workspace=noor.personal_workspace, handle=False)
    page = admin.post(at(event, "replay"), follow=True).content.decode()
    assert "Replayed: it is applied." in page
    assert Order.objects.get().state == "paid"
    assert AuditEvent.objects.get(action="provider_event.replayed").actor.name == "Ada"
    grants = list(Order.objects.get().grants.values_list("pk", flat=True))
    admin.post(at(event, "replay"))
    assert list(Order.objects.get().grants.values_list("pk", flat=True)) == grants


def test_a_replay_that_fails_says_why(admin: Client, noor: User) -> None:
    """Nothing configures Stripe here, so it cannot be asked."""
    order = Order.objects.create(provider="stripe", reference="ord")
    ProviderReference.objects.create(order=order, provider="stripe", reference="cs_1")
    event = ProviderEvent.objects.create(provider="stripe", event_id="evt_1", body=b"{}", order=order)
    page = admin.post(at(event, "replay"), follow=True).content.decode()
    assert "It failed again" in page
    assert ProviderEvent.objects.get().state == "failed"
    assert AuditEvent.objects.filter(action="provider_event.replayed").exists()


def test_only_those_who_manage_payments_replay(staff: Client, noor: User) -> None:
    event = payments.told("order.paid", workspace=noor.personal_workspace, handle=False)
    assert "Replay" not in shown(staff, at(event))
    assert staff.post(at(event, "replay")).status_code == 403
    assert staff.get("/events/000000000000/").status_code == 404


def test_open_alarms_are_counted_beside_the_inbox(staff: Client, noor: User) -> None:
    payments.told("order.paid", workspace="0000000000zz")
    assert Alarm.objects.filter(resolved_at=None).count() == 1
    assert 'Event inbox<span class="count">1</span>' in shown(staff, "/audit/")


def test_the_number_of_queries_does_not_depend_on_the_rows(
    staff: Client, noor: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    shown(staff, "/events/")
    first = payments.told("order.paid", workspace=noor.personal_workspace)
    for _number in range(5):
        payments.told("order.paid", workspace=noor.personal_workspace)
        with django_assert_num_queries(LIST_QUERIES):
            shown(staff, "/events/")
        with django_assert_num_queries(DETAIL_QUERIES):
            shown(staff, at(first))
