"""What holds of `decide()` whatever the catalogue, the grants and the ask."""

import json
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tokens.gateway import worlds
from tests.tokens.gateway.worlds import NOW
from tiers.entitlements import Phase, opens, phase
from tiers.facts import Catalogue, GrantFacts
from tokens.gateway.ask import Ask, Decision, Pass
from tokens.gateway.decision import decide
from tokens.gateway.protocols import openai_errors, presentation
from tokens.gateway.reasons import OBTAINS, REASONS, REMEDY_KINDS

ORDER = list(REASONS)
worldly = settings(max_examples=100, deadline=None)
rights_or_none = worlds.passes() | worlds.passes() | st.none()


@given(worlds.catalogues(), rights_or_none, worlds.asks())
@worldly
def test_every_ask_has_a_whole_answer(catalogue: Catalogue, rights: Pass | None, ask: Ask) -> None:
    decision = decide(catalogue, rights, ask, NOW)
    body = presentation.full(decision)
    json.dumps(body).encode()
    assert body["allow"] == (not decision.refusals) == (body["code"] == "ok")
    if decision.refusals:
        json.dumps(openai_errors.decision_body(decision)).encode()
        openai_errors.of_decision(decision)
        assert body["message"]


@given(worlds.catalogues(), rights_or_none, worlds.asks())
@worldly
def test_reasons_come_in_the_contracts_order(catalogue: Catalogue, rights: Pass | None, ask: Ask) -> None:
    places = [ORDER.index(refusal.code) for refusal in decide(catalogue, rights, ask, NOW).refusals]
    assert places == sorted(set(places))


@given(worlds.catalogues(), rights_or_none, worlds.asks())
@worldly
def test_remedies_fit_their_status(catalogue: Catalogue, rights: Pass | None, ask: Ask) -> None:
    for refusal in decide(catalogue, rights, ask, NOW).refusals:
        status = REASONS[refusal.code].status
        kinds = {remedy.kind for remedy in refusal.remedies}
        assert kinds <= REMEDY_KINDS.keys()
        assert kinds
        assert status != 402 or kinds & OBTAINS
        assert status != 403 or kinds <= {"edit", "contact"}
        assert all(remedy.href is None or remedy.href.startswith("/") for remedy in refusal.remedies)


@given(worlds.catalogues(), worlds.passes(), worlds.asks(), worlds.live_grants)
@worldly
def test_a_live_grant_takes_nothing_away(
    catalogue: Catalogue, rights: Pass | None, ask: Ask, grant: GrantFacts
) -> None:
    if rights is None:
        return
    before = decide(catalogue, rights, ask, NOW)
    after = decide(catalogue, replace(rights, grants=(*rights.grants, grant)), ask, NOW)
    assert after.allow or not before.allow
    assert after.tier.rank >= before.tier.rank
    assert {refusal.code for refusal in after.refusals if REASONS[refusal.code].status != 402} <= {
        refusal.code for refusal in before.refusals
    }


@given(worlds.catalogues(), rights_or_none, worlds.asks())
@worldly
def test_an_allow_rests_on_a_right(catalogue: Catalogue, rights: Pass | None, ask: Ask) -> None:
    decision = decide(catalogue, rights, ask, NOW)
    if not decision.allow:
        return
    model = catalogue.models[decision.model]
    assert decision.operation in model.operations
    assert model.retired_at is None or model.retired_at > NOW
    everybodys = GrantFacts(id="", source="", source_id="", tier="anonymous")
    held = [grant for grant in rights.grants if grant.application in {None, worlds.APPLICATION}] if rights else []
    live = [grant for grant in held if phase(grant, NOW) is Phase.LIVE]
    if decision.tries_left is None:
        assert any(opens(catalogue, grant, model, ask.permission, NOW) for grant in [*live, everybodys])
    if rights:
        assert rights.revoked_at is None
        assert rights.workspace_suspended_reason is None
        assert rights.application.suspended_reason is None
        assert rights.ends_at is None or rights.ends_at > NOW
        assert not rights.allowed_models or model.name in rights.allowed_models
        assert not rights.allowed_operations or decision.operation in rights.allowed_operations
        assert not rights.publishable or ask.origin not in {None, "", "null", "https://evil-example.com"}


def told(decision: Decision) -> str:
    return json.dumps([presentation.full(decision), openai_errors.decision_body(decision)], ensure_ascii=False)


@given(worlds.catalogues(), worlds.passes(), worlds.asks())
@worldly
def test_visitors_of_a_site_learn_nothing_of_its_owner(catalogue: Catalogue, rights: Pass, ask: Ask) -> None:
    decision = decide(catalogue, replace(rights, publishable=True), ask, NOW)
    if decision.allow:
        return
    text = told(decision)
    for secret in (worlds.WORKSPACE, worlds.REQUEST, worlds.REASON, worlds.SOURCE, worlds.ORDER):
        assert secret not in text


@given(worlds.catalogues(), worlds.passes(), worlds.asks())
@worldly
def test_an_ask_without_a_token_stands_on_the_lowest_tier(catalogue: Catalogue, rights: Pass, ask: Ask) -> None:
    decision = decide(catalogue, None, ask, NOW)
    assert decision.tier == catalogue.tiers["anonymous"]
    assert not {refusal.code for refusal in decision.refusals} & {
        *("token_revoked", "token_expired", "token_scope", "origin_not_allowed", "ip_not_allowed", "tier_required")
    }
