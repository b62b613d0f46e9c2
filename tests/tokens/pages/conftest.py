"""A developer with an application, a token and an access request; and browsers in which people have signed in."""

from types import SimpleNamespace

import pytest
from django.test import Client

from accounts.models import User
from tests import factories
from tiers.models import Tier
from tokens.actions.applications import add_domain
from tokens.actions.requests import save_draft, submit_request
from tokens.models import AccessRequest, Application

PURPOSE = "A reading aid for the pupils of our school, with its own server"


def browser(user: User) -> Client:
    """Somebody who has just signed in with the password: for 15 minutes nothing is asked again."""
    client = Client()
    answer = client.post("/accounts/login/", {"login": user.email, "password": factories.PASSWORD})
    assert answer.status_code == 302
    return client


def ask(application: Application, tier: str = "flower", *, by: User, sent: bool = True) -> AccessRequest:
    subject = Tier.objects.get(slug=tier)
    draft = save_draft(
        application=application, tier=subject, purpose=PURPOSE, expected_volume=12_000, users="900 pupils", by=by
    )
    return submit_request(access_request=draft, by=by) if sent else draft


@pytest.fixture
def world(db: None) -> SimpleNamespace:
    factories.catalogue()
    noor = factories.person("Noor")
    application = factories.application(noor, "Lantern")
    add_domain(application=application, host="lantern.example.com", by=noor)
    minted = factories.token(application)
    return SimpleNamespace(
        noor=noor,
        client=browser(noor),
        application=application,
        domain=application.domains.get(),
        token=minted.token,
        text=minted.text,
        asked=ask(application, by=noor),
    )
