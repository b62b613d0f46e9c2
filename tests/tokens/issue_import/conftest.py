"""A repository whose issues are brought in, with its administrator, its secret and a maintainer."""

from types import SimpleNamespace
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from accounts.models import PlatformRole
from tests import factories
from tests.factories.issues import HEADINGS, payload
from tests.tokens.issue_import.test_webhook import send
from tests.tokens.review.conftest import signed_in
from tiers.models import ProviderEvent, Tier
from tokens.actions import issue_forms, issue_import
from tokens.models import AccessRequest

REPOSITORY = {"id": 99, "full_name": "garden/requests"}
SENDER = {"login": "gardener", "id": 77}


@pytest.fixture
def repository(client: Client) -> SimpleNamespace:
    factories.catalogue()
    ada, tier = factories.administrator(), Tier.objects.get(slug="flower")
    minted = issue_forms.add_form(repository="garden/requests", headings=HEADINGS, tier=tier, by=ada)
    dana, mika = factories.person("Dana"), factories.person("Mika", PlatformRole.MAINTAINER)
    SocialAccount.objects.create(user=dana, provider="github", uid="583231")
    return SimpleNamespace(
        form=minted.form, secret=minted.text, by=ada, dana=dana, mika=mika, client=client, desk=signed_in(mika)
    )


def told(action: str, number: int = 7, **more: Any) -> dict[str, Any]:
    """A message about one issue. `issue` has values of its own."""
    issue = {**payload(number), **more.pop("issue", {})}
    return {"action": action, "issue": issue, "repository": REPOSITORY, "sender": SENDER, **more}


def hear(place: SimpleNamespace, delivery: str, said: object, event: str = "issues") -> dict[str, Any]:
    answer = send(place, said, event=event, **{"X-GitHub-Delivery": delivery})
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def asked(place: SimpleNamespace) -> AccessRequest:
    """The access request of issue 7, which was opened just now."""
    hear(place, "opened", told("opened"))
    assert issue_import.open_waiting(by=place.by) == 1
    return AccessRequest.objects.get()


def inbox() -> bytes:
    return b"".join(bytes(event.body) for event in ProviderEvent.objects.all())
