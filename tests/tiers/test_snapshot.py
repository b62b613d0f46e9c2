"""A snapshot of the catalogue is one version of it, whatever is committed while it is read."""

from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries, Settings

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


def test_pages_go_by_a_kept_catalogue_while_it_stands(
    settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.CATALOGUE_KEPT = 60.0
    factories.catalogue()
    first = snapshot.kept()
    assert first == snapshot.load()
    with django_assert_num_queries(1):
        assert snapshot.kept() is first
    Tier.objects.filter(slug="flower").update(requests_per_day=1)
    changed = snapshot.kept()
    assert changed.tiers["flower"].requests_per_day == 1
    with transaction.atomic():
        Tier.objects.filter(slug="flower").update(requests_per_day=2)
        assert snapshot.kept().tiers["flower"].requests_per_day == 2
        transaction.set_rollback(True)
    assert snapshot.kept().tiers["flower"].requests_per_day == 1
    Tier.objects.filter(slug="flower").update(requests_per_day=3)
    assert snapshot.kept().tiers["flower"].requests_per_day == 3
