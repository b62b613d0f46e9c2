"""What the page says that an approval changes is what it changes."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from tests import factories
from tests.tokens.review.conftest import ask
from tiers import snapshot
from tiers.entitlements import Held, holding
from tiers.facts import LimitFacts
from tiers.models import AIModel, Tier
from tokens.actions.limits import set_limits
from tokens.actions.requests import save_draft, submit_request
from tokens.actions.reviews import approve_request
from tokens.models import AccessRequest
from tokens.selectors.review_changes import Changes, as_asked, changes, limits_by_staff
from tokens.selectors.review_rows import grants_of

from .test_review_pages import address


def seen(asked: AccessRequest, **options: object) -> Changes:
    grants = grants_of({asked.workspace_id})[asked.workspace_id]
    now = timezone.now()
    return changes(asked, snapshot.load(), grants, [], now, staffs=limits_by_staff([asked])[asked.pk], **options)  # type: ignore[arg-type]


def callable_models(asked: AccessRequest) -> set[str]:
    catalogue, now = snapshot.load(), timezone.now()
    grants = grants_of({asked.workspace_id})[asked.workspace_id]
    return {
        name
        for name, model in catalogue.models.items()
        if not model.is_retired(now)
        and isinstance(
            holding(catalogue, grants, model, application=asked.application_id, permission="generate", now=now), Held
        )
    }


@pytest.mark.parametrize("tier", ["flower", "nectar"])
def test_the_models_that_it_names_are_those_that_open(desk: SimpleNamespace, tier: str) -> None:
    asked = ask(tier=tier)
    told, before = seen(asked), callable_models(asked)
    approve_request(access_request=asked, version=asked.version, by=desk.maintainer)
    assert set(told.opened) == callable_models(asked) - before
    assert told.opened


def a_model(asked: AccessRequest, model: AIModel) -> AccessRequest:
    draft = save_draft(
        application=asked.application, model=model, purpose="For pupils who draw in their lessons", expected_volume=9,
        users="Pupils", by=asked.applicant,
    )  # fmt: skip
    return submit_request(access_request=draft, by=asked.applicant)


def test_a_gated_model_opens_alone_and_is_pointed_out_with_a_word(desk: SimpleNamespace) -> None:
    model = AIModel.objects.filter(gated=True).order_by("name").first()
    assert model is not None
    asked = a_model(ask(), model)
    told = seen(asked)
    assert (told.opened, dict(told.risky), told.harmless) == ([model.name], {model.name: "gated"}, [])
    assert told.tier_now == told.tier_after
    assert all(limit.same for limit in told.limits)
    page = desk.client.get(address(asked)).content.decode()
    assert f'{model.name} <span class="flag"' in page


def test_what_staff_set_for_the_application_stays(desk: SimpleNamespace) -> None:
    asked = ask()
    assert seen(asked).limits[0].after == "300"
    set_limits(
        workspace=asked.workspace, application=asked.application, limits=LimitFacts(per_minute=7),
        reason="Slowly at first", by=factories.administrator(),
    )  # fmt: skip
    told = seen(asked)
    assert told.held
    assert [(limit.now, limit.after) for limit in told.limits][:2] == [("7", "7"), ("5,000", "50,000")]
    assert "Limits that staff set for this application stay" in desk.client.get(address(asked)).content.decode()


def test_what_staff_set_for_the_whole_workspace_is_told_beside_what_changes(desk: SimpleNamespace) -> None:
    asked = ask()
    set_limits(
        workspace=asked.workspace, application=None, limits=LimitFacts(per_minute=9, per_day=4_000),
        reason="Slowly at first", by=factories.administrator(),
    )  # fmt: skip
    told = seen(asked)
    assert not told.held
    assert list(told.over) == [("requests per minute", "9"), ("calls per day", "4,000")]
    assert told.limits[0].after == "300"
    page = desk.client.get(address(asked)).content.decode()
    assert "staff’s limits stay: requests per minute 9, calls per day 4,000." in page


def test_ten_times_as_many_is_pointed_out_and_less_is_not(desk: SimpleNamespace) -> None:
    asked = ask()
    Tier.objects.filter(slug="seed").update(requests_per_day=5_000, requests_per_minute=60)
    Tier.objects.filter(slug="flower").update(requests_per_day=50_000, requests_per_minute=599)
    told = seen(asked)
    assert [limit.risk for limit in told.limits][:2] == ["", "10 times as many"]
    assert "10 times as many" in desk.client.get(address(asked)).content.decode()


def test_no_limit_any_more_is_pointed_out(desk: SimpleNamespace) -> None:
    asked = ask()
    Tier.objects.filter(slug="seed").update(requests_per_month=900)
    Tier.objects.filter(slug="flower").update(requests_per_month=None)
    assert seen(asked).limits[2].risk == "no limit any more"


def test_less_than_asked_is_previewed_by_the_grant_that_would_be_given(desk: SimpleNamespace) -> None:
    asked = ask(tier="nectar")
    less = replace(as_asked(asked), tier="flower", limits=LimitFacts(per_day=6_000))
    told = seen(asked, given=[less])
    assert (told.tier_after, told.limits[1].after) == ("flower", "6,000")


def test_what_is_held_already_changes_nothing(desk: SimpleNamespace) -> None:
    asked = ask()
    approve_request(access_request=asked, version=asked.version, by=desk.maintainer)
    asked.refresh_from_db()
    assert seen(asked).none
    lasting = seen(ask("Other"))
    assert not lasting.none


def test_a_retired_model_is_none_that_opens(desk: SimpleNamespace) -> None:
    asked = ask()
    name = seen(asked).opened[0]
    AIModel.objects.filter(name=name).update(retired_at=timezone.now() - timedelta(days=1))
    assert name not in seen(asked).opened
