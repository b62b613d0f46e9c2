"""What holds of orders, free tries and offers, where nothing but the holding of the model stands in the way."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings

from tests.tokens.gateway import worlds
from tests.tokens.gateway.worlds import NOW
from tiers.entitlements import Phase, is_closed, opens, phase
from tiers.facts import Catalogue, GrantFacts, OrderFacts, ProductFacts
from tokens.gateway.ask import Ask, Pass
from tokens.gateway.decision import decide

Meeting = tuple[Catalogue, Pass, Ask]
worldly = settings(max_examples=100, deadline=None)


def settled(sold: OrderFacts | ProductFacts) -> GrantFacts:
    return GrantFacts("b", "order", "b", sold.tier, sold.model, None, sold.permissions)


def with_grants(rights: Pass, *more: GrantFacts) -> Pass:
    return replace(rights, grants=(*rights.grants, *more))


def held(meeting: Meeting) -> bool:
    """Whether a live grant opens it, or everybody may."""
    catalogue, rights, ask = meeting
    live = [g for g in rights.grants if g.application in {None, worlds.APPLICATION} and phase(g, NOW) is Phase.LIVE]
    everybodys = GrantFacts(id="", source="", source_id="", tier="anonymous")
    return any(opens(catalogue, grant, catalogue.models["m1"], ask.permission, NOW) for grant in [*live, everybodys])


@given(worlds.meetings())
@worldly
def test_a_try_opens_what_nothing_else_does_in_the_window_while_there_is_one(meeting: Meeting) -> None:
    catalogue, rights, ask = meeting
    model, tries = catalogue.models["m1"], rights.tries_of("m1")
    known = tries.requests.get(ask.request_id)
    again = known is not None and NOW - known.taken_at < timedelta(minutes=5) and known.asked < 5
    free = model.free_tries > 0 and model.in_early_access(NOW) and ask.permission == "generate"
    decision = decide(catalogue, rights, ask, NOW)
    assert decision.allow == (held(meeting) or (free and (again or tries.taken < model.free_tries)))
    assert (decision.tries_left is not None) == (decision.allow and not held(meeting))
    if decision.tries_left is not None:
        assert decision.granted_by is not None
        assert (decision.granted_by.source, decision.granted_by.ends_at) == ("free_try", model.early_access_until)
        assert 0 <= decision.tries_left <= model.free_tries - (0 if again else 1)
    elif not decision.allow:
        used_up = free and tries.taken >= model.free_tries
        assert used_up or decision.reason is None or decision.reason.code != "trial_used_up"
        assert not used_up or decision.reason is None or decision.reason.code != "early_access"


@given(worlds.meetings())
@worldly
def test_a_payment_is_pending_where_settling_it_would_open_the_model(meeting: Meeting) -> None:
    catalogue, rights, ask = meeting
    model = catalogue.models["m1"]
    decision = decide(catalogue, rights, ask, NOW)
    if decision.allow or decision.reason is None:
        return
    awaited = [
        order
        for order in rights.orders
        if NOW - order.since < (timedelta(days=14) if order.pending else timedelta(hours=24))
        and not is_closed(order, model, NOW)
        and decide(catalogue, with_grants(rights, settled(order)), ask, NOW).allow
    ]
    assert (decision.reason.code == "payment_pending") == bool(awaited)
    if awaited:
        assert decision.reason.retry_after
        assert any(remedy.kind == "pay" for remedy in decision.reason.remedies)


@given(worlds.meetings())
@worldly
def test_what_is_offered_opens_the_model_and_comes_after_the_free_ways(meeting: Meeting) -> None:
    catalogue, rights, ask = meeting
    for refusal in decide(catalogue, rights, ask, NOW).refusals:
        kinds = [remedy.kind in {"buy", "pay"} for remedy in refusal.remedies]
        assert kinds == sorted(kinds)
        for remedy in refusal.remedies:
            if remedy.kind != "buy":
                continue
            [product] = catalogue.products[(remedy.href or "").removeprefix("/orders/new/?product=")]
            assert product in catalogue.on_sale(NOW)
            assert decide(catalogue, with_grants(rights, settled(product)), ask, NOW).allow


@given(worlds.meetings())
@worldly
def test_a_dispute_takes_what_its_grant_gave_and_a_won_one_gives_it_back(meeting: Meeting) -> None:
    catalogue, rights, ask = meeting
    own = GrantFacts("b", "order", "b", None, "m1", None, frozenset({"generate", "download"}))
    disputed = replace(own, disputed_at=NOW)
    assert decide(catalogue, with_grants(rights, own), ask, NOW).allow
    before, after = (decide(catalogue, each, ask, NOW) for each in (rights, with_grants(rights, disputed)))
    assert before.allow == after.allow
    if after.reason is not None:
        assert after.reason.code in {"payment_pending", "grant_suspended"}
