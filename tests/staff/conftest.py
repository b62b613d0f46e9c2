"""Who looks at the staff's pages, each in a browser of their own, and whose things they look at."""

import pytest
from django.test import Client

from accounts.models import User
from tests.factories import administrator, auditor, catalogue, person
from tests.fixtures.signing_in import browser


@pytest.fixture
def noor() -> User:
    catalogue()
    return person("Noor")


@pytest.fixture
def staff() -> Client:
    return browser(auditor())


@pytest.fixture
def admin() -> Client:
    return browser(administrator())
