"""An administrator's and a maintainer's browsers, before the starter catalogue."""

from types import SimpleNamespace

import pytest
from django.test import Client

from accounts.models import User
from tests import factories
from tiers.models import Tier


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def desk(db: None) -> SimpleNamespace:
    return make_desk()


def make_desk() -> SimpleNamespace:
    factories.catalogue()
    ada, mika = factories.administrator(), factories.maintainer()
    tiers = {tier.slug: tier for tier in Tier.objects.all()}
    return SimpleNamespace(ada=ada, mika=mika, admin=signed_in(ada), client=signed_in(mika), **tiers)
