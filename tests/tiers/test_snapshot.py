"""A snapshot of the catalogue is one version of it, whatever is committed while it is read."""

from typing import Any

import pytest

from tests import factories
from tiers import snapshot
from tiers.models import AIModel, Tier

pytestmark = pytest.mark.django_db


def test_a_change_in_the_midst_of_reading_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.catalogue()
    read, changes = snapshot._models, iter([True])

    def read_late() -> Any:
        if next(changes, False):
            bloom = Tier.objects.create(slug="bloom", name="Bloom", rank=77, requests_per_minute=5)
            AIModel.objects.filter(name="gpt-4o").update(tier=bloom)
        return read()

    monkeypatch.setattr(snapshot, "_models", read_late)
    found = snapshot.load()
    assert found.models["gpt-4o"].tier == "bloom"
    assert "bloom" in found.tiers
