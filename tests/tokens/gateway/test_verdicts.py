"""What is stored answers as PostgreSQL's pass would: what a verdict allows `decide()` allows, for the same grant."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from tests.tokens.gateway import worlds
from tiers.facts import Catalogue
from tokens.gateway import stored
from tokens.gateway.ask import Ask, Decision, GrantedBy, Pass
from tokens.gateway.decision import decide
from tokens.gateway.verdicts import ANONYMOUS, Verdicts

# Half of them with nothing in the way of the call but what is held.
open_worlds = worlds.meetings() | st.tuples(worlds.catalogues(), st.none() | worlds.passes(), worlds.asks())
World = tuple[Catalogue, Pass | None, Ask]
later = st.sampled_from([timedelta(0), timedelta(seconds=29), timedelta(days=1), timedelta(days=1, seconds=1)])


def quick(catalogue: Catalogue, rights: Pass | None, ask: Ask, stored_at: datetime, now: datetime) -> Decision | None:
    """As the gateway answers at `now` from what was stored at `stored_at`; None where it would ask PostgreSQL."""
    verdicts = Verdicts(catalogue, now.timestamp())
    if rights is None:
        verdict = verdicts.of(ANONYMOUS, ask, now.timestamp())
        return verdict and Decision(ask, now, tier=verdict.tier, operation=verdict.operation, model=verdict.model)
    blob = stored.encode(rights, ("a",), stored_at)
    until = stored.until(rights, stored_at)
    if blob is None or (until is not None and now >= until):
        return None
    found = stored.decode(blob)
    verdict = verdicts.of(found.shape, ask, now.timestamp())
    if verdict is None:
        return None
    decision = Decision(ask, now, tier=verdict.tier, operation=verdict.operation, model=verdict.model)
    if verdict.grant is not None:
        source, source_id, ends_at = found.grants[verdict.grant]
        ends = None if ends_at is None else datetime.fromtimestamp(ends_at, UTC)
        decision = structs.replace(decision, granted_by=GrantedBy(source, source_id, ends))
    return decision


def told_apart(rights: Pass) -> Pass:
    """Each grant has a source of its own, so that naming the wrong one is seen."""
    return replace(rights, grants=tuple(replace(g, source_id=str(i)) for i, g in enumerate(rights.grants)))


@settings(max_examples=150)
@given(world=open_worlds, wait=later)
def test_whatever_is_stored_allows_only_what_the_true_pass_allows(world: World, wait: timedelta) -> None:
    catalogue, rights, ask = world
    rights = rights and told_apart(rights)
    now = worlds.NOW + wait
    found = quick(catalogue, rights, ask, worlds.NOW, now)
    if found is None:
        return
    true = decide(catalogue, rights, ask, now)
    assert true.allow
    assert true.tries_left is None
    assert (found.tier, found.operation, found.model, found.granted_by) == (
        true.tier,
        true.operation,
        true.model,
        true.granted_by,
    )


@settings(max_examples=150)
@given(world=open_worlds)
def test_what_the_true_pass_allows_is_allowed_by_what_is_stored(world: World) -> None:
    catalogue, rights, ask = world
    true = decide(catalogue, rights, ask, worlds.NOW)
    if true.allow and true.tries_left is None:
        assert quick(catalogue, rights, ask, worlds.NOW, worlds.NOW) is not None


@settings(max_examples=300)
@given(world=open_worlds, wait=later)
def test_a_whole_pass_is_refused_as_the_true_one_is(world: World, wait: timedelta) -> None:
    catalogue, rights, ask = world
    if rights is None:
        return
    blob, until = stored.encode(rights, ("a",), worlds.NOW), stored.until(rights, worlds.NOW)
    whole = stored.whole(stored.decode(blob)) if blob else None
    now = worlds.NOW + wait
    if whole is None or (until is not None and now >= until):
        return
    found, true = decide(catalogue, whole, ask, now), decide(catalogue, rights, ask, now)
    assert found.refusals == true.refusals
    assert (found.identity, found.tier, found.operation, found.model) == (
        true.identity,
        true.tier,
        true.operation,
        true.model,
    )


@given(rights=worlds.passes())
def test_a_pass_is_whole_where_nothing_else_is_known(rights: Pass) -> None:
    known = replace(rights, grants=(), orders=(), tries=(), revoked_at=None, ends_at=None)
    blob = stored.encode(known, (), worlds.NOW)
    assert blob is None or stored.whole(stored.decode(blob)) is not None
    for more in ({"orders": rights.orders}, {"tries": rights.tries}):
        blob = stored.encode(replace(known, **more), (), worlds.NOW)
        assert blob is None or (stored.whole(stored.decode(blob)) is None) == any(more.values())
