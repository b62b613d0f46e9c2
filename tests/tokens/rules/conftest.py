"""Requests whose signals were gathered, and rules that administrators wrote."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.db.models.functions import Now

from accounts.models import User
from tests import factories
from tests.tokens.review.conftest import ask, signed_in
from tokens.actions.rules import create_rule, switch_on
from tokens.models import AccessRequest, Rule, RuleVersion, Signal, SignalKind, SignalState

FOR_FLOWER = {"field": "tier", "value": ["flower"]}


def waiting(name: str = "Reader", tier: str = "flower", by: User | None = None, **states: str) -> AccessRequest:
    """Submitted, and its signals gathered: all in order but for those that are named."""
    return gathered(ask(name, tier, by), **states)


def gathered(access_request: AccessRequest, **states: str) -> AccessRequest:
    all_states = dict.fromkeys(SignalKind.values, SignalState.OK) | states
    Signal.objects.bulk_create(
        Signal(access_request=access_request, kind=kind, state=state, at=Now()) for kind, state in all_states.items()
    )
    AccessRequest.objects.filter(pk=access_request.pk).update(signals_at=Now())
    access_request.refresh_from_db()
    return access_request


def a_rule(
    *conditions: dict[str, Any], by: User, on: bool = True, effect: str = "approve", position: int = 100, **actions: Any
) -> RuleVersion:
    """The first version of a new rule, switched on unless said otherwise."""
    version = create_rule(
        name=f"{effect} {position}",
        effect=effect,
        position=position,
        conditions=conditions or (FOR_FLOWER,),
        actions=actions,
        by=by,
    )
    if on:
        turn_on(version, by)
    return version


def turn_on(version: RuleVersion, by: User) -> Rule:
    rule = Rule.objects.select_related("active").get(pk=version.rule_id)
    return switch_on(rule=rule, number=version.number, seen=rule.active.number if rule.active else None, by=by)


@pytest.fixture
def desk(db: None) -> SimpleNamespace:
    """An administrator and a maintainer, with the starter catalogue."""
    return make_desk()


def make_desk() -> SimpleNamespace:
    factories.catalogue()
    ada, mika = factories.administrator(), factories.maintainer()
    return SimpleNamespace(ada=ada, mika=mika, client=signed_in(ada), reader=signed_in(mika))
