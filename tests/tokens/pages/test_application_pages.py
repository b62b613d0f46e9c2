"""Applications and their domains, by form."""

from types import SimpleNamespace

import pytest
from allauth.account.models import EmailAddress
from django.urls import reverse

from tests import factories
from tests.fixtures.signing_in import browser
from tests.tokens.review.conftest import signed_in
from tokens.actions.applications import suspend_application
from tokens.models import Application

GIVEN = {"name": "Reader", "url": "https://reader.example.com", "category": "bot", "contact": "team@example.com"}


def at(world: SimpleNamespace, what: str = "detail") -> str:
    return reverse(f"applications:{what}", args=[world.application.public_id])


def test_an_application_is_made_as_typed(world: SimpleNamespace) -> None:
    answer = world.client.post("/applications/new/", {**GIVEN, "description": "Reads aloud"})
    made = Application.objects.get(name="Reader")
    assert answer["Location"] == reverse("applications:detail", args=[made.public_id])
    assert (made.url, made.category, made.contact) == (GIVEN["url"], "bot", "team@example.com")
    assert made.description == "Reads aloud"
    assert made.secret_in_query is False


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("name", ""), ("name", "\u202e"), ("url", "javascript:alert(1)"), ("contact", "nobody"), ("category", "x")],
)
def test_a_refused_form_keeps_what_was_typed(world: SimpleNamespace, field: str, wrong: str) -> None:
    answer = world.client.post("/applications/new/", {**GIVEN, "description": "Reads aloud", field: wrong})
    assert answer.status_code == 422
    assert "Reads aloud" in answer.content.decode()
    assert not Application.objects.filter(description="Reads aloud").exists()


def test_an_unverified_address_makes_no_application_and_is_told_so(db: None) -> None:
    factories.catalogue()
    sam = factories.person("Sam")
    EmailAddress.objects.filter(user=sam).update(verified=False)
    answer = signed_in(sam).post("/applications/new/", GIVEN)
    assert answer.status_code in (403, 422)
    assert not Application.objects.filter(created_by=sam).exists()


def test_it_is_edited(world: SimpleNamespace) -> None:
    answer = world.client.post(at(world, "edit"), {**GIVEN, "description": "", "secret_in_query": "on"}, follow=True)
    world.application.refresh_from_db()
    assert "Saved." in answer.content.decode()
    assert (world.application.name, world.application.secret_in_query) == ("Reader", True)


def test_a_domain_is_added_and_says_how_to_prove_it(world: SimpleNamespace) -> None:
    world.client.post(at(world, "add_domain"), {"host": "*.Reader.example.com"})
    domain = world.application.domains.get(host="*.reader.example.com")
    page = world.client.get(at(world)).content.decode()
    assert f"trellis-verify={domain.proof}" in page
    assert "_trellis.reader.example.com" in page


@pytest.mark.parametrize("host", ["", "evil example.com", "lantern.example.com", "*"])
def test_a_refused_domain_stays_in_the_form(world: SimpleNamespace, host: str) -> None:
    answer = world.client.post(at(world, "add_domain"), {"host": host})
    assert answer.status_code in (409, 422)
    assert f'value="{host}"' in answer.content.decode() or not host
    assert world.application.domains.count() == 1


def test_a_domain_is_removed_by_post_alone(world: SimpleNamespace) -> None:
    path = reverse("applications:remove_domain", args=[world.application.public_id, world.domain.public_id])
    assert world.client.get(path).status_code == 405
    world.client.post(path)
    assert world.application.domains.count() == 0


def test_a_suspension_is_shown_with_its_reason(world: SimpleNamespace) -> None:
    suspend_application(application=world.application, reason="Complaints of users", by=factories.administrator())
    page = world.client.get(at(world)).content.decode()
    assert "Complaints of users" in page
    assert reverse("tokens:new") not in page


def test_what_it_holds_is_explained(world: SimpleNamespace) -> None:
    page = world.client.get(at(world)).content.decode()
    assert all(text in page for text in ("seed", "rule", "no end"))


def test_the_pages_of_a_long_list_hold_each_once(world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokens.selectors.applications.PAGE_SIZE", 2)
    for number in range(4):
        factories.application(world.noor, f"App {number}")
    names, path = [], "?"
    while path:
        page = world.client.get(f"/applications/{path}").context["page"]
        names += [row.application.name for row in page.rows]
        path = f"?after={page.after}" if page.after else ""
    assert names == ["App 3", "App 2", "App 1", "App 0", "Lantern"]


def test_a_page_stands_in_the_workspace_of_what_it_shows(world: SimpleNamespace) -> None:
    kim = factories.person("Kim")
    factories.join(world.application.workspace, kim)
    page = browser(kim).get(at(world)).content.decode()
    assert "<b>Noor</b>" in page
