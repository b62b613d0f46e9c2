"""The pages whose addresses are promised to the outside."""

import pytest

from tests.access.world import World

pytestmark = pytest.mark.django_db
PROMISED = "/ /accounts/login/ /applications/ /tokens/ /requests/ /requests/new/ /review/ /tiers/ /models/ /orders/"
PROMISED += " /explain/ /workspace/ /profile/ /holdings/ /audit/ /catalogue/ /gateways/ /events/ /figures/"


@pytest.mark.parametrize("path", PROMISED.split())
def test_it_is_there(world: World, path: str) -> None:
    answer = world.browser("administrator").get(path, follow=True)
    assert answer.status_code == 200
