"""The call that was meant: of what is wrong with its form all at once, and as a command that a shell reads rightly."""

import json
import shlex
from typing import Any

import pytest

from tests import factories
from tiers import snapshot
from tiers.facts import Catalogue
from tiers.models import AIModel
from tokens.actions.tokens import Minted, revoke_token
from tokens.explaining import samples
from tokens.explaining.corrections import Correction, corrected
from tokens.gateway import catalogues, explanations
from tokens.gateway.ask import Ask

pytestmark = pytest.mark.django_db


@pytest.fixture
def seed() -> Minted:
    catalogues.forget()
    factories.catalogue()
    return factories.token()


def meant(token: Minted | None, endpoint: str, model: str | None, method: str = "POST") -> Correction | None:
    ask = Ask(endpoint=endpoint, token=token.text if token else None, model=model, method=method)
    return corrected(explanations.of_call(ask))


def command(correction: Correction, catalogue: Catalogue) -> list[str]:
    return shlex.split("".join(text for _kind, text in samples.pieces(catalogue, correction.ask, anonymous=False)))


@pytest.mark.parametrize(
    ("endpoint", "model", "method"),
    [
        ("/v1/completions", "gpt-4o-mini", "POST"),
        ("/v1/completions", "GPT-4o-Mini", "POST"),
        ("/v1/chat/completion", "GPT-4o-Mini", "POST"),
        ("/v1/chat/completions", "GPT-4o-Mini", "GET"),
    ],
)
def test_all_that_is_wrong_with_the_form_is_put_right(seed: Minted, endpoint: str, model: str, method: str) -> None:
    found = meant(seed, endpoint, model, method)
    assert found is not None
    assert (found.ask.method, found.ask.endpoint, found.ask.model) == ("POST", "/v1/chat/completions", "gpt-4o-mini")
    assert (found.changed, found.decision.allow) == (True, True)


def test_a_call_without_a_model_gets_one_that_is_open(seed: Minted) -> None:
    found = meant(seed, "/v1/chat/completions", None)
    assert found is not None
    assert found.ask.model
    assert found.decision.allow


def test_what_no_other_call_would_cure_stays_refused(seed: Minted) -> None:
    assert meant(seed, "/v1/chat/completions", "gpt-4o") is None
    wrong_too = meant(seed, "/v1/completions", "gpt-4o")
    assert wrong_too is not None
    assert wrong_too.ask.endpoint == "/v1/chat/completions"
    assert [refusal.code for refusal in wrong_too.decision.refusals] == ["tier_required"]


def test_a_token_that_is_refused_has_no_corrected_call(seed: Minted) -> None:
    revoke_token(token=seed.token, reason="Lost.", by=seed.token.created_by)
    assert meant(seed, "/v1/completions", "GPT-4o-mini") is None


def test_a_retired_model_gives_way_to_its_successor(seed: Minted) -> None:
    mini = AIModel.objects.get(name="gpt-4o-mini")
    AIModel.objects.filter(name="gpt-4o").update(retired_at="2020-01-01T00:00:00Z", successor=mini)
    found = meant(seed, "/v1/chat/completions", "gpt-4o")
    assert found is not None
    assert (found.ask.model, found.decision.allow) == ("gpt-4o-mini", True)


def test_an_allowed_call_is_its_own(seed: Minted) -> None:
    found = meant(seed, "/v1/chat/completions", "gpt-4o-mini")
    assert found is not None
    assert (found.changed, found.decision.allow) == (False, True)


def test_every_operation_has_a_command_that_a_shell_reads_as_one_call(seed: Minted) -> None:
    """The name of a model may hold whatever staff wrote."""
    nasty = "a'b \"$(id)"
    AIModel.objects.filter(name="gpt-4o-mini").update(name=nasty)
    catalogue = snapshot.load()
    for operation in catalogue.operations.values():
        for pattern in operation.endpoints:
            method, _blank, path = pattern.partition(" ")
            ask = Ask(endpoint=path.replace("{prompt}", "hello"), model=nasty, method=method)
            words = shlex.split("".join(text for _k, text in samples.pieces(catalogue, ask, anonymous=True)))
            assert words[0] == "curl"
            assert "-X" not in words
            assert_named(words, nasty, method)


def assert_named(words: list[str], model: str, method: str) -> None:
    if method == "GET":
        assert words[1].endswith("?model=a%27b%20%22%24%28id%29")
    elif "-d" in words:
        sent: dict[str, Any] = json.loads(words[words.index("-d") + 1])
        assert sent["model"] == model
        assert len(sent) >= 2
    else:
        assert f"model={model}" in words


def test_a_caller_without_a_token_is_shown_none(seed: Minted) -> None:
    found = meant(None, "/v1/chat/completions", "no-such-model-at-all")
    assert found is None
    pieces = samples.pieces(snapshot.load(), Ask(endpoint="/v1/chat/completions", model="m"), anonymous=True)
    assert "Authorization" not in "".join(text for _kind, text in pieces)
