"""A buyer with a workspace, signed in, and the starter catalogue."""

from types import SimpleNamespace

import pytest

from tests import factories
from tests.tokens.pages.conftest import browser


@pytest.fixture
def buyer(db: None) -> SimpleNamespace:
    factories.catalogue()
    noor = factories.person("Noor")
    return SimpleNamespace(person=noor, workspace=noor.personal_workspace, client=browser(noor))
