"""What is said of a limit that is spent, and the ways out of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.tokens.gateway.worlds import NOW
from tiers.entitlements import Standing
from tiers.facts import NO_LIMITS, Catalogue, LimitFacts, ProductFacts, TierFacts
from tokens.gateway.ask import ApplicationFacts, LimitState, OpenRequest, Pass, Refusal
from tokens.gateway.limit_refusals import Spent, allowance_used_up, rate_limited

TIERS = {
    "anonymous": TierFacts("anonymous", "Anonymous", 0, 10, 200, 3_000),
    "seed": TierFacts("seed", "Seed", 1, 60, 5_000, 100_000),
    "flower": TierFacts("flower", "Flower", 2, 60, 50_000, 100_000),
    "nectar": TierFacts("nectar", "Nectar", 3, 600, None, None),
}
SALE = {"amount": 500, "currency": "USD", "sale_from": NOW - timedelta(days=1)}
PACK = ProductFacts(slug="more", kind="pack", name="More", calls=10_000, **SALE)
NECTAR = ProductFacts(slug="nectar-month", kind="tier", name="Nectar", tier="nectar", **{**SALE, "amount": 2900})
SHOP = Catalogue(1, TIERS, {}, {}, {"more": (PACK,), "nectar-month": (NECTAR,)})
RIGHTS = Pass(
    token="token0id",
    publishable=False,
    workspace="workspace0id",
    application=ApplicationFacts(pk=1, id="application0", slug="chat", name="Chat"),
    rights_version=3,
)
PUBLIC = replace(RIGHTS, publishable=True)


def spent(
    name: str = "requests_per_day",
    scope: str = "application",
    *,
    rights: Pass | None = RIGHTS,
    limit: int = 5_000,
    left: int = 0,
    shop: Catalogue = SHOP,
) -> Refusal:
    state = LimitState(name, limit, left, 43_200, scope)
    case = Spent(state, 43_200, shop, rights, Standing(TIERS["seed"], None), NOW)
    return (rate_limited if name == "requests_per_minute" else allowance_used_up)(case)


def ways(refusal: Refusal) -> list[tuple[str, str | None]]:
    return [(remedy.kind, remedy.href) for remedy in refusal.remedies]


def test_a_used_up_day_says_how_much_it_was_of_what_and_when_there_is_more() -> None:
    refusal = spent()
    assert refusal.message == (
        "This application may make no more than 5000 calls a day. "
        "They are used up, and there are new ones on 2026-11-23, at 0:00 UTC."
    )
    assert (refusal.code, refusal.param, refusal.retry_after) == ("allowance_used_up", None, 43_200)
    assert refusal.remedies[0].until == NOW + timedelta(hours=12)
    assert ways(refusal) == [
        ("wait", None),
        ("apply", "/requests/new/?tier=flower"),
        ("buy", "/orders/new/?product=nectar-month"),
        ("buy", "/orders/new/?product=more"),
    ]
    assert refusal.remedies[-1].label == "Buy 10000 calls for $5.00"


def test_a_call_that_costs_more_than_is_left_is_told_what_is_left() -> None:
    assert "3 of them are left until 2026-11-23, and this call costs more." in spent(left=3).message
    assert "1 of them is left" in spent(left=1).message


def test_a_rate_says_in_how_many_seconds_to_come_again() -> None:
    state = LimitState("requests_per_minute", 60, 0, 60, "application")
    refusal = rate_limited(Spent(state, 1, SHOP, RIGHTS, Standing(TIERS["seed"], None), NOW))
    assert refusal.message == "This application may make no more than 60 calls a minute. Try again in 1 second."
    assert (refusal.retry_after, refusal.remedies[0].until) == (1, NOW + timedelta(seconds=1))
    assert ways(refusal) == [("wait", None), ("apply", "/requests/new/?tier=nectar"), ways(spent())[2]]


def test_only_a_tier_that_has_more_of_it_is_offered() -> None:
    assert ("apply", "/requests/new/?tier=nectar") in ways(spent("requests_per_month", limit=100_000))
    small = replace(SHOP, tiers={slug: TIERS[slug] for slug in ("anonymous", "seed")}, products={})
    assert ways(spent(shop=small)) == [("wait", None)]


@pytest.mark.parametrize("name", ["requests_per_minute", "requests_per_day", "requests_per_month"])
def test_each_limit_is_changed_by_whom_it_was_set(name: str) -> None:
    assert ways(spent(name, "token"))[1:] == [("edit", "/tokens/token0id/edit/")]
    assert "its holder set that limit" in spent(name, "token").message
    assert ways(spent(name, "workspace"))[1:] == [("contact", "/workspace/")]
    assert "All applications of this workspace together" in spent(name, "workspace").message
    assert ways(spent(name, "address", rights=None))[1:] == [("apply", "/tokens/new/")]
    assert "Without a token" in spent(name, "address", rights=None).message


def test_what_staff_set_for_an_application_no_tier_changes() -> None:
    overridden = replace(RIGHTS, application_limits=LimitFacts(per_day=9))
    assert [kind for kind, _href in ways(spent(rights=overridden))] == ["wait", "contact", "buy"]
    of_the_month = replace(RIGHTS, application_limits=LimitFacts(per_month=9))
    assert ("apply", "/requests/new/?tier=flower") in ways(spent(rights=of_the_month))


def test_a_tier_that_was_asked_for_is_not_asked_for_again() -> None:
    asked = replace(RIGHTS, open_requests=(OpenRequest("req1", "in_review", "flower", None, NOW),))
    assert ways(spent(rights=asked))[1] == ("wait", "/requests/req1/")
    assert ways(spent(rights=replace(asked, publishable=True)))[1] == ("apply", "/requests/new/?tier=flower")


@pytest.mark.parametrize("name", ["requests_per_minute", "requests_per_day"])
@pytest.mark.parametrize("scope", ["token", "application", "workspace"])
def test_every_visitor_of_a_site_learns_nothing_of_its_workspace(name: str, scope: str) -> None:
    refusal = spent(name, scope, rights=PUBLIC)
    told = repr(refusal)
    assert "5000 calls" in refusal.message
    assert not any(word in told for word in ("workspace0id", "its holder", "of this workspace", "/tokens/token0id"))
    assert PUBLIC.caps == NO_LIMITS
