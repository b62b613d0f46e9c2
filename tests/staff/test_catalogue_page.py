"""The catalogue: read by auditors, changed with a reason by administrators, wrong input refused beside its field."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEvent
from tests.factories import administrator, auditor, catalogue, maintainer, person
from tiers.models import LIMITS, AIModel, CatalogueVersion, Operation, Tier

pytestmark = pytest.mark.django_db
QUERIES = 14


@pytest.fixture(autouse=True)
def _catalogue() -> None:
    catalogue()


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(administrator())
    return client


def seed() -> dict[str, Any]:
    tier = Tier.objects.get(slug="seed")
    names = ["name", "rank", *LIMITS, "colour", "description"]
    return {**{name: getattr(tier, name) for name in names}, "self_service": "on", "reason": "Kinder to first tries"}


def post(client: Client, name: str, values: dict[str, Any], *args: str) -> HttpResponse:
    return client.post(reverse(f"catalogue:{name}", args=args), values)  # type: ignore[return-value]


def model_values(**values: Any) -> dict[str, Any]:
    chat = Operation.objects.get(slug="chat_completion")
    given = {"model_name": "fern-1", "family": "Fern", "opens": "seed", "operations": [chat.pk], "cost": 1}
    return {**given, "reason": "New at our provider", **values}


def test_both_tables_are_there_and_filtered(admin: Client) -> None:
    page = admin.get(reverse("catalogue")).content.decode()
    assert "gpt-4o-mini" in page
    assert "1,000,000" in page
    gated = admin.get(reverse("catalogue"), {"opens": "gated"}).content.decode()
    assert "gpt-4o-mini" not in gated
    found = admin.get(reverse("catalogue"), {"find": "gpt-4o-mini", "operation": "embedding"}).content.decode()
    assert "No model passes" in found


def test_an_edited_tier_is_told_with_its_reason_and_raises_the_catalogues_version(admin: Client) -> None:
    before = CatalogueVersion.objects.get().version
    assert post(admin, "tier", {**seed(), "requests_per_minute": 90}, "seed").status_code == 302
    event = AuditEvent.objects.get(action="tier.edited")
    assert (event.before, event.after) == ({"requests_per_minute": 60}, {"requests_per_minute": 90})
    assert (event.reason, event.workspace) == ("Kinder to first tries", None)
    assert CatalogueVersion.objects.get().version > before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"reason": ""}, "required"),
        ({"rank": 2}, "Another tier has this rank"),
        ({"requests_per_minute": 0}, "greater than or equal to 1"),
        ({"requests_per_month": 1}, "fewer calls than a day"),
        ({"colour": "red"}, "Select a valid choice"),
        ({}, "Nothing has changed"),
    ],
)
def test_a_tier_that_makes_no_sense_is_refused_with_what_was_typed(
    admin: Client, change: dict[str, Any], words: str
) -> None:
    response = post(admin, "tier", {**seed(), **change}, "seed")
    assert response.status_code == 422
    page = response.content.decode()
    assert words in page
    assert change.get("reason", "Kinder to first tries") in page
    assert not AuditEvent.objects.filter(action="tier.edited").exists()


def test_a_new_tier_and_a_new_model(admin: Client) -> None:
    values = {**seed(), "slug": "meadow", "name": "Meadow", "rank": 9}
    assert post(admin, "new_tier", values).status_code == 302
    assert post(admin, "new_model", model_values(opens="meadow", aliases="fern, fern-latest")).status_code == 302
    model = AIModel.objects.get(name="fern-1")
    assert (model.tier, model.aliases) == (Tier.objects.get(slug="meadow"), ["fern", "fern-latest"])
    assert AuditEvent.objects.get(action="model.added").after["operations"] == ["chat_completion"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model_name": "gpt-4o-mini"}, "called so already"),
        ({"model_name": "two words"}, "cannot be a model"),
        ({"aliases": "gpt-4o-mini"}, "name already"),
        ({"aliases": "a,a"}, "twice"),
        ({"operations": []}, "required"),
        ({"opens": ""}, "required"),
        ({"early_access_from": "2027-01-01T00:00"}, "both a start and an end"),
        ({"early_access_from": "2027-02-01T00:00", "early_access_until": "2027-01-01T00:00"}, "come after"),
        ({"cost": 0}, "greater than or equal to 1"),
        ({"free_tries": -1}, "greater than or equal to 0"),
        ({"goal_amount": 500}, "goal&#x27;s currency"),
        ({"goal_amount": 500, "goal_currency": "usx"}, "goal&#x27;s currency"),
        ({"goal_currency": "USD"}, "how much the goal is"),
    ],
)
def test_a_model_that_makes_no_sense_is_refused(admin: Client, change: dict[str, Any], words: str) -> None:
    response = post(admin, "new_model", model_values(**change))
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not AIModel.objects.filter(family="Fern").exists()


def test_a_model_in_early_access_has_tries_and_a_goal(admin: Client) -> None:
    values = {"early_access_from": "2026-01-01T00:00", "early_access_until": "2999-01-01T00:00"}
    values |= {"free_tries": "3", "goal_amount": "250000", "goal_currency": "usd"}
    assert post(admin, "new_model", model_values(**values)).status_code == 302
    model = AIModel.objects.get(name="fern-1")
    assert (model.free_tries, model.goal_amount, model.goal_currency) == (3, 250_000, "USD")


def test_an_edited_model_keeps_its_name_and_tells_what_changed(admin: Client) -> None:
    model = AIModel.objects.get(name="gpt-4o-mini")
    served = [operation.pk for operation in model.operations.all()]
    values = model_values(family=model.family, opens="gated", operations=served, cost=model.cost)
    values |= {"aliases": ", ".join(model.aliases), "description": model.description, "model_name": "renamed"}
    assert post(admin, "model", values, model.public_id).status_code == 302
    event = AuditEvent.objects.get(action="model.edited")
    assert event.before == {"tier": model.tier.slug if model.tier else None, "gated": False}
    assert event.after == {"tier": None, "gated": True}
    model.refresh_from_db()
    assert model.name == "gpt-4o-mini"


def test_auditors_read_and_change_nothing(client: Client) -> None:
    client.force_login(auditor())
    model = AIModel.objects.get(name="gpt-4o-mini")
    pages = [reverse("catalogue"), reverse("catalogue:tier", args=["seed"])]
    for page in [*pages, reverse("catalogue:model", args=[model.public_id])]:
        response = client.get(page)
        assert response.status_code == 200
        assert 'name="reason"' not in response.content.decode()
    assert post(client, "tier", {**seed(), "requests_per_minute": 9}, "seed").status_code == 403
    assert post(client, "new_model", model_values()).status_code == 403
    assert not AuditEvent.objects.filter(action__in=["tier.edited", "model.added"]).exists()


@pytest.mark.parametrize("role", [person, maintainer])
def test_others_do_not_see_it(client: Client, role) -> None:  # type: ignore[no-untyped-def]
    client.force_login(role())
    assert client.get(reverse("catalogue")).status_code == 403
    assert client.get(reverse("catalogue:tier", args=["seed"])).status_code == 403


def test_unknown_ones_are_not_found(admin: Client) -> None:
    assert admin.get("/catalogue/tiers/none/").status_code == 404
    assert admin.get("/catalogue/models/000000000000/").status_code == 404


def test_the_number_of_queries_does_not_depend_on_the_rows(
    admin: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    admin.get(reverse("catalogue"))
    for filters in ({}, {"opens": "gated"}):
        with django_assert_num_queries(QUERIES):
            admin.get(reverse("catalogue"), filters)
