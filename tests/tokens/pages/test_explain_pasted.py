"""In place of the fields: the id of a refused call, or a whole `curl` command."""

from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any

import pytest
from django.http import HttpResponse
from redis import Redis

from tests import factories
from tests.fixtures.signing_in import browser
from tests.tokens.pages.test_recent_refusals import refuse
from tokens import keys
from tokens.gateway import catalogues, refusal_log
from tokens.models import Application

CHAT = "/v1/chat/completions"


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    catalogues.forget()


def paste(world: SimpleNamespace, text: str, client: Any = None, **more: str) -> HttpResponse:
    return (client or world.client).post("/explain/", {"pasted": text, **more}, follow=True)


def curl(token: str, path: str = CHAT, model: str = "gpt-4o", more: str = "") -> str:
    return f"""curl https://api.example.com{path} {more} \\
      -H "Authorization: Bearer {token}" -d '{{"model": "{model}", "messages": []}}'"""


def test_a_command_is_explained_and_its_token_forgotten(world: SimpleNamespace) -> None:
    answer = paste(world, curl(world.text, more="-H 'Origin: https://a.example.com'"))
    form, page = answer.context["form"], answer.content.decode()
    assert (answer.status_code, answer.context["answer"].code) == (200, "tier_required")
    shown = {name: form[name].value() for name in ("token", "model", "method", "endpoint", "origin")}
    assert shown == {
        "token": f"Lantern / production …{world.text[-4:]}",
        "model": "gpt-4o",
        "method": "POST",
        "endpoint": CHAT,
        "origin": "https://a.example.com",
    }
    assert world.text[:-4] not in page
    assert world.text not in str(dict(world.client.session))
    assert not answer.context["paste"].is_bound


def test_the_answer_is_the_one_that_the_fields_get(world: SimpleNamespace) -> None:
    unknown = keys.make(keys.KeyKind.SECRET, world.token.workspace.public_id).text
    for token, path, model, code in [
        (world.text, CHAT, "gpt-4o-mini", "ok"),
        (world.text, "/v1/completions", "gpt-4o-mini", "wrong_endpoint"),
        (world.text, "//v1/chat", "gpt-4o-mini", "endpoint_unknown"),
        (world.text[:-1], CHAT, "gpt-4o", "token_malformed"),
        ("production", CHAT, "gpt-4o", "token_malformed"),
        (unknown, CHAT, "gpt-4o", "token_unknown"),
    ]:
        answer = paste(world, curl(token, path, model))
        assert (answer.status_code, answer.context["answer"].code) == (200, code)
        assert token == "production" or token not in answer.content.decode()
    assert paste(world, f"curl https://a{CHAT} -d model=gpt-4o").context["answer"].code == "token_missing"


@pytest.mark.parametrize(("allowed", "code"), [(True, "ok"), (False, "token_malformed")])
def test_a_token_in_the_query_is_explained_as_one(world: SimpleNamespace, allowed: bool, code: str) -> None:
    Application.objects.filter(pk=world.token.application.pk).update(secret_in_query=allowed)
    answer = paste(world, f"curl 'https://api.example.com/prompt/x?key={world.text}&model=gpt-4o-mini'")
    assert (answer.status_code, answer.context["answer"].code) == (200, code)
    assert answer.context["form"]["endpoint"].value() == "/prompt/x?model=gpt-4o-mini"
    assert world.text not in answer.content.decode()


def test_what_is_not_in_the_command_is_asked_for_and_the_rest_kept(world: SimpleNamespace) -> None:
    placeholder = paste(world, curl("$TRELLIS_TOKEN"))
    assert (placeholder.status_code, placeholder.context["answer"]) == (422, None)
    assert "Pick the token, or paste it." in placeholder.content.decode()
    assert placeholder.context["form"]["model"].value() == "gpt-4o"
    assert placeholder.context["form"]["endpoint"].value() == CHAT
    file = paste(world, f"curl https://a{CHAT} -H 'X-Api-Key: {world.text}' -d @body.json")
    assert (file.status_code, file.context["answer"]) == (422, None)
    assert "Say which model it names." in file.content.decode()
    assert world.text not in file.content.decode()


def test_what_is_not_understood_stays_but_for_its_secrets(world: SimpleNamespace) -> None:
    answer = paste(world, curl(world.text, more="--next"))
    page = answer.content.decode()
    assert (answer.status_code, answer.context["answer"]) == (422, None)
    assert "The option --next is not understood here." in page
    assert "curl https://api.example.com/v1/chat/completions --next" in page
    assert world.text not in page
    assert world.text[-20:] not in page
    for text in ("", "x" * 20_001, world.text, "<script>alert(1)</script>"):
        answer = paste(world, text)
        assert answer.status_code == 422
        assert world.text not in answer.content.decode()
        assert "<script>alert" not in answer.content.decode()


def test_the_id_of_a_refused_call_leads_to_its_explanation(world: SimpleNamespace) -> None:
    for number in range(15):
        refuse(world, model=f"none-{number}", request_id=f"req_{number}", address=ip_address("192.0.2.7"))
    for text in ("req_0", "x-request-id: req_0", '{"error": {"request_id": "req_0"}}'):
        answer = paste(world, text)
        assert (answer.status_code, answer.context["answer"].code) == (200, "model_not_found")
        assert answer.redirect_chain[0][0].startswith("/explain/?token=")
        assert answer.context["form"]["model"].value() == "none-0"
        assert answer.context["form"]["address"].value() == "192.0.2.7"
        assert len(answer.context["recent"]) == 12


def test_an_id_that_leads_nowhere_says_so(world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(world, model="gpt-4o", request_id="req_1")
    omar = browser(factories.person("Omar"))
    elsewhere = {"workspace": world.token.workspace.public_id}
    for answer in (paste(world, "req_2"), paste(world, "req_1", omar), paste(world, "req_1", omar, **elsewhere)):
        assert (answer.status_code, answer.context["answer"]) == (422, None)
        assert "This workspace has no refusal of that id." in answer.content.decode()
        assert answer.context["paste"]["pasted"].value() in answer.content.decode()
    monkeypatch.setattr(refusal_log, "impatient", lambda url, seconds: Redis(host="127.0.0.1", port=9))
    answer = paste(world, "req_1")
    assert answer.status_code == 422
    assert "cannot be looked up just now" in answer.content.decode()


def test_staff_find_a_refusal_in_the_workspace_they_look_into(world: SimpleNamespace) -> None:
    refuse(world, model="gpt-4o", request_id="req_1", address=ip_address("192.0.2.7"))
    staff = browser(factories.administrator())
    found = paste(world, "req_1", staff, workspace=world.token.workspace.public_id)
    assert (found.status_code, found.context["answer"].code) == (200, "tier_required")
    assert "192.0.2.7" not in found.content.decode()
    assert paste(world, "req_1", staff).status_code == 422


def test_the_sixty_first_paste_of_a_minute_waits(world: SimpleNamespace) -> None:
    """Over a minute's end there is room for sixty more, so it may take up to 121."""
    answers = (paste(world, "curl") for _ in range(121))
    late = next(answer for answer in answers if answer.status_code == 429)
    assert 1 <= int(late["Retry-After"]) <= 60
    assert "60 times a minute" in late.content.decode()
