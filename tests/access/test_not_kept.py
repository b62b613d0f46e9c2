"""No browser keeps what a signed-in person was shown."""

import pytest

from tests.access import table
from tests.access.test_matrix import ADDRESSES, call, insider
from tests.access.world import World

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_a_signed_in_person_is_shown_is_not_kept(world: World, address: str) -> None:
    answer = call(world, insider(address), "GET", world.path(address))
    assert "no-store" in answer.headers.get("Cache-Control", "")


@pytest.mark.parametrize("address", ["", "docs/", "tiers/"])
def test_what_is_public_may_be_kept(world: World, address: str) -> None:
    answer = call(world, table.ANONYMOUS, "GET", world.path(address))
    assert answer.status_code == 200
    assert "no-store" not in answer.headers.get("Cache-Control", "")
