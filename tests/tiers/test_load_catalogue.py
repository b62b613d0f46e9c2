from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from accounts.audit import Task
from accounts.models import AuditEvent
from tests import factories
from tiers import starter
from tiers.actions.catalogue import load_starter_catalogue
from tiers.models import AIModel, CatalogueVersion, Operation, ServedOperation, Tier
from tiers.starter import StarterCatalogueError

pytestmark = pytest.mark.django_db
BY = Task("load_catalogue")


@pytest.fixture(autouse=True)
def _empty_catalogue() -> None:
    """Whatever the test database starts with."""
    empty()


def empty() -> None:
    Operation.objects.update(default_model=None)
    ServedOperation.objects.all().delete()
    AIModel.objects.update(successor=None)
    for model in (AIModel, Operation, Tier):
        model.objects.all().delete()


def contents() -> list[object]:
    return [
        list(Tier.objects.order_by("pk").values()),
        list(Operation.objects.order_by("pk").values()),
        list(AIModel.objects.order_by("pk").values()),
        list(ServedOperation.objects.order_by("pk").values()),
    ]


def test_everything_in_the_files_is_loaded():
    load_starter_catalogue(by=BY)
    files = starter.read()
    assert Tier.objects.count() == len(files.tiers)
    for entry in files.models:
        model = AIModel.objects.get(name=entry.name)
        assert {o.slug for o in model.operations.all()} == set(entry.operations)
        assert (model.tier.slug if model.tier else None) == entry.tier
        assert (model.successor.name if model.successor else None) == entry.successor
        for field in ("family", "gated", "early_access_from", "early_access_until", "retired_at", "cost"):
            assert getattr(model, field) == getattr(entry, field)
    moderation = Operation.objects.get(slug="moderation")
    assert moderation.default_model == AIModel.objects.get(name="omni-moderation-latest")


def test_the_catalogue_that_other_tests_begin_with_is_the_one_that_is_loaded():
    def without_ids() -> list[object]:
        named = [{**row, "id": 0, "public_id": ""} for kind in contents()[:3] for row in kind]
        return [
            sorted(str(row) for row in named if not {"successor_id", "default_model_id"} & row.keys()),
            set(AIModel.objects.values_list("name", "tier__slug", "successor__name", "aliases__0", "cost")),
            set(Operation.objects.values_list("slug", "default_model__name", "models__name")),
        ]

    load_starter_catalogue(by=BY)
    loaded, [done] = without_ids(), AuditEvent.objects.filter(action="catalogue.loaded").values_list("after")
    for _first_and_again in range(2):
        empty()
        factories.catalogue()
        assert without_ids() == loaded
        assert AuditEvent.objects.filter(action="catalogue.loaded").latest("pk").after == done[0]
        version = CatalogueVersion.objects.get().version
    factories.catalogue()
    assert CatalogueVersion.objects.get().version == version


def test_loading_twice_changes_nothing(django_assert_max_num_queries):
    load_starter_catalogue(by=BY)
    before = contents()
    version = CatalogueVersion.objects.get().version
    events = AuditEvent.objects.count()
    with django_assert_max_num_queries(10):
        done = load_starter_catalogue(by=BY)
    assert (done.created, done.updated, done.skipped) == ([], [], [])
    assert contents() == before
    assert CatalogueVersion.objects.get().version == version
    assert AuditEvent.objects.count() == events
    done = load_starter_catalogue(by=BY, update=True)
    assert (done.created, done.updated, done.skipped) == ([], [], [])
    assert contents() == before


def test_a_load_raises_the_version_and_is_audited_once():
    load_starter_catalogue(by=BY)
    assert CatalogueVersion.objects.get().version > 1
    event = AuditEvent.objects.get(action="catalogue.loaded")
    assert event.workspace is None
    assert event.actor_name == "load_catalogue"
    assert "model gpt-4o-mini" in event.after["created"]


def test_what_staff_edited_stays_and_what_they_lack_is_added():
    load_starter_catalogue(by=BY)
    Tier.objects.filter(slug="seed").update(requests_per_minute=7)
    AIModel.objects.filter(name="gpt-4o-mini").update(tier=Tier.objects.get(slug="nectar"))
    ServedOperation.objects.filter(model__name="gpt-4o-mini", operation__slug="response").delete()
    AIModel.objects.get(name="tts-1").delete()
    done = load_starter_catalogue(by=BY)
    assert done.created == ["model tts-1"]
    assert Tier.objects.get(slug="seed").requests_per_minute == 7
    assert AIModel.objects.get(name="gpt-4o-mini").tier.slug == "nectar"
    assert ServedOperation.objects.filter(model__name="gpt-4o-mini").count() == 1
    assert ServedOperation.objects.filter(model__name="tts-1").count() == 1


def test_update_makes_what_exists_as_in_the_files():
    load_starter_catalogue(by=BY)
    before = contents()[:3]
    Tier.objects.filter(slug="seed").update(requests_per_minute=7)
    model = AIModel.objects.get(name="gpt-3.5-turbo")
    AIModel.objects.filter(pk=model.pk).update(successor=None, description="Old")
    model.served.create(operation=Operation.objects.get(slug="speech"))
    Operation.objects.filter(slug="moderation").update(default_model=None)
    done = load_starter_catalogue(by=BY, update=True)
    assert sorted(done.updated) == ["model gpt-3.5-turbo", "operation moderation", "tier seed"]
    assert contents()[:3] == before
    assert not model.served.filter(operation__slug="speech").exists()


def test_an_entry_that_clashes_with_something_of_staff_is_left_out_with_its_reason():
    Tier.objects.create(slug="sprout", name="Sprout", rank=1, requests_per_minute=1)
    tier = Tier.objects.create(slug="top", name="Top", rank=99, requests_per_minute=1)
    AIModel.objects.create(name="house-model", aliases=["sdxl"], family="House", tier=tier)
    Operation.objects.create(slug="sing", label="Sing", endpoints=["POST /v1/audio/speech"])
    done = load_starter_catalogue(by=BY)
    assert "tier seed: rank 1 is taken by sprout" in done.skipped
    assert "model gpt-4o-mini: there is no tier seed" in done.skipped
    assert "operation speech: POST /v1/audio/speech is taken by sing" in done.skipped
    assert "model tts-1-hd: there is no operation speech" in done.skipped
    assert "model stable-diffusion-xl-base-1.0: sdxl is taken by house-model" in done.skipped
    assert AIModel.objects.filter(name="gpt-4o").exists()


def test_a_wrong_file_changes_nothing(tmp_path: Path):
    (tmp_path / "tiers.toml").write_text('[[tiers]]\nslug = "x"\nname = "X"\nrank = 0\nrequests_per_minute = 1\n')
    (tmp_path / "operations.toml").write_text('[[operations]]\nslug = "x"\nlabel = "X"\nendpoints = ["GET x"]\n')
    with pytest.raises(StarterCatalogueError, match="bad endpoint"):
        load_starter_catalogue(by=BY, folder=tmp_path)
    assert not Tier.objects.exists()


def test_the_command_says_what_it_did():
    out = StringIO()
    call_command("load_catalogue", stdout=out)
    assert f"{AIModel.objects.count() + Operation.objects.count() + Tier.objects.count()} added" in out.getvalue()
