"""`sync_order`: the one way an order changes. The webhook, the page the buyer returns to, its poll, the sweeper, the
reconciler and staff all call it, as often as they like."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from accounts import audit, clock
from accounts.audit import Actor
from accounts.errors import Conflict
from accounts.ids import new_public_id
from accounts.models import User, Workspace
from accounts.roles import Permission, require
from tiers.actions.alarms import clear_alarms, raise_alarm, was_seen_to
from tiers.actions.early_access import close_window_at_goal, take_turn
from tiers.actions.notices import note_state
from tiers.actions.order_grants import agree
from tiers.actions.order_messages import join, join_messages, mark, mark_again, messages_of, unhandled
from tiers.models import (
    Alarm,
    AlarmKind,
    EventKind,
    Grant,
    Holds,
    Order,
    OrderEvent,
    OrderState,
    Outcome,
    Problem,
    Product,
    ProductVersion,
    Provider,
)
from tiers.order_states import Derived, Event, derive
from tiers.payments import provider
from tiers.selectors import order_facts

CHECKOUT: Final = "checkout"


def sync_order(*, pk: int, ask: bool, by: Actor, recorded: Iterable[Event] = ()) -> Order:
    """Bring an order and its grant to what the set of its events says, and return it.

    `ask`: first ask the provider how it stands (network, before any lock). `recorded`: events of our own to add.
    Then, in one transaction: what is new joins the set, unhandled messages of the inbox too, and state, grant, audit
    and alarms follow. Called twice, late or at once by several, it comes to the same. Raises ProviderAway."""
    heard, fetched = (unhandled(pk), _fetch(pk)) if ask else ([], [])
    with transaction.atomic():
        order = Order.objects.select_for_update(no_key=True).get(pk=pk)
        join(order, [*fetched, *recorded])
        waiting, aside = messages_of(order, heard)
        unusable = join_messages(order, waiting)
        rows = list(order.events.order_by("pk"))
        events = [order_facts.event(row) for row in rows]
        workspaces = _lock_workspaces(order, events)
        versions = _versions(order, events)
        now = clock.now()
        derived = _derived(order, events, versions, workspaces, now)
        before = _described(order)
        _write(order, derived, workspaces, versions, at=now, asked=ask)
        changed = agree(order, derived, by=by)
        if before != (after := _described(order)):
            audit.record("order.changed", order, by=by, workspace=order.workspace, before=before, after=after)
            note_state(order)
        if changed:
            close_window_at_goal(order)
        mark(order, waiting, unusable, rows, derived)
        mark_again(order, aside, rows, derived)
        _tell_staff(order, rows, derived, problem_before=before["problem"])
    return order


def _fetch(pk: int) -> list[Event]:
    order = Order.objects.select_related("workspace", "quoted__product").get(pk=pk)
    return provider(order.provider).fetch(order)


def _lock_workspaces(order: Order, events: Iterable[Event]) -> dict[str, Workspace]:
    """All that are named, and the one that it was of, in one order: whichever it turns out to be, it is locked."""
    named = Q(public_id__in={event.workspace for event in events if event.workspace}) | Q(pk=order.workspace_id)
    locked = Workspace.objects.filter(named).select_for_update(no_key=True).order_by("pk")
    for workspace in locked:
        if workspace.pk == order.workspace_id:
            order.workspace = workspace
    return {workspace.public_id: workspace for workspace in locked}


def _versions(order: Order, events: Iterable[Event]) -> dict[int, ProductVersion]:
    """By their ids, oldest first: every version of the products that the events name, what our checkout quoted, and
    what the order was of. Where a goal is waited for, read again when it is our turn."""
    slugs = {event.product for event in events if event.product}
    versions = _read_versions(order, slugs)
    if any(order_facts.offer(version).awaits_goal for version in versions.values() if version.product.slug in slugs):
        take_turn()
        versions = _read_versions(order, slugs)
    if order.version_id is not None:
        order.version = versions[order.version_id]
    return versions


def _read_versions(order: Order, slugs: Collection[str]) -> dict[int, ProductVersion]:
    versions = {version.pk: version for version in order_facts.versions(product__slug__in=slugs)}
    others = {order.quoted_id, order.version_id} - {None} - versions.keys()
    if others:
        versions |= {version.pk: version for version in order_facts.versions(pk__in=others)}
    return versions


def _derived(
    order: Order,
    events: Collection[Event],
    versions: Mapping[int, ProductVersion],
    workspaces: Collection[str],
    now: datetime,
) -> Derived:
    slugs = {event.product for event in events}
    offers = order_facts.by_product(version for version in versions.values() if version.product.slug in slugs)
    quoted = order_facts.offer(versions[order.quoted_id]) if order.quoted_id is not None else None
    return derive(events, now=now, offers=offers, workspaces=workspaces, quoted=quoted)


def _write(
    order: Order,
    derived: Derived,
    workspaces: Mapping[str, Workspace],
    versions: Mapping[int, ProductVersion],
    *,
    at: datetime,
    asked: bool,
) -> None:
    """To the row, and to `order` alike: it is locked, so nobody else writes it meanwhile."""
    values: dict[str, Any] = {
        "workspace": workspaces.get(derived.workspace),
        "version": versions[derived.offer.id] if derived.offer else None,
        "state": derived.state,
        "problem": derived.problem or "",
        "holds": derived.holds,
        "unsettled_since": derived.unsettled_since,
        "settled_at": derived.settled_at,
        "ends_at": derived.ends_at,
        "refunded": derived.refunded,
    }
    if any(getattr(order, name) != value for name, value in values.items()):
        values["changed_at"] = at
    elif not asked:
        return
    if asked:
        values["synced_at"] = at
    Order.objects.filter(pk=order.pk).update(**values)
    for name, value in values.items():
        setattr(order, name, value)


def _described(order: Order) -> dict[str, Any]:
    return {
        "workspace": order.workspace.public_id if order.workspace else None,
        "product": order.version.product.slug if order.version else None,
        "state": order.state,
        "problem": order.problem,
        "holds": order.holds,
        "ends_at": order.ends_at.isoformat() if order.ends_at else None,
        "refunded": order.refunded,
    }


def _tell_staff(order: Order, rows: list[OrderEvent], derived: Derived, *, problem_before: str) -> None:
    """Of money that gives nothing, and of what the provider said, when asked, that does not fit: no message has it.
    What was told and is still so is not told again: somebody may have seen to it, outside of here."""
    if order.problem and order.problem != problem_before:
        raise_alarm(AlarmKind.UNFULFILLED, order.public_id, str(Problem(order.problem).label), order=order)
    elif problem_before and not order.problem:
        clear_alarms(AlarmKind.UNFULFILLED, order.public_id, "It was settled.")
    _tell_of_renewal_in_vain(order, derived)
    if order.quoted_id is None:
        return  # Not from a checkout of ours: nobody asks about it.
    aside = next((row for row in rows if row.inbox_id is None and row.key in derived.set_aside), None)
    if aside is None or order.problem:
        clear_alarms(AlarmKind.EVENT_SET_ASIDE, order.public_id, "It fits now.")
    elif not was_seen_to(AlarmKind.EVENT_SET_ASIDE, order.public_id):
        detail = f"{aside.key}: {derived.set_aside[aside.key].label}"
        raise_alarm(AlarmKind.EVENT_SET_ASIDE, order.public_id, detail, order=order)


def _tell_of_renewal_in_vain(order: Order, derived: Derived) -> None:
    """Of a subscription that was taken back and is charged for again: once for each renewal, until that is given back
    too."""
    if order.holds != Holds.TAKEN:
        return
    sound = order.events.exclude(key__in=derived.set_aside)
    taken = sound.filter(Q(kind=EventKind.REFUNDED) | Q(kind=EventKind.DISPUTE_CLOSED, outcome=Outcome.LOST))
    taken_at = taken.aggregate(last=Max("at"))["last"]
    if taken_at is None:
        return
    renewal = sound.filter(kind=EventKind.RENEWED, at__gt=taken_at).order_by("recorded_at", "pk").last()
    if renewal is None:
        clear_alarms(AlarmKind.UNFULFILLED, order.public_id, "It was settled.")
        return
    detail = f"{renewal.key}: renewed"
    if not Alarm.objects.filter(kind=AlarmKind.UNFULFILLED, order=order, detail=detail).exists():
        raise_alarm(AlarmKind.UNFULFILLED, order.public_id, detail, order=order)


# --- Orders that begin here --------------------------------------------------------------------------------


@transaction.atomic
def place_order(*, workspace: Workspace, product: Product, name: Provider, by: User) -> Order:
    """Order what is on sale now, at the price that it has now. An unsettled order of the same is gone on with instead,
    so that nobody pays twice. Raises Conflict where it is not on sale, or held already for good."""
    require(by, Permission.ORDER_WRITE, workspace)
    workspace = Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    version = _on_sale(product)
    going = unsettled(workspace, version, name)
    if going is not None:
        return going
    _check_of_use(workspace, version)
    public_id = new_public_id()
    order = Order.objects.create(public_id=public_id, provider=name, reference=public_id, quoted=version, created_by=by)
    after = {"product": product.slug, "amount": version.amount, "currency": version.currency}
    audit.record("order.placed", order, by=by, workspace=workspace, after=after)
    return sync_order(pk=order.pk, ask=False, by=by, recorded=[_creation(workspace, version, clock.now())])


def unsettled(workspace: Workspace, version: ProductVersion, name: Provider) -> Order | None:
    """The order of the same thing at the same provider that waits for its money."""
    waiting = Order.objects.filter(workspace=workspace, quoted=version, provider=name, unsettled_since__isnull=False)
    return waiting.order_by("-pk").first()


def _on_sale(product: Product) -> ProductVersion:
    now = clock.now()
    version = product.versions.select_related("product", "tier", "model").order_by("number").last()
    if version is None or version.sale_from > now or (version.sale_until and version.sale_until <= now):
        raise Conflict(_("This is not on sale now."))
    if order_facts.offer(version).is_closed(now):
        raise Conflict(_("Early access to it is over: it opens to its tier now."))
    return version


def _check_of_use(workspace: Workspace, version: ProductVersion) -> None:
    """What one holds for good by an order, one need not buy again; packs and what ends may be bought on top."""
    if version.calls is not None:
        return
    held = Grant.objects.filter(workspace=workspace, revoked_at=None, ends_at=None, order__isnull=False)
    if held.filter(tier=version.tier, model=version.model, permissions__contains=version.permissions).exists():
        raise Conflict(_("This workspace holds it already, for good. Nothing would be gained by paying again."))


def _creation(workspace: Workspace, version: ProductVersion, at: datetime) -> Event:
    return Event(
        key=CHECKOUT,
        kind=EventKind.CREATED,
        at=at,
        received_at=at,
        workspace=workspace.public_id,
        product=version.product.slug,
        amount=version.amount,
        currency=version.currency,
    )


def open_checkout(*, order: Order, back: str, by: User) -> Order:
    """Open the provider's page for an order that waits for its money, and note its address. Raises ProviderAway."""
    if order.workspace is None or order.state not in {OrderState.CREATED, OrderState.PENDING}:
        raise Conflict(_("This order does not wait for a payment any more."))
    require(by, Permission.ORDER_WRITE, order.workspace)
    url = provider(order.provider).start_checkout(order, back=back)
    Order.objects.filter(pk=order.pk).update(checkout_url=url)
    order.checkout_url = url
    return order
