"""What was received and not applied is applied by the sweep: once, ever more seldom, and by one worker of several."""

from datetime import timedelta

import pytest

from accounts.audit import Task
from accounts.models import AuditEvent, Workspace
from tests import factories
from tests.concurrency import at_once
from tests.jobs import shop
from tiers import tasks
from tiers.actions import redriving
from tiers.claims import claimed
from tiers.models import Grant, InboxState, Order, Product, ProviderEvent

pytestmark = pytest.mark.django_db(transaction=True)
BY = Task("tests")


@pytest.fixture
def workspace() -> Workspace:
    factories.catalogue()
    return factories.person().personal_workspace


@pytest.fixture
def product(workspace: Workspace) -> Product:
    return shop.product(shop.gated_model())


def test_what_waits_for_ten_seconds_is_applied_and_says_by_whom(workspace: Workspace, product: Product) -> None:
    event = shop.stored(*shop.message("order.paid", workspace, product))
    assert tasks.redrive_events() == 1
    event.refresh_from_db()
    assert event.state == InboxState.APPLIED
    assert Grant.objects.get(order=event.order).workspace == workspace
    changed = AuditEvent.objects.get(action="order.changed", workspace=workspace)
    assert changed.actor_name == "tiers.redrive_events"
    assert tasks.redrive_events() == 0


def test_what_just_came_is_left_to_the_request_that_received_it(workspace: Workspace, product: Product) -> None:
    event = shop.stored(*shop.message("order.paid", workspace, product), age=timedelta(seconds=2))
    assert tasks.redrive_events() == 0
    event.refresh_from_db()
    assert event.state == InboxState.RECEIVED


@pytest.mark.parametrize(
    ("attempts", "age", "due"),
    [
        (1, timedelta(seconds=15), False),
        (1, timedelta(seconds=25), True),
        (4, timedelta(seconds=150), False),
        (4, timedelta(seconds=170), True),
        (10, timedelta(hours=2, minutes=30), False),
        (10, timedelta(hours=2, minutes=50), True),
        (500, timedelta(days=21), True),
    ],
)
def test_each_attempt_waits_longer(workspace, product, attempts: int, age: timedelta, due: bool) -> None:
    event = shop.stored(*shop.message("order.paid", workspace, product), age=age)
    ProviderEvent.objects.filter(pk=event.pk).update(attempts=attempts, state=InboxState.FAILED)
    assert redriving.due_events().exists() is due


def test_one_that_cannot_be_applied_does_not_stop_the_others(workspace, product, monkeypatch) -> None:
    broken = shop.stored(*shop.message("order.paid", workspace, product))
    good = shop.stored(*shop.message("order.paid", workspace, product))
    apply = redriving.handle_event

    def handle(*, event: ProviderEvent, by: Task) -> ProviderEvent:
        if event.pk == broken.pk:
            raise RuntimeError("a mistake of ours")
        return apply(event=event, by=by)

    monkeypatch.setattr(redriving, "handle_event", handle)
    assert redriving.redrive_events(by=BY) == 1
    good.refresh_from_db()
    assert good.state == InboxState.APPLIED


def test_of_two_workers_one_applies_it(workspace: Workspace, product: Product) -> None:
    for _ in range(5):
        shop.stored(*shop.message("order.paid", workspace, product))
    at_once(*[lambda: redriving.redrive_events(by=BY)] * 2)
    redriving.redrive_events(by=BY)
    assert Order.objects.filter(holds="live").count() == Grant.objects.filter(order__isnull=False).count() == 5
    assert set(ProviderEvent.objects.values_list("state", "attempts")) == {(InboxState.APPLIED, 1)}


def test_a_claim_is_given_back_and_by_a_killed_worker_too(workspace: Workspace) -> None:
    def claim(_what: str = "event:1") -> bool:
        with claimed(_what) as ours:
            return ours

    with claimed("event:1") as ours:
        assert ours
        assert at_once(claim, lambda: claim("event:2")) == [False, True]
    assert at_once(claim) == [True]
