"""Why was this call refused? The page answers as the gateway does, of a token that is picked or pasted."""

from types import SimpleNamespace

import pytest
from django.http import HttpResponse

from tests import factories
from tests.fixtures.signing_in import browser
from tests.tokens.gateway.calls import Client as Gateway
from tokens import keys
from tokens.actions.applications import add_domain
from tokens.actions.gateways import add_gateway
from tokens.actions.tokens import revoke_token
from tokens.gateway import catalogues
from tokens.models import Token

CHAT, COMPLETIONS = "/v1/chat/completions", "/v1/completions"


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """Versions of a catalogue that a test rolled back mean something else in the next."""
    catalogues.forget()


def label(world: SimpleNamespace) -> str:
    return f"Lantern / production …{world.text[-4:]}"


def explain(world: SimpleNamespace, token: str, **ask: str) -> HttpResponse:
    values = {"token": token, "endpoint": CHAT, "method": "POST", "permission": "generate", **ask}
    return world.client.post("/explain/", values)


def read(answer: HttpResponse) -> str:
    return answer.content.decode()


def code(answer: HttpResponse) -> str:
    return answer.context["answer"].code


def test_a_token_that_is_picked_is_explained_without_its_secret(world: SimpleNamespace) -> None:
    answer = explain(world, label(world), model="gpt-4o-mini", endpoint=COMPLETIONS)
    page = read(answer)
    assert (answer.status_code, code(answer)) == (200, "wrong_endpoint")
    assert "gpt-4o-mini is not served on /v1/completions" in page
    assert "/v1/chat/completions</span>" in page
    assert "would be allowed" in page
    assert f'value="{label(world)}"' in page


@pytest.mark.parametrize("name", ["production", "…{last4}", "{last4}", "{public_id}"])
def test_a_token_may_be_named_as_people_name_it(world: SimpleNamespace, name: str) -> None:
    answer = explain(world, name.format(last4=world.text[-4:], public_id=world.token.public_id), model="gpt-4o-mini")
    assert (answer.status_code, code(answer)) == (200, "ok")
    assert answer.context["answer"].last4 == world.text[-4:]


def test_a_name_that_several_have_or_none_is_an_error_beside_its_field(world: SimpleNamespace) -> None:
    factories.token(factories.application(world.noor, "Other"))
    several, none = explain(world, "production"), explain(world, "no such token")
    assert (several.status_code, none.status_code) == (422, 422)
    assert "Several tokens are called that" in read(several)
    assert 'value="no such token"' in read(none)


def test_a_pasted_token_is_answered_and_forgotten(world: SimpleNamespace) -> None:
    answer = explain(world, f"Bearer {world.text}", model="gpt-4o")
    assert code(answer) == "tier_required"
    assert world.text not in read(answer)
    assert world.text not in str(dict(world.client.session))
    assert f'value="{label(world)}"' in read(answer)
    assert "no-store" in answer["Cache-Control"]


def test_a_pasted_token_is_forgotten_where_the_rest_is_wrong_too(world: SimpleNamespace) -> None:
    for endpoint, address in ((CHAT, "999.1"), ("", ""), (f"{CHAT}?key={world.text}", "")):
        answer = explain(world, world.text, endpoint=endpoint, address=address)
        assert answer.status_code == 422
        assert f'name="token" value="{world.text}"' not in read(answer)


def test_what_is_no_token_is_answered_as_the_gateway_does(world: SimpleNamespace) -> None:
    gateway = Gateway(add_gateway(name="edge", kind="custom", by=factories.administrator()).text)
    unknown = keys.make(keys.KeyKind.SECRET, world.token.workspace.public_id).text
    for text in (world.text[:-1], "sk-proj-0123456789", unknown, "trl_"):
        told, answer = gateway.decide(token=text, model="gpt-4o-mini").json, explain(world, text, model="gpt-4o-mini")
        assert (code(answer), answer.context["answer"].message) == (told["code"], told["message"])
        assert {row.outcome for row in answer.context["answer"].rows[1:]} == {"not_reached"}
        assert text not in read(answer).replace('"trl_', "")


@pytest.mark.parametrize(
    ("model", "endpoint"),
    [
        ("gpt-4o-mini", CHAT),
        ("GPT-4o-mini", COMPLETIONS),
        ("gpt-4o", COMPLETIONS),
        ("", CHAT),
        ("no-such-model", CHAT),
        ("gpt-4o-mini", "/v1//chat"),
        ("dall-e-3", "/v1/images/generations"),
    ],
)
def test_the_decision_is_the_gateways_own(world: SimpleNamespace, model: str, endpoint: str) -> None:
    gateway = Gateway(add_gateway(name="edge", kind="custom", by=factories.administrator()).text)
    for token, name in ((world.text, label(world)), (None, "")):
        told = gateway.decide(token=token, model=model or None, endpoint=endpoint).json
        shown = explain(world, name, model=model, endpoint=endpoint).context["answer"]
        assert (shown.code, shown.status, shown.message if not told["allow"] else "") == (
            told["code"],
            told["status"],
            told["message"] if not told["allow"] else "",
        )
        assert [later.code for later in shown.also] == [later["code"] for later in told["also"]]
        refused = [row for row in shown.rows if row.outcome == "refused"]
        assert len(refused) == (0 if told["allow"] else 1)


def test_explaining_spends_and_notes_nothing(world: SimpleNamespace) -> None:
    explain(world, world.text, model="gpt-4o-mini")
    assert Token.objects.get(pk=world.token.pk).last_used_at is None


def test_a_link_is_answered_at_once_for_a_token_of_ones_own_alone(world: SimpleNamespace) -> None:
    query = f"token={world.token.public_id}&model=gpt-4o-mini&endpoint={COMPLETIONS}"
    assert code(world.client.get(f"/explain/?{query}")) == "wrong_endpoint"
    stranger = browser(factories.person("Omar")).get(f"/explain/?{query}")
    assert stranger.context["answer"] is None
    assert "Lantern" not in read(stranger)
    assert 'value="gpt-4o-mini"' in read(stranger)


def test_a_link_that_names_no_token_waits_for_one_and_a_secret_in_it_is_not_taken(world: SimpleNamespace) -> None:
    for token in ("", world.text):
        answer = world.client.get(f"/explain/?token={token}&model=gpt-4o-mini&endpoint={CHAT}", follow=True)
        assert answer.context["answer"] is None
        assert world.text not in read(answer)
        assert ("where logs keep it" in read(answer)) == bool(token)
        assert 'value="gpt-4o-mini"' in read(answer)
    assert code(world.client.get(f"/explain/?token=none&model=gpt-4o-mini&endpoint={CHAT}")) == "token_missing"


def test_a_token_of_another_workspace_is_explained_but_its_pages_are_not_linked(world: SimpleNamespace) -> None:
    theirs = factories.token(name="theirs")
    by_name = explain(world, "theirs")
    assert code(by_name) == "token_malformed"
    revoke_token(token=theirs.token, reason="Lost.", by=theirs.token.created_by)
    answer = explain(world, theirs.text, model="gpt-4o-mini")
    assert code(answer) == "token_revoked"
    assert "not linked here" in read(answer)
    assert 'href="/tokens/' not in read(answer).split('id="explained"')[1]
    assert theirs.token.workspace.name not in answer.context["answer"].workspace


def test_a_publishable_token_of_others_names_no_workspace(world: SimpleNamespace) -> None:
    application = factories.application()
    add_domain(application=application, host="app.example.com", by=application.created_by)
    public = factories.token(application, kind="publishable").text
    refused = explain(world, public, model="gpt-4o-mini")
    assert code(refused) == "origin_not_allowed"
    allowed = explain(world, public, model="gpt-4o-mini", origin="https://app.example.com")
    assert code(allowed) == "ok"
    for answer in (refused, allowed):
        assert application.workspace.public_id not in read(answer)


def test_the_sixty_first_form_of_a_minute_waits(world: SimpleNamespace) -> None:
    """Over a minute's end there is room for sixty more, so it may take up to 121."""
    answers = (explain(world, "trl_", endpoint="") for _ in range(121))
    late = next(answer for answer in answers if answer.status_code == 429)
    assert 1 <= int(late["Retry-After"]) <= 60
    assert "60 times a minute" in read(late)
    assert late.context["answer"] is None


@pytest.mark.parametrize("endpoint", ["completion", "v1/completions", "https://api.example.com/v1/completions"])
def test_an_endpoint_may_be_written_as_people_write_it(world: SimpleNamespace, endpoint: str) -> None:
    assert code(explain(world, label(world), model="gpt-4o-mini", endpoint=endpoint)) == "wrong_endpoint"
