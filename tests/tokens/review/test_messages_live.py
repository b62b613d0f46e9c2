"""What somebody else writes about the request that is open is said at the next look of the page."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from accounts.models import PlatformRole
from tests import factories
from tokens.actions.handling import claim_request
from tokens.actions.requests import add_message
from tokens.models import AccessRequest

from .conftest import ask, signed_in


@pytest.fixture
def quiet(desk: SimpleNamespace) -> AccessRequest:
    """One of which nothing was heard for an hour."""
    asked, long_ago = ask(), timezone.now() - timedelta(hours=1)
    AccessRequest.objects.filter(pk=asked.pk).update(updated_at=long_ago, signals_at=long_ago)
    return asked


def look(client, asked: AccessRequest) -> str:  # type: ignore[no-untyped-def]
    """Empty where there is no news."""
    earlier = (timezone.now() - timedelta(seconds=20)).isoformat()
    asking = {"since": timezone.now().isoformat(), "open": asked.public_id, "version": asked.version, "read": earlier}
    return str(client.get("/review/live/", asking).content.decode())


def test_a_word_of_the_applicant_is_said_beside_what_is_typed(desk: SimpleNamespace, quiet: AccessRequest) -> None:
    assert look(desk.client, quiet) == ""
    message = add_message(access_request=quiet, text="One more <b>thing", by=quiet.applicant)
    page = look(desk.client, quiet)
    assert "<bdi>Noor</bdi> wrote about it. What you typed stays as it is." in page
    assert "One more &lt;b&gt;thing" in page
    key = f"said-m{message.pk}"
    assert page.count(f'id="{key}"') == page.count(f'href="#{key}"') == 1
    assert f'id="{key}"' in desk.client.get(f"/review/{quiet.public_id}/").content.decode()


def test_of_ones_own_words_nothing_is_said(desk: SimpleNamespace, quiet: AccessRequest) -> None:
    add_message(access_request=quiet, text="For us", by=desk.maintainer, internal=True)
    assert look(desk.client, quiet) == ""
    petra = signed_in(factories.person("Petra", PlatformRole.MAINTAINER))
    assert "<bdi>Mika</bdi> wrote about it." in look(petra, quiet)


def test_nobody_of_the_workspace_hears_that_reviewers_wrote(desk: SimpleNamespace, quiet: AccessRequest) -> None:
    insider = factories.person("Inga", PlatformRole.MAINTAINER)
    factories.join(quiet.workspace, insider)
    add_message(access_request=quiet, text="For us", by=desk.maintainer, internal=True)
    assert look(signed_in(insider), quiet) == ""


def test_what_was_done_comes_in_as_well_and_only_what_one_may_read(desk: SimpleNamespace, quiet: AccessRequest) -> None:
    insider = factories.person("Inga", PlatformRole.MAINTAINER)
    factories.join(quiet.workspace, insider)
    add_message(access_request=quiet, text="Between us", by=desk.maintainer, internal=True)
    claim_request(access_request=quiet, by=desk.maintainer)
    petra = signed_in(factories.person("Petra", PlatformRole.MAINTAINER))
    assert all(words in look(petra, quiet) for words in ("Between us", "claimed it", "data-changed"))
    page = look(signed_in(insider), quiet)
    assert "claimed it" in page
    assert "Between us" not in page


def test_what_was_written_while_the_page_was_made_is_not_lost(desk: SimpleNamespace, quiet: AccessRequest) -> None:
    message = add_message(access_request=quiet, text="Just before", by=quiet.applicant)
    asking = {"since": timezone.now().isoformat(), "open": quiet.public_id, "version": quiet.version}
    asking["read"] = (message.at + timedelta(seconds=1)).isoformat()
    assert "Just before" in desk.client.get("/review/live/", asking).content.decode()
