"""What the list begins with comes to stand beside it, and counts as opened only once somebody opens it."""

from types import SimpleNamespace

from accounts.models import PlatformRole
from tests import factories
from tokens.actions.requests import add_message
from tokens.models.desk import Mention

from .conftest import ask

PART = {"HX-Request": "true", "HX-Target": "detail"}


def test_the_list_names_its_first_and_shows_nothing_of_it_yet(desk: SimpleNamespace) -> None:
    first, second = ask("First"), ask("Second")
    page = desk.client.get("/review/").content.decode()
    assert f'hx-get="/review/{first.public_id}/?tab=pending&amp;beside=1"' in page
    assert first.purpose not in page
    assert f'href="/review/{second.public_id}/?tab=pending"' in page


def test_beside_the_list_it_is_no_page_of_its_own_and_nothing_of_it_is_seen(desk: SimpleNamespace) -> None:
    asked, petra = ask("First"), factories.person("Petra", PlatformRole.MAINTAINER)
    add_message(access_request=asked, text="@Mika, look", by=petra, internal=True)
    part = desk.client.get(f"/review/{asked.public_id}/?beside=1", headers=PART).content.decode()
    assert asked.purpose in part
    assert "<title>" not in part
    assert "workspace opened" not in part
    assert Mention.objects.filter(seen_at=None).exists()
    part = desk.client.get(f"/review/{asked.public_id}/", headers=PART).content.decode()
    assert "<title>" in part
    assert "workspace opened" in part
    assert not Mention.objects.filter(seen_at=None).exists()
