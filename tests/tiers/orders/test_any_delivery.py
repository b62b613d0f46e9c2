"""Messages that come late, doubled and shuffled, and servers that die between any two statements: at the end the
grants are the plain model's, no alarm is missing, and the audit is whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import pytest
from django.db import OperationalError, connection
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from accounts.audit_chain import verify
from accounts.ids import new_public_id
from tests import factories
from tests.tiers.orders.histories import events
from tests.tiers.orders.world import Message, World, agrees_with_the_model, make_world
from tiers.order_states import Event, EventKind

pytestmark = pytest.mark.django_db(transaction=True)
SAID = events("p").filter(lambda event: event.kind != EventKind.CREDITED)
STATEMENTS = st.integers(1, 30)


class Killed(BaseException):
    """What no `except Exception` sees, as nothing sees a SIGKILL."""


@contextmanager
def dying(at: int, of: BaseException) -> Iterator[None]:
    """At the n-th statement, once."""
    left = [at]

    def run(execute: Any, *call: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise of
        return execute(*call)

    with connection.execute_wrapper(run):
        yield


class Deliveries(RuleBasedStateMachine):
    """Three orders: two of the same thing for the same workspace, one of another for another."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.orders: list[str] = []
        self.things: list[tuple[str, str]] = []
        self.sent: list[Message] = []

    @precondition(lambda self: not self.orders)
    @rule(data=st.data())
    def order(self, data: st.DataObject) -> None:
        one, other = data.draw(st.permutations(self.world.products))[:2]
        home, away = self.world.workspaces
        self.things = [(one, home), (one, home), (other, away)]
        self.orders = [f"ord_{new_public_id()}" for _ in self.things]

    @precondition(lambda self: self.orders)
    @rule(which=st.integers(0, 2), drawn=SAID, at_once=st.booleans())
    def say(self, which: int, drawn: Event, at_once: bool) -> None:
        message = self.world.say(self.orders[which], drawn, *self.things[which])
        self.sent.append(message)
        if at_once:
            self.arrive(message)

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        """One that is late, or comes again."""
        self.arrive(data.draw(st.sampled_from(self.sent)))

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), at=STATEMENTS)
    def be_killed(self, data: st.DataObject, at: int) -> None:
        message = data.draw(st.sampled_from(self.sent))
        try:
            with dying(at, Killed()):
                self.world.shop.deliver(message.body, message.id)
        except Killed:
            assert not connection.in_atomic_block

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), at=STATEMENTS)
    def lose_the_database(self, data: st.DataObject, at: int) -> None:
        message = data.draw(st.sampled_from(self.sent))
        with dying(at, OperationalError("the server closed the connection")):
            status = self.world.shop.deliver(message.body, message.id).status_code
        assert status in {200, 500, 503}

    @rule()
    def sweep(self) -> None:
        self.world.redrive()

    def arrive(self, message: Message) -> None:
        assert self.world.shop.deliver(message.body, message.id).status_code == 200

    def teardown(self) -> None:
        """All arrives at last; a sender that got no 200 sends again, or our own sweep applies it."""
        stored = self.sent[: len(self.sent) // 2]
        for message in self.sent:
            if message not in stored:
                self.arrive(message)
        self.world.redrive()
        for message in reversed(stored):
            self.arrive(message)
        for order in {message.order for message in self.sent}:
            agrees_with_the_model(self.world, order)


def test_at_the_end_the_grants_are_the_plain_models(transactional_db: None) -> None:
    factories.catalogue()
    Deliveries.world = make_world()
    run_state_machine_as_test(
        Deliveries,
        settings=settings(
            max_examples=30, stateful_step_count=18, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
    assert list(verify()) == []
