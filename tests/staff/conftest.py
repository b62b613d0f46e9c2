"""Who looks at the staff's pages, each in a browser of their own, and whose things they look at."""

import pytest
from django.test import Client

from accounts.models import User
from tests.accounts.people import sign_in
from tests.factories import PASSWORD, administrator, auditor, catalogue, person


@pytest.fixture
def noor() -> User:
    catalogue()
    return person("Noor")


@pytest.fixture
def staff() -> Client:
    return sign_in(auditor(), PASSWORD)


@pytest.fixture
def admin() -> Client:
    return sign_in(administrator(), PASSWORD)
