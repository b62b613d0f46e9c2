"""Requests in the queue, and who looks at them."""

from types import SimpleNamespace

import pytest
from django.test import Client

from accounts.models import PlatformRole, User
from tests import factories
from tiers.actions.grants import ensure_self_service_grant
from tiers.models import Tier
from tokens.actions.requests import save_draft, submit_request
from tokens.models import AccessRequest

PURPOSE = "A reading aid for the pupils of our school, with its own server"


def ask(name: str = "Reader", tier: str = "flower", by: User | None = None) -> AccessRequest:
    """A submitted access request of a new application."""
    by = by or factories.person("Noor")
    application = factories.application(by=by, name=name)
    ensure_self_service_grant(workspace=application.workspace, by=by)
    draft = save_draft(
        application=application,
        tier=Tier.objects.get(slug=tier),
        purpose=PURPOSE,
        expected_volume=12_000,
        users="900 pupils",
        by=by,
    )
    return submit_request(access_request=draft, by=by)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def desk(db: None) -> SimpleNamespace:
    """A maintainer signed in, with the starter catalogue."""
    factories.catalogue()
    maintainer = factories.person("Mika", PlatformRole.MAINTAINER)
    return SimpleNamespace(maintainer=maintainer, client=signed_in(maintainer))
