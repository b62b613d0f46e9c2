"""Of a tier that is asked for, some models alone, beside a lower tier or in place of any."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from accounts import clock
from accounts.errors import Invalid
from tiers import snapshot
from tiers.entitlements import Held, holding, standing
from tiers.facts import LimitFacts
from tiers.models import AIModel, Grant
from tiers.snapshot import grant_facts
from tokens.actions.requests import save_draft, submit_request
from tokens.actions.reviews import approve_request
from tokens.actions.undoing import reopen_request, undo_decision
from tokens.models import AccessRequest, Decision, ReviewTerms
from tokens.policies.approvals import models_of_tier
from tokens.selectors.requests import given_by

from .conftest import COMPLETE

pytestmark = pytest.mark.usefixtures("unhurried")


@pytest.fixture
def models(ladder: SimpleNamespace) -> SimpleNamespace:
    """Models of the first rungs, beside what the ladder has."""
    for name, tier in (("dew-chat", ladder.anonymous), ("root-chat", ladder.seed), ("petal-image", ladder.flower)):
        AIModel.objects.create(name=name, family="more", tier=tier)
    AIModel.objects.create(name="honey-chat", family="more", tier=ladder.nectar)
    return ladder


@pytest.fixture
def asked(models: SimpleNamespace, submitted: AccessRequest) -> AccessRequest:
    """For flower, which opens petal-chat and petal-image, and root-chat as seed does."""
    assert submitted.tier == models.flower
    return submitted


def approve(asked: AccessRequest, by: object, **values: object) -> AccessRequest:
    asked.refresh_from_db()
    return approve_request(access_request=asked, version=asked.version, by=by, **values)  # type: ignore[arg-type]


def held(asked: AccessRequest) -> tuple[str, set[str]]:
    """By what gateways are answered from: the tier it stands on, and the models that it may use."""
    catalogue, now = snapshot.load(), clock.now()
    rows = Grant.objects.filter(workspace=asked.workspace_id).select_related("tier", "model")
    grants = [grant_facts(row) for row in rows]
    given = {"application": asked.application_id, "now": now}
    found = {
        name
        for name, model in catalogue.models.items()
        if isinstance(holding(catalogue, grants, model, permission="generate", **given), Held)  # type: ignore[arg-type]
    }
    return standing(catalogue, grants, **given).tier.slug, found  # type: ignore[arg-type]


def test_models_alone_are_given_and_nothing_else(asked: AccessRequest, people: SimpleNamespace) -> None:
    after = approve(asked, people.maintainer, models=["petal-image"], note="Only this one")
    assert (after.state, after.granted_tier, after.granted_models) == ("approved", None, ["petal-image"])
    grant = Grant.objects.get()
    assert grant.model is not None
    assert (grant.model.name, grant.permissions, grant.source_id) == ("petal-image", ["generate"], after.public_id)
    assert held(after) == ("anonymous", {"dew-chat", "petal-image"})


def test_beside_a_lower_tier_with_one_end_for_all(
    asked: AccessRequest, people: SimpleNamespace, models: SimpleNamespace
) -> None:
    until = clock.now() + timedelta(days=30)
    limits = LimitFacts(per_day=500)
    chosen = ["petal-chat", "root-chat"]
    after = approve(asked, people.maintainer, tier=models.seed, models=chosen, until=until, limits=limits)
    # What comes with the tier is not given twice.
    assert (after.granted_tier, after.granted_models) == (models.seed, ["petal-chat"])
    tier, model = given_by(after)
    assert (tier.tier, tier.requests_per_day, tier.ends_at) == (models.seed, 500, until)
    assert model.model is not None
    assert (model.model.name, model.requests_per_day, model.ends_at) == ("petal-chat", None, until)
    assert held(after) == ("seed", {"dew-chat", "root-chat", "petal-chat"})


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"models": ["honey-chat"]}, "honey-chat is not among the models that flower opens now"),
        ({"models": ["grand-video"]}, "grand-video is not among"),
        ({"models": ["dew-chat"]}, "dew-chat is not among"),
        ({"models": ["petal-chat", "no-such"]}, "no-such is not among"),
        ({"models": ["petal-chat"], "tier": "flower"}, "flower opens all of its models"),
        ({"models": ["petal-chat"], "tier": "nectar"}, "nectar is more than was asked for"),
        ({"models": ["petal-chat"], "tier": "anonymous"}, "anonymous is open to everybody"),
        ({"models": ["petal-chat"], "limits": LimitFacts(per_day=5)}, "Only a grant of a tier has limits"),
    ],
)
def test_never_more_than_was_asked(
    asked: AccessRequest, people: SimpleNamespace, models: SimpleNamespace, values: dict[str, object], said: str
) -> None:
    given = {**values, **({"tier": getattr(models, str(values["tier"]))} if "tier" in values else {})}
    with pytest.raises(Invalid, match=said):
        approve(asked, people.maintainer, **given)
    assert not Grant.objects.exists()


def test_what_the_tier_would_not_open_yet_is_not_given_alone(asked: AccessRequest, people: SimpleNamespace) -> None:
    """A grant of a model opens it in its window of early access, and a tier does not."""
    now = clock.now()
    window = {"early_access_from": now + timedelta(days=1), "early_access_until": now + timedelta(days=9)}
    AIModel.objects.filter(name="petal-chat").update(**window)
    AIModel.objects.filter(name="petal-image").update(retired_at=now - timedelta(days=1))
    assert [one.name for one in models_of_tier(snapshot.load(), asked.tier, clock.now())] == ["root-chat"]
    for name in ("petal-chat", "petal-image"):
        with pytest.raises(Invalid, match="not among"):
            approve(asked, people.maintainer, models=[name])


def test_a_request_for_a_model_has_no_models_to_choose(people: SimpleNamespace, asked: AccessRequest) -> None:
    gated = AIModel.objects.get(name="grand-video")
    draft = save_draft(application=asked.application, model=gated, by=people.applicant, **COMPLETE)
    other = submit_request(access_request=draft, by=people.applicant)
    with pytest.raises(Invalid, match="for a model, not for a tier"):
        approve(other, people.maintainer, models=["petal-chat"])


def test_undone_and_reopened_all_of_it_is_taken_back(asked: AccessRequest, people: SimpleNamespace) -> None:
    both = ["petal-chat", "petal-image"]
    after = approve(asked, people.maintainer, models=both)
    assert [grant.model.name for grant in given_by(after) if grant.model] == both
    back = undo_decision(decision=Decision.objects.get(), by=people.maintainer)
    assert (back.state, back.granted_models) == ("submitted", [])
    assert held(back) == ("anonymous", {"dew-chat"})
    approve(asked, people.maintainer, models=both)
    asked.refresh_from_db()
    opened = reopen_request(access_request=asked, reason="Misread", by=people.maintainer)
    assert (opened.granted_models, held(opened)[1]) == ([], {"dew-chat"})
    # What the last approval gave is told, not what an earlier one had.
    again = approve(asked, people.maintainer, models=["petal-chat"])
    assert [grant.revoked_at for grant in given_by(again)] == [None]
    assert Grant.objects.filter(revoked_at=None).count() == 1


def test_a_second_approval_is_on_the_same_models(asked: AccessRequest, people: SimpleNamespace) -> None:
    ReviewTerms.objects.create(tier=asked.tier, approvals=2)
    assert approve(asked, people.maintainer, models=["petal-image", "petal-chat"]).state == "in_review"
    assert approve(asked, people.second, models=["petal-chat"]).state == "in_review"
    assert approve(asked, people.maintainer, models=["petal-chat"]).state == "approved"
    assert [grant.model.name for grant in Grant.objects.all() if grant.model] == ["petal-chat"]
