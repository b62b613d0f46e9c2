"""Less than was asked, by the form: what it would change is seen while it is filled in, and nothing typed is lost."""

import re
from types import SimpleNamespace

import pytest

from tests import factories
from tiers.models import AIModel, Grant, Tier
from tokens.actions.requests import save_draft, submit_request
from tokens.actions.reviews import approve_request
from tokens.models import AccessRequest, ReviewTerms

from .conftest import PURPOSE, ask
from .test_deciding_by_form import decide
from .test_review_pages import address, text


@pytest.fixture
def asked(desk: SimpleNamespace) -> AccessRequest:
    return ask()


def models_of(tier: str) -> list[str]:
    found = Tier.objects.get(slug=tier).models.filter(gated=False, early_access_until=None, retired_at=None)
    return sorted(found.values_list("name", flat=True))


def preview(desk: SimpleNamespace, asked: AccessRequest, **values: object) -> str:
    response = desk.client.get(address(asked, "changes"), {"tier": "flower", "until": "365", **values})
    assert response.status_code == 200
    return response.content.decode()


def test_models_alone_are_chosen_by_name(desk: SimpleNamespace, asked: AccessRequest) -> None:
    first, second = models_of("flower")[:2]
    response = decide(desk, asked, decision="approved", tier="none", models=[first, second])
    assert response.status_code == 302
    assert [grant.model.name for grant in Grant.objects.filter(source="request") if grant.model] == [first, second]
    page = text(desk.client, address(asked))
    assert first in page[page.index("Models granted") :]


@pytest.mark.parametrize(
    ("tier", "number", "said"),
    [
        ("none", 0, "Choose at least one model, or a tier."),
        ("flower", 2, "flower opens all of its models."),
        ("no-such", 0, "Select a valid choice"),
    ],
)
def test_what_cannot_be_given_is_said_and_what_was_ticked_stays(
    desk: SimpleNamespace, asked: AccessRequest, tier: str, number: int, said: str
) -> None:
    chosen = models_of("flower")[:number]
    response = decide(desk, asked, decision="approved", tier=tier, models=chosen, note="Enjoy")
    page = response.content.decode()
    assert (response.status_code, said in page, "Enjoy" in page) == (422, True, True)
    for name in chosen:
        box = page[page.index(f'name="models" value="{name}"') :]
        assert "checked" in box[: box.index(">")]
    assert not Grant.objects.filter(source="request").exists()


def test_terms_count_only_where_it_is_approved(desk: SimpleNamespace, asked: AccessRequest) -> None:
    assert decide(desk, asked, decision="rejected", tier="none", note="Not now").status_code == 302


def test_the_preview_is_of_what_is_chosen(desk: SimpleNamespace, asked: AccessRequest) -> None:
    first = models_of("flower")[0]
    told = preview(desk, asked, tier="none", models=[first])
    assert "What changes if you approve like this" in told
    assert "+ 1" in told
    assert first in told
    assert 'id="changes"' in told
    assert "<html" not in told


def test_limits_above_the_tiers_are_pointed_out_before_they_are_given(
    desk: SimpleNamespace, asked: AccessRequest
) -> None:
    Tier.objects.filter(slug="flower").update(requests_per_minute=600)
    told = preview(desk, asked, requests_per_minute="700")
    assert "more than the tier’s 600" in told
    assert "more than the tier’s" not in preview(desk, asked, requests_per_minute="600")


def test_a_preview_of_what_cannot_be_given_says_why(desk: SimpleNamespace, asked: AccessRequest) -> None:
    told = preview(desk, asked, tier="none", models=models_of("flower")[0], requests_per_day="5")
    assert "Only a grant of a tier has limits." in told
    assert "Enter a whole number." in preview(desk, asked, requests_per_day="many")
    assert not Grant.objects.filter(source="request").exists()


def test_the_second_approval_starts_from_the_models_of_the_first(desk: SimpleNamespace, asked: AccessRequest) -> None:
    ReviewTerms.objects.create(tier=asked.tier, approvals=2)
    first = models_of("flower")[0]
    other = factories.person("Otto", "maintainer")
    approve_request(access_request=asked, version=asked.version, models=[first], by=other)
    asked.refresh_from_db()
    page = text(desk.client, address(asked))
    assert '<option value="none" selected>' in page
    box = page[page.index(f'name="models" value="{first}"') :]
    assert "checked" in box[: box.index(">")]
    response = decide(desk, asked, decision="approved", tier="none", models=[first], until="first")
    assert response.status_code == 302
    asked.refresh_from_db()
    assert (asked.state, asked.granted_models) == ("approved", [first])


def test_a_request_for_a_model_offers_neither_tier_nor_models(desk: SimpleNamespace) -> None:
    person = factories.person("Noor")
    application = factories.application(by=person, name="Film")
    gated = AIModel.objects.filter(gated=True).first()
    draft = save_draft(application=application, model=gated, by=person, purpose=PURPOSE, expected_volume=5, users="Us")
    page = text(desk.client, address(submit_request(access_request=draft, by=person)))
    assert 'name="permissions"' in page
    assert 'name="models"' not in page


def test_what_is_not_held_yet_is_offered_first_and_stays_so_after_an_error(desk: SimpleNamespace) -> None:
    asked = ask(tier="nectar")
    refused = decide(desk, asked, decision="approved", tier="none")
    for page in (text(desk.client, address(asked)), " ".join(refused.content.decode().split())):
        offered = re.findall(r'name="models" value="([^"]+)"[^>]*><span>([^<]*)</span>', page)
        names = [name for name, _label in offered]
        held = [name for name, label in offered if label.endswith(", held")]
        assert set(names) >= {*models_of("nectar"), *models_of("flower")}
        assert held == names[-len(held) :]
        assert set(held) == set(models_of("seed"))
