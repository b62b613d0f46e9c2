"""One world for all addresses, undone at the end. `django_db` undoes within it whatever one test did. The catalogue is
kept, as on the site: most pages need it, and nobody here counts queries."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from tests.access.world import World, build


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic(), override_settings(CATALOGUE_KEPT=60.0):
        yield build()
        transaction.set_rollback(True)
