import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tiers import starter
from tiers.starter import FOLDER, StarterCatalogueError

OPERATIONS = {
    "chat_completion",
    "completion",
    "response",
    "message",
    "embedding",
    "moderation",
    "image_generation",
    "image_edit",
    "speech",
    "transcription",
}
CATALOGUE = starter.read()
MODELS = {model.name: model for model in CATALOGUE.models}


def test_the_ladder_has_its_four_rungs_and_each_allows_more():
    assert [tier.slug for tier in CATALOGUE.tiers] == ["anonymous", "seed", "flower", "nectar"]
    assert [tier.rank for tier in CATALOGUE.tiers] == [0, 1, 2, 3]
    assert [tier.slug for tier in CATALOGUE.tiers if tier.self_service] == ["seed"]
    for field in ("requests_per_minute", "requests_per_day", "requests_per_month", "concurrent_calls"):
        limits = [getattr(tier, field) for tier in CATALOGUE.tiers]
        assert limits == sorted(set(limits)), field


def test_every_operation_is_there_and_served_by_a_live_model_without_a_grant():
    assert {operation.slug for operation in CATALOGUE.operations} == OPERATIONS
    for slug in OPERATIONS:
        assert [m for m in MODELS.values() if slug in m.operations and m.tier and not m.retired_at], slug


def test_seed_opens_gpt_4o_mini_for_chat_and_responses_and_not_for_completions():
    assert MODELS["gpt-4o-mini"].tier == "seed"
    assert set(MODELS["gpt-4o-mini"].operations) == {"chat_completion", "response"}


def test_the_catalogue_shows_every_case_there_is():
    models = MODELS.values()
    assert len(models) >= 60
    assert sum(model.gated for model in models) >= 6
    assert sum(model.retired_at is not None for model in models) >= 3
    assert sum(model.tier == "anonymous" for model in models) >= 3
    assert any(model.early_access_until for model in models)
    assert {model.tier for model in models if model.tier} == {tier.slug for tier in CATALOGUE.tiers}


def test_every_retired_model_names_what_to_use_instead():
    today = datetime(2026, 11, 22, tzinfo=UTC)
    retired = [model for model in MODELS.values() if model.retired_at]
    assert all(model.successor and model.retired_at < today for model in retired)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "catalogue"))


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


MODEL = '[[models]]\nname = "new"\nfamily = "F"\noperations = ["speech"]\n'


@pytest.mark.parametrize(
    ("file", "addition", "problem"),
    [
        ("models/openai.toml", f'{MODEL}tier = "tree"', "model new: unknown tier 'tree'"),
        ("models/openai.toml", MODEL, "model new: give it either a tier or gated = true"),
        (
            "models/openai.toml",
            f'{MODEL}tier = "seed"\ngated = true',
            "model new: give it either a tier or gated = true",
        ),
        ("models/openai.toml", f"{MODEL}gated = true\ncost = 0", "model new: cost is below 1"),
        ("models/openai.toml", f'{MODEL}gated = true\nsuccessor = "x"', "model new: unknown successor 'x'"),
        (
            "models/openai.toml",
            f'{MODEL}gated = true\nsuccessor = "gpt-4-vision-preview"',
            "model new: its successor gpt-4-vision-preview is retired or is to be",
        ),
        ("models/openai.toml", f'{MODEL}gated = true\naliases = ["New"]', "model new: bad name 'New'"),
        (
            "models/openai.toml",
            f'{MODEL}gated = true\naliases = ["gpt-4o"]',
            "model name or alias 'gpt-4o' is given 2 times",
        ),
        (
            "models/openai.toml",
            f"{MODEL}gated = true\nearly_access_from = 2026-11-01T00:00:00Z",
            "model new: early access needs a from and a later until",
        ),
        (
            "models/openai.toml",
            f"{MODEL}gated = true\nretired_at = 2026-11-01T00:00:00",
            "model new: 2026-11-01 00:00:00 has no offset, write 2026-11-01T00:00:00Z",
        ),
        ("models/openai.toml", f'{MODEL}gated = "yes"', "openai.toml: new: gated has a wrong type: 'yes'"),
        ("models/openai.toml", f"{MODEL}gated = true\ncost = true", "openai.toml: new: cost has a wrong type: True"),
        ("models/openai.toml", f"{MODEL}gatde = true", "openai.toml: new: unknown field 'gatde'"),
        ("models/openai.toml", '[[models]]\nname = "new"', "openai.toml: new: family is missing"),
        ("models/openai.toml", "[[modles]]", "openai.toml: unknown table 'modles'"),
        (
            "tiers.toml",
            '[[tiers]]\nslug = "x"\nname = "X"\nrank = 1\nrequests_per_minute = 1',
            "rank '1' is given 2 times",
        ),
        (
            "tiers.toml",
            '[[tiers]]\nslug = "x"\nname = "X"\nrank = 9\nrequests_per_minute = 0',
            "tier x: requests_per_minute is below 1",
        ),
    ],
)
def test_a_wrong_entry_is_named_with_what_is_wrong(folder: Path, file: str, addition: str, problem: str):
    path = folder / file
    path.write_text(path.read_text("utf-8") + "\n" + addition + "\n", "utf-8")
    with pytest.raises(StarterCatalogueError) as caught:
        starter.read(folder)
    assert problem in caught.value.problems


@pytest.mark.parametrize(
    "endpoint",
    ["/v1/x", "post /v1/x", "POST v1/x", "POST /v1//x", "POST /v1/../x", "POST /v1/x/", "POST /{prompt}/x", "GET /a b"],
)
def test_a_bad_endpoint_pattern_is_refused(folder: Path, endpoint: str):
    edit(folder / "operations.toml", "POST /v1/audio/speech", endpoint)
    with pytest.raises(StarterCatalogueError, match="operation speech: bad endpoint"):
        starter.read(folder)


def test_one_endpoint_means_one_operation_whatever_its_placeholders_are_called(folder: Path):
    edit(folder / "operations.toml", "POST /v1/audio/speech", "GET /image/{name}")
    with pytest.raises(StarterCatalogueError, match=r"endpoint 'GET /image/\{\}' is given 2 times"):
        starter.read(folder)


def test_a_default_model_must_serve_its_operation(folder: Path):
    edit(folder / "operations.toml", "omni-moderation-latest", "tts-1")
    with pytest.raises(StarterCatalogueError, match="moderation: its default_model tts-1 does not serve it"):
        starter.read(folder)


def test_all_problems_are_told_at_once(folder: Path):
    edit(folder / "models/images.toml", 'tier = "seed"', 'tier = "tree"')
    edit(folder / "models/images.toml", '["image_generation"]', '["painting"]')
    with pytest.raises(StarterCatalogueError) as caught:
        starter.read(folder)
    assert len(caught.value.problems) == 2


def test_broken_toml_names_its_file(folder: Path):
    (folder / "models" / "broken.toml").write_text("[[models]\n", "utf-8")
    with pytest.raises(StarterCatalogueError, match=r"broken\.toml: "):
        starter.read(folder)
