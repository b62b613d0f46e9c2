"""What people type is text on every page, whatever it looks like; and an address with nonsense is no failure."""

from types import SimpleNamespace

import pytest
from django.urls import reverse

from tests import factories
from tests.tokens.pages.conftest import PURPOSE
from tiers.models import Tier
from tokens.actions.requests import add_message, save_draft, submit_request
from tokens.actions.tokens import revoke_token
from tokens.models import AccessRequest, Application, Token

LISTS = ("/tokens/", "/applications/", "/requests/", "/requests/new/", "/models/", "/tokens/new/", "/explain/")
NASTY = "\"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 }}'"


@pytest.fixture
def nasty(world: SimpleNamespace) -> SimpleNamespace:
    noor = world.noor
    application = factories.application(noor, NASTY)
    token = factories.token(application, name=NASTY).token
    revoke_token(token=factories.token(application, name="gone").token, reason=NASTY, by=noor)
    draft = save_draft(
        application=application,
        tier=Tier.objects.get(slug="flower"),
        purpose=PURPOSE + NASTY,
        users=NASTY,
        links=NASTY,
        expected_volume=1,
        by=noor,
    )
    asked = submit_request(access_request=draft, by=noor)
    add_message(access_request=asked, text=NASTY, by=noor)
    world.paths = pages(application, token, Token.objects.get(name="gone"), asked)
    return world


def pages(application: Application, token: Token, gone: Token, asked: AccessRequest) -> list[str]:
    ids = {"applications": [application], "tokens": [token, gone], "requests": [asked]}
    details = [reverse(f"{name}:detail", args=[one.public_id]) for name, found in ids.items() for one in found]
    forms = [
        reverse("applications:edit", args=[application.public_id]),
        reverse("tokens:rotate", args=[token.public_id]),
    ]
    forms += [reverse("tokens:edit", args=[token.public_id]), reverse("requests:withdraw", args=[asked.public_id])]
    lists = ["/", "/applications/", "/tokens/", "/tokens/?tab=ended", "/requests/", "/tokens/new/", "/requests/new/"]
    lists += ["/explain/", f"/explain/?token={token.public_id}&model=m&endpoint=/v1/completions"]
    return [*details, *forms, *lists]


def test_no_page_lets_a_name_become_markup(nasty: SimpleNamespace) -> None:
    for path in nasty.paths:
        page = nasty.client.get(path).content.decode()
        assert "<script>alert" not in page, path
        assert "<img src=x" not in page, path


def test_it_is_shown_as_it_was_typed(nasty: SimpleNamespace) -> None:
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in nasty.client.get("/applications/").content.decode()


@pytest.mark.parametrize("text", ["%F0%9F%8C%B1", "-1", "%3Cscript%3Ealert(1)", "0123456789ab", "a" * 3000])
def test_nonsense_in_an_address_is_no_failure(world: SimpleNamespace, text: str) -> None:
    names = ("after", "before", "find", "tab", "tier", "model", "application", "q", "family", "operation", "token")
    for path in LISTS:
        answer = world.client.get(path + "?" + "&".join(f"{name}={text}" for name in names))
        assert answer.status_code == 200, path
        assert "<script>alert" not in answer.content.decode(), path


@pytest.mark.parametrize("name", ["applications:detail", "tokens:detail", "requests:detail"])
def test_an_id_that_is_none_is_not_found(world: SimpleNamespace, name: str) -> None:
    for public_id in ("0", "zzzzzzzzzzzz", "-", "x" * 200):
        assert world.client.get(reverse(name, args=[public_id])).status_code == 404, public_id
