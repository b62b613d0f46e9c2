"""A pass as Redis keeps it: what allows may rest on, and no more, in a few hundred bytes.

Its *shape* is what a verdict depends on: the restrictions, and which grants are live, without ids and times. It is the
same for thousands of tokens, so the verdicts of few shapes answer nearly all asks. Within `until` neither the shape
nor what else is stored changes: no grant starts or ends, and the token does not end.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import ip_network
from typing import Final

import msgspec

from tiers.entitlements import Phase, in_scope, phase
from tiers.facts import GrantFacts
from tokens.gateway.ask import ApplicationFacts, Identity, OpenRequest, Pass

# Raised with every change of what is stored.
FORMAT: Final = 2
# What of the ask a shape is sensitive to, as its first byte.
ORIGIN: Final = 1
ADDRESS: Final = 2
# Of stand-ins, which know no ids: the application of a shape.
_APPLICATION: Final = 0
_FAR: Final = datetime(9000, 1, 1, tzinfo=UTC)

Source = tuple[str, str, float | None]
# An open access request: id, state, tier, model, since when.
Opening = tuple[str, str, str | None, str | None, datetime]


class StoredPass(Identity, array_like=True, frozen=True, gc=False):
    """`grants`: source, source id and end (Unix time) of each live grant, in the shape's order. `counters`: of each
    limit, in the order in which the limits are stored. `whole`: with `open_requests`, nothing else is known of the
    token that a refusal depends on, nor becomes known while its rights version stands."""

    counters: tuple[str, ...]
    shape: bytes
    grants: list[Source]
    whole: bool = False
    open_requests: list[Opening] = []


class _Shape(msgspec.Struct, array_like=True, frozen=True):
    publishable: bool
    secret_in_query: bool
    hosts: list[str]
    allowed_models: list[str]
    allowed_operations: list[str]
    allowed_permissions: list[str]
    allowed_networks: list[str]
    allowed_hosts: list[str]
    grants: list[tuple[str | None, str | None, list[str]]]


_encode = msgspec.msgpack.Encoder().encode
_shape = msgspec.msgpack.Decoder(_Shape).decode
decode = msgspec.msgpack.Decoder(StoredPass).decode


def encode(rights: Pass, counters: tuple[str, ...], now: datetime) -> bytes | None:
    """None for a token that may do nothing at all, which no allow can rest on."""
    if rights.revoked_at or _is_over(rights.ends_at, now) or rights.workspace_suspended_reason is not None:
        return None
    if rights.application.suspended_reason is not None:
        return None
    live = _live(rights, now)
    stored = StoredPass(
        token=rights.token,
        workspace=rights.workspace,
        application=rights.application.id,
        slug=rights.application.slug,
        publishable=rights.publishable,
        rights_version=rights.rights_version,
        counters=counters,
        shape=_shape_of(rights, live),
        grants=[(g.source, g.source_id, g.ends_at.timestamp() if g.ends_at else None) for g in live],
        # Free tries that are taken from now on raise no version, but refuse only what this would allow.
        whole=len(live) == len(rights.grants) and not (rights.orders or rights.tries),
        open_requests=[(one.id, one.state, one.tier, one.model, one.since) for one in rights.open_requests],
    )
    return _encode(stored)


def whole(found: StoredPass) -> Pass | None:
    """The pass that this was made of, for `decide()` and whoever tells its refusals; None where more is to be known."""
    if not found.whole:
        return None
    blank = stand_in(found.shape)
    return replace(
        blank,
        token=found.token,
        workspace=found.workspace,
        application=replace(blank.application, id=found.application, slug=found.slug),
        rights_version=found.rights_version,
        grants=tuple(
            replace(
                grant,
                source=source,
                source_id=source_id,
                ends_at=None if end is None else datetime.fromtimestamp(end, UTC),
            )
            for grant, (source, source_id, end) in zip(blank.grants, found.grants, strict=True)
        ),
        open_requests=tuple(OpenRequest(*values) for values in found.open_requests),
    )


def until(rights: Pass, now: datetime) -> datetime | None:
    """When next a grant starts or ends, or the token ends; None where time alone changes nothing."""
    moments = [rights.ends_at, *(grant.starts_at for grant in rights.grants), *(g.ends_at for g in rights.grants)]
    return min((at for at in moments if at is not None and at > now), default=None)


@lru_cache(maxsize=1024)
def stand_in(shape: bytes) -> Pass:
    """A pass that `decide()` answers as it would the real one, but for whose it is. The ids of its grants are their
    places in the shape."""
    found = _shape(shape[1:])
    grants = tuple(
        GrantFacts(
            id=str(place),
            source="",
            source_id=str(place),
            tier=tier,
            model=model,
            permissions=frozenset(permissions),
            # They are told apart by which lasts longest.
            ends_at=_FAR - timedelta(days=place),
        )
        for place, (tier, model, permissions) in enumerate(found.grants)
    )
    return Pass(
        token="",
        publishable=found.publishable,
        workspace="",
        application=ApplicationFacts(
            _APPLICATION, "", "", "", secret_in_query=found.secret_in_query, hosts=tuple(found.hosts)
        ),
        rights_version=0,
        allowed_models=frozenset(found.allowed_models),
        allowed_operations=frozenset(found.allowed_operations),
        allowed_permissions=frozenset(found.allowed_permissions),
        allowed_networks=tuple(ip_network(network) for network in found.allowed_networks),
        allowed_hosts=tuple(found.allowed_hosts),
        grants=grants,
    )


def _live(rights: Pass, now: datetime) -> list[GrantFacts]:
    """Of the live grants that open something: the longest first, in the order in which they came."""
    scoped = in_scope(rights.grants, rights.application.pk)
    live = [g for g in scoped if g.calls is None and phase(g, now) is Phase.LIVE]
    return sorted(live, key=lambda g: (g.ends_at is not None, -g.ends_at.timestamp() if g.ends_at else 0.0))


def _shape_of(rights: Pass, live: list[GrantFacts]) -> bytes:
    bound = rights.publishable or bool(rights.allowed_hosts)
    shape = _Shape(
        publishable=rights.publishable,
        secret_in_query=rights.application.secret_in_query,
        hosts=sorted(rights.application.hosts) if bound else [],
        allowed_models=sorted(rights.allowed_models),
        allowed_operations=sorted(rights.allowed_operations),
        allowed_permissions=sorted(rights.allowed_permissions),
        allowed_networks=[str(network) for network in rights.allowed_networks],
        allowed_hosts=sorted(rights.allowed_hosts),
        grants=[(g.tier, g.model, sorted(g.permissions)) for g in live],
    )
    sensitive = ORIGIN * bound + ADDRESS * bool(rights.allowed_networks)
    return bytes([sensitive]) + _encode(shape)


def _is_over(end: datetime | None, now: datetime) -> bool:
    return end is not None and end <= now
