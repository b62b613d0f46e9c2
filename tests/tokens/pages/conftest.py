"""A developer with an application, a token and an access request; and browsers in which people have signed in."""

from collections.abc import Iterator
from copy import deepcopy
from http.cookies import SimpleCookie
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import DjangoDbBlocker

from accounts.models import User
from tests import factories
from tests.fixtures.signing_in import browser
from tiers.models import Tier
from tokens.actions.applications import add_domain
from tokens.actions.requests import save_draft, submit_request
from tokens.models import AccessRequest, Application

PURPOSE = "A reading aid for the pupils of our school, with its own server"


def ask(application: Application, tier: str = "flower", *, by: User, sent: bool = True) -> AccessRequest:
    subject = Tier.objects.get(slug=tier)
    draft = save_draft(
        application=application, tier=subject, purpose=PURPOSE, expected_volume=12_000, users="900 pupils", by=by
    )
    return submit_request(access_request=draft, by=by) if sent else draft


@pytest.fixture(scope="module")
def _made(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[SimpleNamespace]:
    """Made once for a file, since that takes longer than most of its tests, and undone at its end. `db` undoes within
    it whatever one test did."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_world()
        transaction.set_rollback(True)


@pytest.fixture
def world(_made: SimpleNamespace, db: None) -> SimpleNamespace:
    """As it was made, whatever another test did to it. Tests that commit make their own."""
    signed_in = Client()
    signed_in.cookies = SimpleCookie({name: cookie.value for name, cookie in _made.client.cookies.items()})
    things = {name: thing for name, thing in vars(_made).items() if name != "client"}
    return SimpleNamespace(client=signed_in, **deepcopy(things))


def make_world() -> SimpleNamespace:
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
