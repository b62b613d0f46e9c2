import pytest

from tests import factories


@pytest.fixture
def catalogue(db: None) -> None:
    factories.catalogue()
