"""An order and its grant agree at every commit, by whatever way somebody came to the rows."""

from collections.abc import Iterable

import pytest
from django.db import DatabaseError, connection, transaction

from tests import factories
from tests.tiers.orders.shop import Shop
from tiers.actions.grants import revoke_grant
from tiers.models import Grant, Order

pytestmark = pytest.mark.django_db
ANOTHER = (
    "INSERT INTO tiers_grant (public_id, workspace_id, tier_id, permissions, source, source_id, order_id, reason,"
    " suspended_reason, revoked_reason) SELECT 'another', workspace_id, tier_id, permissions, source, 'x', order_id,"
    " '', '', '' FROM tiers_grant WHERE order_id IS NOT NULL LIMIT 1"
)
WHY = "and its grants disagree|Cannot (update|delete)|order_that_holds_is_whole|order_holds_as_its_state_says"


def run(statements: Iterable[str]) -> None:
    """As one transaction that commits: what is deferred is checked as at its end."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def breaks(*statements: str) -> bool:
    with pytest.raises(DatabaseError, match=WHY):
        run(statements)
    return True


def history(shop: Shop, name: str) -> None:
    shop.tell("order.created")
    if name != "created":
        shop.tell("order.paid")
    if name == "suspended":
        shop.tell("order.disputed", dispute={"id": "d"})
    if name == "taken":
        shop.tell("order.refunded", refund={"id": "r", "amount": 500})
    factories.person()
    run([])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tiers_grant SET revoked_at = now() WHERE order_id IS NOT NULL",
        "UPDATE tiers_grant SET disputed_at = now() WHERE order_id IS NOT NULL",
        "UPDATE tiers_grant SET order_id = NULL WHERE order_id IS NOT NULL",
        "UPDATE tiers_grant SET workspace_id = (SELECT max(id) FROM accounts_workspace) WHERE order_id IS NOT NULL",
        "UPDATE tiers_grant SET tier_id = (SELECT id FROM tiers_tier WHERE slug = 'nectar') WHERE order_id IS NOT NULL",
        "UPDATE tiers_grant SET tier_id = NULL, calls = 5 WHERE order_id IS NOT NULL",
        "UPDATE tiers_order SET holds = 'nothing'",
        "UPDATE tiers_order SET holds = 'taken'",
        "UPDATE tiers_order SET holds = 'suspended'",
        "UPDATE tiers_order SET workspace_id = (SELECT max(id) FROM accounts_workspace)",
        "UPDATE tiers_order SET workspace_id = NULL",
        "UPDATE tiers_order SET version_id = NULL",
        "UPDATE tiers_order SET settled_at = NULL",
        "UPDATE tiers_order SET state = 'refunded'",
        "UPDATE tiers_order SET state = 'created', holds = 'nothing'",
        ANOTHER,
    ],
)
def test_of_a_paid_order(shop: Shop, statement: str) -> None:
    history(shop, "paid")
    assert breaks(statement)


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("created", "UPDATE tiers_order SET holds = 'live', settled_at = now()"),
        ("created", "UPDATE tiers_order SET holds = 'taken', settled_at = now()"),
        ("created", "UPDATE tiers_order SET state = 'paid', settled_at = now()"),
        ("created", "UPDATE tiers_order SET state = 'paid', settled_at = now(), holds = 'live'"),
        ("suspended", "UPDATE tiers_grant SET disputed_at = NULL WHERE order_id IS NOT NULL"),
        ("suspended", "UPDATE tiers_order SET holds = 'live'"),
        ("suspended", "UPDATE tiers_grant SET revoked_at = now() WHERE order_id IS NOT NULL"),
        ("taken", "UPDATE tiers_grant SET revoked_at = NULL, revoked_reason = '' WHERE order_id IS NOT NULL"),
        ("taken", "UPDATE tiers_order SET holds = 'live'"),
        ("taken", ANOTHER),
    ],
)
def test_of_an_order_in_any_other_state(shop: Shop, name: str, statement: str) -> None:
    history(shop, name)
    assert breaks(statement)


def test_both_sides_changed_at_once_may_meet_in_between(shop: Shop) -> None:
    history(shop, "paid")
    run(
        [
            "UPDATE tiers_order SET holds = 'taken', state = 'refunded'",
            "UPDATE tiers_grant SET revoked_at = now() WHERE order_id IS NOT NULL",
        ]
    )
    assert Grant.objects.get(order=shop.order()).revoked_at is not None


def test_what_a_person_revoked_stays_revoked_whatever_the_order_says(shop: Shop) -> None:
    history(shop, "paid")
    revoke_grant(grant=shop.grant(), reason="They resell it.", by=factories.administrator())
    run([])
    for kind, data in (
        ("order.disputed", {"dispute": {"id": "d"}}),
        ("order.dispute_closed", {"dispute": {"id": "d", "outcome": "won"}}),
        ("order.paid", {}),
    ):
        assert shop.tell(kind, **data).status_code == 200
        run([])
    assert (shop.order().holds, shop.grant().revoked_reason) == ("live", "They resell it.")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM tiers_order",
        "DELETE FROM tiers_grant",
        "DELETE FROM tiers_orderevent",
        "DELETE FROM tiers_providerevent",
        "UPDATE tiers_orderevent SET kind = 'refunded'",
        "UPDATE tiers_orderevent SET amount = 1",
        "UPDATE tiers_orderevent SET at = now()",
        "UPDATE tiers_providerevent SET body = '{}'",
        "UPDATE tiers_providerevent SET headers = '[]'",
        "UPDATE tiers_providerevent SET event_id = 'other'",
        "UPDATE tiers_providerevent SET provider = 'stripe'",
        "UPDATE tiers_providerevent SET source = 'other'",
        "UPDATE tiers_providerevent SET received_at = now() - interval '1 day'",
    ],
)
def test_nothing_of_it_is_ever_deleted_and_no_event_edited(shop: Shop, statement: str) -> None:
    history(shop, "paid")
    assert breaks(statement)


@pytest.mark.django_db(transaction=True)
def test_it_is_the_commit_that_fails(shop: Shop) -> None:
    shop.tell("order.paid")
    order = shop.order()
    with pytest.raises(DatabaseError, match="and its grants disagree"):
        change_alone(order)
    assert shop.order().holds == "live"


def change_alone(order: Order) -> None:
    with transaction.atomic():
        Order.objects.filter(pk=order.pk).update(holds="nothing", state="created")
        order.refresh_from_db()
        assert order.holds == "nothing"
