"""The story of an order to the millisecond: in order, in chapters, and honest about what was not timed."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils.translation import override

from accounts.clock import now
from tests.factories import shop
from tiers.durations import spoken
from tiers.models import Order
from tiers.selectors.order_timeline import Step, story


def steps(order: Order) -> list[Step]:
    with override("en"):
        return story(
            Order.objects.select_related("workspace", "created_by", "version", "quoted").get(pk=order.pk)
        ).steps


def titles(order: Order) -> list[str]:
    return [step.title for step in steps(order)]


def test_paid_then_received_then_committed_with_its_grant(buyer: SimpleNamespace) -> None:
    order = shop.bought(buyer.workspace)
    grant = order.grants.get()
    told = steps(order)
    assert [step.title for step in told[:3]] == [
        "Paid at the provider",
        "Event received, signature good",
        f"Order active, grant {grant.public_id} made",
    ]
    assert told[0].since is None
    offsets = [step.since for step in told[1:3]]
    assert all(offset is not None and offset >= timedelta() for offset in offsets)
    assert offsets == sorted(offsets, key=lambda offset: offset or timedelta())
    assert told[1].offset.startswith("+")


def test_the_figures_are_from_the_payment_and_from_hearing_of_it(buyer: SimpleNamespace) -> None:
    paid_at = now() - timedelta(seconds=30)
    told = story(shop.bought(buyer.workspace, at=paid_at))
    assert told.allowed_in is not None
    assert told.ours is not None
    assert timedelta(seconds=30) <= told.allowed_in
    assert timedelta() <= told.ours < told.allowed_in


def test_it_counts_from_the_payment_and_not_from_the_order(buyer: SimpleNamespace) -> None:
    offer = shop.offer()
    shop.tell("order.created", offer, buyer.workspace, at=now() - timedelta(seconds=40))
    told = steps(shop.bought(buyer.workspace, offer, at=now() - timedelta(seconds=20)))
    begun = [step.title for step in told if step.since is None and step.timed]
    assert begun[0] == "Ordered"
    assert "Paid at the provider" in begun


def test_the_same_message_again_is_counted_and_not_timed(buyer: SimpleNamespace) -> None:
    again = [step for step in steps(shop.bought(buyer.workspace, again=2)) if step.title == "Same event again"]
    assert [step.timed for step in again] == [False]
    assert "2 times more" in again[0].detail


def test_what_happens_days_later_begins_a_chapter_of_its_own(buyer: SimpleNamespace) -> None:
    offer = shop.offer()
    shop.bought(buyer.workspace, offer, at=now() - timedelta(days=3))
    order = shop.tell("order.refunded", offer, buyer.workspace, refund={"id": "r", "amount": offer.amount})
    begun = [step.title for step in steps(order) if step.since is None and step.timed]
    assert begun[0] == "Paid at the provider"
    assert "Refunded at the provider" in begun
    assert any("closed" in title for title in titles(order))


def test_a_dispute_that_was_won_gives_back_the_same_grant(buyer: SimpleNamespace) -> None:
    offer = shop.offer()
    shop.bought(buyer.workspace, offer)
    shop.tell("order.disputed", offer, buyer.workspace, dispute={"id": "d"})
    order = shop.tell("order.dispute_closed", offer, buyer.workspace, dispute={"id": "d", "outcome": "won"})
    grant = order.grants.get().public_id
    told = " ".join(titles(order))
    assert f"grant {grant} suspended" in told
    assert f"grant {grant} restored" in told


def test_gateways_are_said_to_be_told_once_they_are(buyer: SimpleNamespace) -> None:
    order = shop.bought(buyer.workspace)
    workspace = order.workspace
    assert workspace is not None
    type(workspace).objects.filter(pk=workspace.pk).update(announced_version=workspace.rights_version - 1)
    assert titles(order)[-1] == "Not every gateway told yet"
    workspace.refresh_from_db()
    type(workspace).objects.filter(pk=workspace.pk).update(announced_version=workspace.rights_version)
    assert titles(order)[-1] == "Every gateway told"


def test_a_clock_of_theirs_that_is_fast_makes_nothing_negative(buyer: SimpleNamespace) -> None:
    told = story(shop.bought(buyer.workspace, at=now() + timedelta(minutes=2)))
    assert told.allowed_in is not None
    assert told.allowed_in >= timedelta()
    assert all(step.since is None or step.since >= timedelta() for step in told.steps)


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(milliseconds=96), "96 ms"),
        (timedelta(seconds=4.21), "4.2 s"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=59, seconds=59), "59 minutes"),
        (timedelta(hours=2), "2 hours"),
        (timedelta(days=8.7), "9 days"),
        (timedelta(seconds=-1), "0 ms"),
    ],
)
def test_lengths_are_said_as_people_say_them(span: timedelta, words: str) -> None:
    with override("en"):
        assert spoken(span) == words
