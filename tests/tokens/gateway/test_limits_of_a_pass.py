"""The limits of a pass are those of the rows: the holder's caps, staff's overrides, the grant's, the tier's."""

from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, models, transaction

from tests import factories
from tiers.entitlements import standing
from tiers.facts import NO_LIMITS, LimitFacts
from tiers.models import AIModel, Grant, Tier
from tokens import keys
from tokens.actions.tokens import Minted
from tokens.gateway import catalogues, limits, passes
from tokens.gateway.ask import Pass
from tokens.gateway.limits import Limit, Scope
from tokens.models import LimitOverride, Token

pytestmark = pytest.mark.django_db


def read(minted: Minted) -> tuple[Pass, dict[Scope, Limit]]:
    reading = passes.read(keys.digests(minted.text, settings.TOKEN_KEYS).values())
    rights = reading.rights
    assert rights is not None
    catalogue = catalogues.at(reading.catalogue_version)
    stands = standing(catalogue, rights.grants, rights.application.pk, reading.now)
    return rights, {limit.scope: limit for limit in limits.of(rights, stands)}


def override(minted: Minted, *, whole: bool = False, **values: Any) -> LimitOverride:
    token = minted.token
    application = None if whole else token.application
    given = {"reason": "A fair", "set_by": token.created_by, **values}
    return LimitOverride.objects.create(workspace=token.workspace, application=application, **given)


def test_a_token_without_any_limit_of_its_own_has_the_tiers(seed: Minted) -> None:
    rights, found = read(seed)
    tier = Tier.objects.get(slug="seed")
    told = LimitFacts(tier.requests_per_minute, tier.requests_per_day, tier.requests_per_month, tier.concurrent_calls)
    assert (rights.caps, rights.application_limits, rights.workspace_limits) == (NO_LIMITS, NO_LIMITS, NO_LIMITS)
    assert found == {Scope.APPLICATION: Limit(Scope.APPLICATION, seed.token.application.public_id, told)}


def test_each_column_comes_where_it_belongs(seed: Minted) -> None:
    Token.objects.update(requests_per_minute=1, requests_per_day=2, requests_per_month=3, concurrent_calls=4)
    Grant.objects.update(requests_per_minute=5, requests_per_day=6, requests_per_month=7, concurrent_calls=8)
    override(seed, requests_per_day=9, concurrent_calls=10)
    override(seed, whole=True, requests_per_minute=11, requests_per_month=12)
    _rights, found = read(seed)
    assert {scope: limit.facts for scope, limit in found.items()} == {
        Scope.TOKEN: LimitFacts(1, 2, 3, 4),
        Scope.APPLICATION: LimitFacts(5, 9, 7, 10),
        Scope.WORKSPACE: LimitFacts(11, None, 12, None),
    }
    ids = (seed.token.public_id, seed.token.application.public_id, seed.token.workspace.public_id)
    assert tuple(found[scope].subject for scope in (Scope.TOKEN, Scope.APPLICATION, Scope.WORKSPACE)) == ids


def test_an_override_of_one_application_is_no_other_applications(seed: Minted) -> None:
    other = factories.token(factories.application(by=seed.token.created_by, name="Other"))
    override(seed, requests_per_day=9)
    assert read(seed)[1][Scope.APPLICATION].facts.per_day == 9
    assert read(other)[1][Scope.APPLICATION].facts.per_day == Tier.objects.get(slug="seed").requests_per_day


def test_a_pack_in_the_pass_is_spent_by_the_application(seed: Minted) -> None:
    grant = Grant.objects.create(workspace=seed.token.workspace, calls=500, source="manual", source_id="pack")
    (pack,) = read(seed)[1][Scope.APPLICATION].packs
    assert (pack.id, pack.calls, pack.ends_at) == (grant.public_id, 500, None)


@pytest.mark.parametrize(
    "column", ["requests_per_minute", "requests_per_day", "requests_per_month", "concurrent_calls"]
)
@pytest.mark.parametrize("amount", [0, 10**12 + 1])
def test_the_database_keeps_every_limit_countable(seed: Minted, column: str, amount: int) -> None:
    row = override(seed, requests_per_minute=1, requests_per_day=1)
    tables: tuple[type[models.Model], ...] = (Token, Grant, LimitOverride)
    if column in {"requests_per_minute", "concurrent_calls"}:
        amount = min(amount, 2**31 - 1)
    for table in tables:
        with pytest.raises(IntegrityError, match="_in_bounds"), transaction.atomic():
            table._default_manager.filter(workspace=row.workspace).update(**{column: amount})


def test_limits_are_of_a_tiers_grant_alone(seed: Minted) -> None:
    model = AIModel.objects.get(name="gpt-4o")
    grant = Grant.objects.create(workspace=seed.token.workspace, model=model, source="manual", source_id="1")
    with pytest.raises(IntegrityError, match="grant_limits_of_a_tier"), transaction.atomic():
        Grant.objects.filter(pk=grant.pk).update(requests_per_day=1)


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({}, "override_says_something"),
        ({"requests_per_day": 1, "reason": ""}, "override_has_reason"),
        ({"requests_per_day": 1, "application": None}, "override_one_a_subject"),
    ],
)
def test_an_override_says_something_and_why_once_a_subject(
    seed: Minted, values: dict[str, Any], constraint: str
) -> None:
    override(seed, whole=True, requests_per_day=5)
    given = {"application": seed.token.application, "reason": "A fair", "set_by": seed.token.created_by, **values}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        LimitOverride.objects.create(workspace=seed.token.workspace, **given)
