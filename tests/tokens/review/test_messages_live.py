"""What somebody else writes about the request that is open is said at the next look of the page."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from accounts.models import PlatformRole
from tests import factories
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
    add_message(access_request=quiet, text="One more thing", by=quiet.applicant)
    assert "Noor wrote about it. What you typed stays as it is." in look(desk.client, quiet)


def test_of_ones_own_words_nothing_is_said(desk: SimpleNamespace, quiet: AccessRequest) -> None:
    add_message(access_request=quiet, text="For us", by=desk.maintainer, internal=True)
    assert look(desk.client, quiet) == ""
    petra = signed_in(factories.person("Petra", PlatformRole.MAINTAINER))
    assert "Mika wrote about it." in look(petra, quiet)


def test_nobody_of_the_workspace_hears_that_reviewers_wrote(desk: SimpleNamespace, quiet: AccessRequest) -> None:
    insider = factories.person("Inga", PlatformRole.MAINTAINER)
    factories.join(quiet.workspace, insider)
    add_message(access_request=quiet, text="For us", by=desk.maintainer, internal=True)
    assert look(signed_in(insider), quiet) == ""
