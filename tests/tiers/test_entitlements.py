"""Properties of what follows from grants: for every catalogue, every set of grants and every instant."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tiers.entitlements import (
    EXPIRY_REMEMBERED,
    Held,
    Lack,
    NotHeld,
    Phase,
    holding,
    opens,
    phase,
    standing,
)
from tiers.facts import Catalogue, GrantFacts, ModelFacts, TierFacts

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
APPLICATION, OTHER = 1, 2
TIERS = {slug: TierFacts(slug, slug, rank, 60) for rank, slug in enumerate(["anonymous", "seed", "flower"])}
WINDOW = {"early_access_from": EPOCH + timedelta(days=40), "early_access_until": EPOCH + timedelta(days=60)}
MODELS = {
    "open": ModelFacts("open", frozenset({"chat_completion"}), "anonymous"),
    "seeded": ModelFacts("seeded", frozenset({"chat_completion"}), "seed"),
    "flowery": ModelFacts("flowery", frozenset({"chat_completion"}), "flower"),
    "gated": ModelFacts("gated", frozenset({"chat_completion"}), None, gated=True),
    "early": ModelFacts("early", frozenset({"chat_completion"}), "seed", **WINDOW),
}
CATALOGUE = Catalogue(1, TIERS, MODELS, {})

days = st.integers(0, 400).map(lambda n: EPOCH + timedelta(days=n))
maybe = st.none() | days


@st.composite
def grants(draw: st.DrawFn) -> GrantFacts:
    packs = [{"calls": 100}]
    subject = draw(st.sampled_from([{"tier": slug} for slug in TIERS] + [{"model": name} for name in MODELS] + packs))
    starts = draw(days)
    ends = draw(st.none() | st.integers(1, 200).map(lambda n: starts + timedelta(days=n)))
    return GrantFacts(
        id=draw(st.text("abc", min_size=1, max_size=3)),
        source=draw(st.sampled_from(["request", "order", "early_access", "manual", "rule"])),
        source_id="x",
        application=draw(st.sampled_from([None, APPLICATION, OTHER])),
        permissions=draw(st.sampled_from([frozenset({"generate"}), frozenset({"download"})])),
        starts_at=starts,
        ends_at=ends,
        suspended_at=draw(maybe),
        disputed_at=draw(st.none() | maybe),
        revoked_at=draw(maybe),
        **subject,
    )


many = st.lists(grants(), max_size=6)
models = st.sampled_from(sorted(MODELS.values(), key=lambda model: model.name))
permissions = st.sampled_from(["generate", "download"])


def held(given_grants: list[GrantFacts], model: ModelFacts, permission: str, now: datetime) -> Held | NotHeld:
    return holding(CATALOGUE, given_grants, model, application=APPLICATION, permission=permission, now=now)


@given(many, models, permissions, days)
def test_a_model_is_held_by_a_live_grant_that_opens_it_or_because_all_may(
    given_grants: list[GrantFacts], model: ModelFacts, permission: str, now: datetime
) -> None:
    result = held(given_grants, model, permission, now)
    live = [
        grant
        for grant in given_grants
        if grant.application in (None, APPLICATION)
        and grant.revoked_at is None
        and grant.suspended_at is None
        and grant.disputed_at is None
        and grant.calls is None
        and grant.starts_at <= now
        and (grant.ends_at is None or now < grant.ends_at)
        and opens(CATALOGUE, grant, model, permission, now)
    ]
    for_all = model.name == "open" and permission == "generate"
    assert isinstance(result, Held) == bool(live or for_all)
    if isinstance(result, Held):
        assert result.by in live or (result.by is None and for_all)


@given(many, grants(), models, permissions, days)
def test_one_more_grant_never_takes_a_model_away(
    given_grants: list[GrantFacts], extra: GrantFacts, model: ModelFacts, permission: str, now: datetime
) -> None:
    if isinstance(held(given_grants, model, permission, now), Held):
        assert isinstance(held([*given_grants, extra], model, permission, now), Held)


@given(many, models, permissions, days, st.randoms())
def test_the_order_of_grants_does_not_matter(
    given_grants: list[GrantFacts], model: ModelFacts, permission: str, now: datetime, random: object
) -> None:
    shuffled = list(given_grants)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = held(given_grants, model, permission, now), held(shuffled, model, permission, now)
    assert type(first) is type(second)
    if isinstance(first, NotHeld) and isinstance(second, NotHeld):
        assert first.lack is second.lack


@given(many, models, permissions, days)
def test_curing_the_lack_that_is_told_opens_the_model(
    given_grants: list[GrantFacts], model: ModelFacts, permission: str, now: datetime
) -> None:
    result = held(given_grants, model, permission, now)
    if isinstance(result, Held):
        return
    if result.grant is not None:
        cure = GrantFacts(
            id="cure",
            source=result.grant.source,
            source_id="cure",
            tier=result.grant.tier,
            model=result.grant.model,
            permissions=result.grant.permissions,
        )
    elif result.lack is Lack.TIER_REQUIRED:
        cure = GrantFacts(id="cure", source="request", source_id="cure", tier=model.tier)
    else:
        cure = GrantFacts(
            id="cure", source="request", source_id="c", model=model.name, permissions=frozenset({"download"})
        )
    assert isinstance(held([*given_grants, cure], model, permission, now), Held)


@given(grants(), days)
def test_a_grant_is_in_exactly_one_phase_and_revocation_is_for_good(grant: GrantFacts, now: datetime) -> None:
    where = phase(grant, now)
    if grant.revoked_at is not None:
        assert where is Phase.OVER
    if where is Phase.EXPIRED:
        assert grant.ends_at is not None
        assert grant.ends_at <= now < grant.ends_at + EXPIRY_REMEMBERED


@given(many, days)
def test_the_tier_stood_on_is_the_highest_live_one(given_grants: list[GrantFacts], now: datetime) -> None:
    stands = standing(CATALOGUE, given_grants, APPLICATION, now)
    live = [
        TIERS[grant.tier].rank
        for grant in given_grants
        if grant.tier and grant.application in (None, APPLICATION) and phase(grant, now) is Phase.LIVE
    ]
    assert stands.tier.rank == max(live, default=0)


def test_the_window_closes_by_the_clock_alone() -> None:
    seed = GrantFacts(id="g", source="rule", source_id="self-service", tier="seed")
    start, end = WINDOW["early_access_from"], WINDOW["early_access_until"]
    early = MODELS["early"]
    assert held([seed], early, "generate", start) == NotHeld(Lack.EARLY_ACCESS)
    assert held([seed], early, "generate", end - timedelta(microseconds=1)) == NotHeld(Lack.EARLY_ACCESS)
    assert held([seed], early, "generate", end) == Held(seed)


def test_a_goal_that_was_reached_ends_the_window_and_one_reached_late_does_not_lengthen_it() -> None:
    seed = GrantFacts(id="g", source="rule", source_id="self-service", tier="seed")
    start, end = WINDOW["early_access_from"], WINDOW["early_access_until"]
    reached = start + timedelta(days=3)
    early = replace(MODELS["early"], goal_reached_at=reached)
    assert held([seed], early, "generate", reached - timedelta(microseconds=1)) == NotHeld(Lack.EARLY_ACCESS)
    assert held([seed], early, "generate", reached) == Held(seed)
    late = replace(early, goal_reached_at=end + timedelta(days=1))
    assert held([seed], late, "generate", end) == Held(seed)


def test_a_grant_of_the_model_opens_it_in_the_window_whatever_the_tier_and_stays_when_it_ends() -> None:
    bought = GrantFacts(id="g", source="early_access", source_id="o", model="early", starts_at=EPOCH)
    for now in (EPOCH, WINDOW["early_access_from"], WINDOW["early_access_until"], EPOCH + timedelta(days=999)):
        assert held([bought], MODELS["early"], "generate", now) == Held(bought)


def test_a_dispute_suspends_whatever_staff_decide() -> None:
    bought = GrantFacts(id="g", source="order", source_id="o", model="gated", disputed_at=EPOCH)
    assert held([bought], MODELS["gated"], "generate", EPOCH) == NotHeld(Lack.GRANT_SUSPENDED, bought)
    both = replace(bought, suspended_at=EPOCH)
    assert phase(replace(both, disputed_at=None), EPOCH) is phase(replace(both, suspended_at=None), EPOCH)
    assert phase(replace(both, disputed_at=None, suspended_at=None), EPOCH) is Phase.LIVE


def test_no_window_is_why_a_download_is_not_held() -> None:
    start = WINDOW["early_access_from"]
    assert held([], MODELS["early"], "download", start) == NotHeld(Lack.APPROVAL_REQUIRED)


def test_early_access_that_ended_with_its_window_is_not_told_as_expired() -> None:
    end = WINDOW["early_access_until"]
    bought = GrantFacts(id="g", source="early_access", source_id="o", model="early", starts_at=EPOCH, ends_at=end)
    assert held([bought], MODELS["early"], "generate", end) == NotHeld(Lack.TIER_REQUIRED)


def test_a_suspended_lower_tier_is_not_the_reason_when_lifting_it_would_not_help() -> None:
    seed = GrantFacts(id="g", source="manual", source_id="m", tier="seed", suspended_at=EPOCH)
    assert held([seed], MODELS["flowery"], "generate", EPOCH) == NotHeld(Lack.TIER_REQUIRED)
    assert held([seed], MODELS["seeded"], "generate", EPOCH) == NotHeld(Lack.GRANT_SUSPENDED, seed)
