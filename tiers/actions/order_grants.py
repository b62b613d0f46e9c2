"""Bringing an order's grants to what its events say: that order's, and only those."""

from typing import Any

from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts import audit
from accounts.audit import Actor
from tiers.actions.grants import described
from tiers.models import Grant, GrantSource, Holds, Order, ProductKind
from tiers.order_states import Derived


def agree(order: Order, derived: Derived, *, by: Actor) -> bool:
    """Give, change, suspend, restore or take the order's one grant; whether anything changed. Rows are never deleted.

    In the transaction of `sync_order`, with the order and its workspace locked. What staff revoked stays revoked."""
    rows = list(order.grants.order_by("pk"))
    fitting = [grant for grant in rows if _fits(grant, order)]
    changed = False
    for grant in rows:
        if grant.revoked_at is None and (grant not in fitting or derived.holds == Holds.NOTHING):
            _revoke(grant, _("The order no longer gives this."), by)
            changed = True
    if derived.holds == Holds.NOTHING:
        return changed
    held = next((grant for grant in fitting if grant.revoked_at is None), None)
    if held is None and _stays_taken(fitting, derived):
        return changed
    if held is None:
        held, changed = _give(order, derived, by), True
    return _bring(held, order, derived, by) or changed


def _stays_taken(fitting: list[Grant], derived: Derived) -> bool:
    return any(grant.revoked_by_id for grant in fitting) or (bool(fitting) and derived.holds == Holds.TAKEN)


def _fits(grant: Grant, order: Order) -> bool:
    """Whether the grant is of what the order is of, to whom it is."""
    version = order.version
    return (
        version is not None
        and grant.workspace_id == order.workspace_id
        and (grant.tier_id, grant.model_id) == (version.tier_id, version.model_id)
        and (grant.calls is None) == (version.calls is None)
    )


def _give(order: Order, derived: Derived, by: Actor) -> Grant:
    version, workspace = order.version, order.workspace
    if version is None or workspace is None or derived.settled_at is None:
        raise RuntimeError(f"order {order.public_id} holds {derived.holds} of nothing")
    early = version.product.kind == ProductKind.EARLY_ACCESS
    grant = Grant.objects.create(
        workspace=workspace,
        tier=version.tier,
        model=version.model,
        calls=derived.calls,
        permissions=version.permissions or ["generate"],
        source=GrantSource.EARLY_ACCESS if early else GrantSource.ORDER,
        source_id=order.public_id,
        order=order,
        reason=_("Bought: %(product)s.") % {"product": version.name},
        starts_at=derived.settled_at,
        ends_at=derived.ends_at,
    )
    audit.record("grant.given", grant, by=by, workspace=workspace, reason=grant.reason, after=described(grant))
    return grant


def _bring(grant: Grant, order: Order, derived: Derived, by: Actor) -> bool:
    """Window, size, dispute and end of an open grant, each as it should be."""
    changed = _move(grant, derived, by)
    if derived.holds == Holds.TAKEN:
        _revoke(grant, _taken_because(order), by)
        return True
    if derived.holds == Holds.SUSPENDED and grant.disputed_at is None:
        _change(grant, "grant.suspended", {"disputed_at": Now()}, _("The payment is disputed."), by)
        return True
    if derived.holds == Holds.LIVE and grant.disputed_at is not None:
        _change(grant, "grant.resumed", {"disputed_at": None}, _("The dispute was won."), by)
        return True
    return changed


def _move(grant: Grant, derived: Derived, by: Actor) -> bool:
    wanted = {"starts_at": derived.settled_at, "ends_at": derived.ends_at, "calls": derived.calls}
    values = {name: value for name, value in wanted.items() if getattr(grant, name) != value}
    if values:
        _change(grant, "grant.moved", values, _("The order says so."), by)
    return bool(values)


def _taken_because(order: Order) -> str:
    if order.refunded:
        return _("The payment was refunded.")
    return _("The payment was taken back by a dispute.")


def _revoke(grant: Grant, reason: str, by: Actor) -> None:
    """By no person: what nobody decided, no person's name stands under."""
    _change(grant, "grant.revoked", {"revoked_at": Now(), "revoked_reason": reason[:500]}, reason, by)


def _change(grant: Grant, action: str, values: dict[str, Any], reason: str, by: Actor) -> None:
    before = _moments(grant)
    Grant.objects.filter(pk=grant.pk, revoked_at=None).update(**values)
    grant.refresh_from_db()
    audit.record(action, grant, by=by, workspace=grant.workspace, reason=reason, before=before, after=_moments(grant))


def _moments(grant: Grant) -> dict[str, Any]:
    times = ("starts_at", "ends_at", "disputed_at", "revoked_at")
    return {name: at.isoformat() if (at := getattr(grant, name)) else None for name in times} | {"calls": grant.calls}
