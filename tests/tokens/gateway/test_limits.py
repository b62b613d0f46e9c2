"""Which limits hold for one token, from any rights."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from tests.tokens.gateway import worlds
from tests.tokens.gateway.worlds import APPLICATION, NOW
from tiers.entitlements import Standing
from tiers.facts import NO_LIMITS, GrantFacts, LimitFacts, TierFacts
from tokens.gateway import limits
from tokens.gateway.ask import ApplicationFacts, Pass
from tokens.gateway.limits import Scope

amounts = st.none() | st.integers(1, 1000)
facts = st.builds(LimitFacts, amounts, amounts, amounts, amounts)
tiers = st.builds(
    TierFacts, st.just("seed"), st.just("Seed"), st.just(1), st.integers(1, 1000), amounts, amounts, st.just(True)
)
FIELDS = ("per_minute", "per_day", "per_month", "concurrent")
RIGHTS = Pass(
    token="token0id",
    publishable=False,
    workspace="workspace0id",
    application=ApplicationFacts(pk=APPLICATION, id="application0", slug="chat", name="Chat"),
    rights_version=3,
)
PACK = GrantFacts(id="pack", source="order", source_id="o", calls=10)


def rights_of(rights: Pass, caps: LimitFacts, application: LimitFacts, workspace: LimitFacts) -> Pass:
    return replace(rights, caps=caps, application_limits=application, workspace_limits=workspace)


@given(worlds.passes(), tiers, facts, facts, facts, st.none() | facts)
def test_of_each_limit_staff_come_before_the_grant_and_the_grant_before_the_tier(
    rights: Pass, tier: TierFacts, caps: LimitFacts, staff: LimitFacts, whole: LimitFacts, granted: LimitFacts | None
) -> None:
    grant = None if granted is None else GrantFacts(id="g", source="manual", source_id="1", limits=granted)
    found = {limit.scope: limit for limit in limits.of(rights_of(rights, caps, staff, whole), Standing(tier, grant))}
    of_application = found[Scope.APPLICATION].facts
    for name in FIELDS:
        said = [getattr(one, name) for one in (staff, granted or NO_LIMITS, tier.limits)]
        assert getattr(of_application, name) == next((value for value in said if value is not None), None)
    assert found[Scope.APPLICATION].subject == rights.application.id
    assert (Scope.TOKEN in found) == (caps != NO_LIMITS)
    assert (Scope.WORKSPACE in found) == (whole != NO_LIMITS)
    assert all(
        found[scope].facts == told for scope, told in ((Scope.TOKEN, caps), (Scope.WORKSPACE, whole)) if scope in found
    )


def test_packs_are_the_applications_and_the_soonest_to_end_is_first() -> None:
    of_another = replace(PACK, id="elsewhere", application=APPLICATION + 1)
    lasting, later = replace(PACK, id="a"), replace(PACK, id="b", ends_at=NOW + timedelta(days=2))
    sooner = replace(PACK, id="c", ends_at=NOW + timedelta(days=1), application=APPLICATION)
    off = [replace(PACK, id=name, **{f"{name}_at": NOW}) for name in ("suspended", "disputed", "revoked")]
    rights = replace(RIGHTS, grants=(lasting, of_another, later, *off, sooner), caps=LimitFacts(per_day=1))
    tier = TierFacts("seed", "Seed", 1, 60)
    of_token, of_application = limits.of(rights, Standing(tier, None))
    assert [pack.id for pack in of_application.packs] == ["c", "b", "a"]
    assert of_token.packs == ()


def test_a_pack_is_there_from_its_start_until_its_end() -> None:
    pack = limits.Pack("p", 5, starts_at=10.0, ends_at=20.0)
    assert [pack.is_there(at) for at in (9.9, 10.0, 19.9, 20.0)] == [False, True, True, False]
    assert limits.Pack("p", 5, starts_at=10.0).is_there(10.0**12)


def test_callers_without_a_token_are_told_apart_by_ipv4_address_and_ipv6_network() -> None:
    def subject(text: str) -> str:
        return limits.address_subject(ip_address(text), "gw")

    assert subject("192.0.2.1") == subject("::ffff:192.0.2.1") != subject("192.0.2.2")
    assert subject("2001:db8:1:2::1") == subject("2001:db8:1:2:ffff::9") != subject("2001:db8:1:3::1")
    assert (
        limits.address_subject(None, "gw1")
        == limits.address_subject(None, "gw1")
        != limits.address_subject(None, "gw2")
    )
    (limit,) = limits.of_address(TierFacts("anonymous", "Anonymous", 0, 10, 200), subject("192.0.2.1"))
    assert (limit.scope, limit.facts.per_minute, limit.facts.per_day) == (Scope.ADDRESS, 10, 200)
