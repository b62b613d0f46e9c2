"""A buyer with a workspace, signed in, and the starter catalogue."""

from types import SimpleNamespace

import pytest

from tests import factories
from tests.fixtures.signing_in import browser
from tests.tiers.orders.shop import Shop, open_shop


@pytest.fixture
def buyer(db: None) -> SimpleNamespace:
    factories.catalogue()
    noor = factories.person("Noor")
    return SimpleNamespace(person=noor, workspace=noor.personal_workspace, client=browser(noor))


@pytest.fixture
def shop(db: None) -> Shop:
    """A shop outside, that tells of its orders by signed messages."""
    factories.catalogue()
    return open_shop()
