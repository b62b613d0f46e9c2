"""The pure core: conditions on any facts, and rules of any conditions."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokens.models import Rule, RuleEffect, RuleVersion, SignalKind, SignalState
from tokens.policies.rules import check_conditions
from tokens.rules.conditions import ANY, CONDITIONS, Answer, Condition, Facts, Part, Takes
from tokens.rules.matching import described, matches, parts_of

small = st.integers(min_value=0, max_value=5)
maybe_small = st.none() | small
tiers, models, languages = ["seed", "flower", "nectar"], ["grand-video", "petal-chat"], ["en", "zh-hans"]
kinds, states = SignalKind.values, SignalState.values


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    of_a_tier, calls = draw(st.booleans()), draw(maybe_small)
    domains = draw(maybe_small)
    return Facts(
        tier=draw(st.sampled_from(tiers)) if of_a_tier else "",
        model="" if of_a_tier else draw(st.sampled_from(models)),
        expected_volume=draw(maybe_small),
        language=draw(st.sampled_from(["", *languages])),
        imported=draw(st.booleans()),
        account_days=draw(small),
        approvals_needed=draw(st.sampled_from([1, 1, 1, 2])),
        suspended=draw(st.sampled_from([False, False, False, True])),
        insiders=draw(st.frozensets(small, max_size=2)),
        signals=draw(st.none() | st.dictionaries(st.sampled_from(kinds), st.sampled_from(states), max_size=6)),
        domains=domains,
        domains_proved=None if domains is None else draw(st.integers(0, domains)),
        email_confirmed=draw(st.none() | st.booleans()),
        second_factor=draw(st.none() | st.booleans()),
        approved_before=draw(maybe_small),
        rejected_before=draw(maybe_small),
        paid=draw(st.none() | st.dictionaries(st.sampled_from(["USD", "EUR"]), small)),
        calls=calls,
        refused=None if calls is None else draw(st.integers(0, calls)),
    )


def values(condition: Condition) -> st.SearchStrategy[Any]:
    several = {
        Takes.TIERS: tiers,
        Takes.MODELS: [ANY, *models],
        Takes.SIGNALS: kinds,
        Takes.LANGUAGES: languages,
    }
    if condition.takes in several:
        return st.lists(st.sampled_from(several[condition.takes]), min_size=1, max_size=3, unique=True)
    if condition.takes is Takes.NOTHING:
        return st.just(True)
    if condition.takes is Takes.MONEY:
        return st.fixed_dictionaries({"amount": small, "currency": st.sampled_from(["USD", "EUR"])})
    return small


def rows(condition: Condition) -> st.SearchStrategy[dict[str, Any]]:
    return values(condition).map(lambda value: {"field": condition.field, "is": condition.sign, "value": value})


row = st.sampled_from(list(CONDITIONS.values())).flatmap(rows)
some_rows = st.lists(row, min_size=1, max_size=5, unique_by=lambda one: one["field"])


def version(conditions: list[dict[str, Any]], effect: str = RuleEffect.ROUTE, by: int = 9) -> RuleVersion:
    return RuleVersion(rule=Rule(name="R", effect=effect), number=1, conditions=conditions, created_by_id=by)


@given(facts(), some_rows, row, st.sampled_from(RuleEffect.values))
def test_another_condition_never_makes_a_rule_fit_more(
    known: Facts, asked: list[dict[str, Any]], another: dict[str, Any], effect: str
) -> None:
    if matches(known, version([*asked, another], effect)).matches:
        assert matches(known, version(asked, effect)).matches


@given(facts(), some_rows, st.randoms(use_true_random=False))
def test_the_order_of_conditions_does_not_matter(known: Facts, asked: list[dict[str, Any]], chance: Any) -> None:
    shuffled = chance.sample(asked, len(asked))
    assert matches(known, version(asked)).matches == matches(known, version(shuffled)).matches


@given(facts(), some_rows)
def test_a_rule_fits_exactly_where_each_of_its_conditions_does_alone(known: Facts, asked: list[dict[str, Any]]) -> None:
    alone = all(matches(known, version([one])).matches for one in asked)
    assert matches(known, version(asked)).matches == alone


@given(row)
def test_no_condition_on_what_was_not_read_ever_holds(asked: dict[str, Any]) -> None:
    condition = CONDITIONS[asked["field"]]
    if condition.part is not None:
        [check] = matches(Facts(), version([asked])).checks
        assert check.answer is Answer.UNKNOWN
        assert check.found


@given(facts(), st.sampled_from(["signals_in_order", "no_bad_signal"]), st.lists(st.sampled_from(kinds), min_size=1))
def test_a_signal_that_could_not_be_checked_never_speaks_for_anybody(
    known: Facts, field: str, asked: list[str]
) -> None:
    condition = CONDITIONS[field]
    unknown = dict(known.signals or {}) | dict.fromkeys(asked, SignalState.UNKNOWN)
    missing = {kind: state for kind, state in unknown.items() if kind not in asked}
    value = asked if condition.takes is Takes.SIGNALS else True
    for signals in (unknown, missing if field == "signals_in_order" else None):
        assert condition.test(Facts(signals=signals), value) is not Answer.YES


@given(facts(), some_rows, st.integers(0, 5))
def test_no_rule_approves_for_those_behind_it_nor_where_two_must_nor_what_is_suspended(
    known: Facts, asked: list[dict[str, Any]], author: int
) -> None:
    if matches(known, version(asked, RuleEffect.APPROVE, author)).matches:
        assert author not in known.insiders
        assert (known.approvals_needed, known.suspended) == (1, False)
        for insider in known.insiders:
            assert not matches(known, version(asked, RuleEffect.APPROVE, author), [insider]).matches


@given(facts(), some_rows)
def test_what_a_rule_asks_about_is_what_is_read_for_it(known: Facts, asked: list[dict[str, Any]]) -> None:
    """With the other parts unknown it comes to the same."""
    parts = parts_of([version(asked)])
    of_part = {
        Part.SIGNALS: ["signals"],
        Part.DOMAINS: ["domains", "domains_proved"],
        Part.SIGN_IN: ["email_confirmed", "second_factor"],
        Part.HISTORY: ["approved_before", "rejected_before"],
        Part.PAID: ["paid"],
        Part.CALLS: ["calls", "refused"],
    }
    hidden = [name for part, names in of_part.items() if part not in parts for name in names]
    less = Facts(**{name: getattr(known, name) for name in Facts.__slots__ if name not in hidden})
    answers = [[check.answer for check in matches(one, version(asked)).checks] for one in (less, known)]
    assert answers[0] == answers[1]


@given(facts(), row)
def test_every_condition_is_said_in_words_with_what_was_found(known: Facts, asked: dict[str, Any]) -> None:
    assert check_conditions([asked]) == [asked]
    [check] = matches(known, version([asked])).checks
    assert check.words == described(version([asked]))[0]
    assert len(check.words) > 8
    assert "%(" not in check.words + check.found


def test_a_rule_without_conditions_fits_nothing() -> None:
    assert not matches(Facts(), version([])).matches
    assert not matches(Facts(), version([], RuleEffect.APPROVE)).matches


@pytest.mark.parametrize(
    "strange",
    [
        {"field": "moon_phase", "is": "one_of", "value": ["full"]},
        {"field": "tier", "is": "none_of", "value": ["flower"]},
    ],
)
def test_a_condition_of_another_release_never_holds_and_says_so(strange: dict[str, Any]) -> None:
    verdict = matches(Facts(tier="flower"), version([strange]))
    assert not verdict.matches
    assert "not known" in verdict.failed[0].found
