"""A link to the form names a tier, a model or an application, in whatever words: it fills in what can be asked for,
and leads on from what cannot."""

from types import SimpleNamespace
from urllib.parse import quote

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Workspace
from tests import factories
from tests.fixtures.signing_in import browser
from tests.tokens.pages.conftest import ask
from tiers.models import AIModel, Tier
from tokens.actions.reviews import reject_request
from tokens.models import AccessRequest

NEW = "/requests/new/"


def came(world: SimpleNamespace, **query: str):  # type: ignore[no-untyped-def]
    return world.client.get(NEW, query)


def chosen(answer) -> str:  # type: ignore[no-untyped-def]
    return str(answer.context["form"]["subject"].value())


@pytest.fixture
def grand(world: SimpleNamespace) -> AIModel:
    return AIModel.objects.create(name="grand-video", aliases=["grand"], family="grand", gated=True)


@pytest.mark.parametrize("name", ["grand-video", "grand", "Grand-Video"])
def test_a_gated_model_is_chosen_by_name_alias_or_in_another_case(
    world: SimpleNamespace, grand: AIModel, name: str
) -> None:
    answer = came(world, model=name)
    assert chosen(answer) == "model:grand-video"
    assert answer.context["note"] is None


def test_a_model_that_opens_with_a_tier_chooses_the_tier_and_says_so(world: SimpleNamespace) -> None:
    answer = came(world, model="claude-opus-4-7")
    assert chosen(answer) == "tier:nectar"
    assert "claude-opus-4-7 opens with the tier nectar" in answer.content.decode()


@pytest.mark.parametrize("query", [{"tier": "seed"}, {"model": "gpt-4o-mini"}])
def test_what_needs_no_request_leads_to_a_token(world: SimpleNamespace, query: dict[str, str]) -> None:
    answer = came(world, **query)
    assert (answer.status_code, chosen(answer)) == (200, "")
    assert answer.context["note"].href == "/tokens/new/"


def test_a_model_nearly_called_so_is_offered_and_nonsense_leads_to_the_list(world: SimpleNamespace) -> None:
    near = came(world, model="claude-opus-4-77").context["note"]
    assert near.href.startswith("/requests/new/?model=claude-opus-4-")
    assert came(world, model="☃").context["note"].href == "/models/"
    assert came(world, tier="☃").context["note"].href == "/tiers/"


def test_a_retired_model_leads_to_its_successor(world: SimpleNamespace, grand: AIModel) -> None:
    old = {"name": "old-video", "family": "grand", "gated": True, "successor": grand}
    AIModel.objects.create(retired_at=timezone.now(), **old)
    note = came(world, model="old-video").context["note"]
    assert note.href == "/requests/new/?model=grand-video"


def test_an_open_request_for_the_same_is_led_to(world: SimpleNamespace) -> None:
    answer = came(world, tier="flower", application=world.application.public_id)
    assert answer.context["note"].href == reverse("requests:detail", args=[world.asked.public_id])


def test_a_draft_of_ones_own_is_opened_rather_than_written_over(world: SimpleNamespace) -> None:
    draft = ask(world.application, "nectar", by=world.noor, sent=False)
    answer = came(world, tier="nectar", application=world.application.public_id)
    assert answer["Location"] == reverse("requests:edit", args=[draft.public_id])


def test_a_refused_second_request_keeps_what_was_typed_and_links_to_the_first(world: SimpleNamespace) -> None:
    typed = {"application": world.application.public_id, "subject": "tier:flower", "purpose": "Typed words & <b>"}
    answer = world.client.post(NEW, {**typed, "save": "1"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert f'href="{reverse("requests:detail", args=[world.asked.public_id])}">Open that one</a>' in page
    assert "Typed words &amp; &lt;b&gt;" in page
    assert AccessRequest.objects.count() == 1


def test_during_the_cool_down_the_form_says_from_when(world: SimpleNamespace) -> None:
    asked = world.asked
    reject_request(access_request=asked, version=asked.version, reason="Not yet", by=factories.maintainer())
    answer = came(world, tier="flower", application=world.application.public_id)
    assert "you can ask again from" in answer.context["note"].text
    assert answer.context["note"].href == reverse("requests:detail", args=[asked.public_id])


def test_what_the_application_holds_already_is_said(world: SimpleNamespace) -> None:
    grant_flower(world)
    note = came(world, tier="flower", application=world.application.public_id).context["note"]
    assert "stands on flower already" in note.text


def test_a_link_stands_in_the_workspace_of_the_application_that_it_names(world: SimpleNamespace) -> None:
    other = factories.person("Ines")
    shared = Workspace.objects.create(name="Garden")
    factories.join(shared, other, "owner")
    application = factories.application(other, "Elsewhere")
    type(application).objects.filter(pk=application.pk).update(workspace=shared)
    factories.join(shared, world.noor)
    answer = came(world, tier="flower", application=application.public_id)
    assert answer.context["form"]["application"].value() == application.public_id
    strange = factories.application(other, "Hidden")
    assert "Hidden" not in came(world, application=strange.public_id).content.decode()


def test_without_an_application_one_is_made_first_and_the_way_goes_on(world: SimpleNamespace) -> None:
    client = browser(factories.person("Sam"))
    here = f"{NEW}?tier=flower"
    there = client.get(here)["Location"]
    assert there == f"/applications/new/?next={quote(here, safe='')}"
    answer = client.post(there, {"name": "Reader", "category": "web", "next": here})
    assert answer["Location"].startswith(f"{here}&application=")
    assert chosen(client.get(answer["Location"])) == "tier:flower"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_the_way_never_leads_off_the_site(world: SimpleNamespace, elsewhere: str) -> None:
    answer = world.client.post("/applications/new/", {"name": "Reader", "category": "web", "next": elsewhere})
    assert answer["Location"].startswith("/applications/")


def test_who_cannot_be_reached_is_led_to_their_addresses(world: SimpleNamespace) -> None:
    world.noor.emailaddress_set.update(verified=False)
    for path in ("/", "/applications/", "/applications/new/", "/tokens/new/", NEW):
        page = world.client.get(path).content.decode()
        assert "Confirm your e-mail address first" in page, path
        assert 'href="/accounts/email/"' in page, path


def grant_flower(world: SimpleNamespace) -> None:
    from tiers.actions.grants import give_grant

    give_grant(
        workspace=world.application.workspace,
        tier=Tier.objects.get(slug="flower"),
        application_id=world.application.pk,
        source="manual",
        source_id="test",
        reason="For the test",
        by=factories.administrator(),
    )
    AccessRequest.objects.filter(pk=world.asked.pk).update(state="withdrawn")
