"""Beside the form stand the calls that were refused lately; each fills the form in and is explained as it is now."""

from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any

import pytest
from django.http import HttpResponse
from django.utils.html import escape

from tests import factories
from tests.fixtures.signing_in import browser
from tiers.actions.grants import give_grant
from tiers.models import Tier
from tokens.gateway import catalogues, explanations, refusal_log, service
from tokens.gateway.ask import Ask
from tokens.models import Token


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    catalogues.forget()


def refuse(world: SimpleNamespace, **ask: Any) -> None:
    """As a gateway notes it."""
    explanation = explanations.of_call(Ask(**{"endpoint": "/v1/chat/completions", "token": world.text, **ask}))
    token = world.token
    ids = {"workspace": token.workspace.public_id, "application": token.application.public_id, "token": token.public_id}
    refusal_log.note(explanation.decision, **ids)
    refusal_log.flush()


def recent(answer: HttpResponse) -> list[tuple[str, str, int]]:
    return [(entry.code, entry.called, entry.times) for entry in answer.context["recent"]]


def test_a_refused_call_is_listed_and_leads_to_its_explanation(world: SimpleNamespace) -> None:
    for _time in range(2):
        refuse(world, model="GPT-4o-mini", endpoint="/v1/completions?by=s3cret", address=ip_address("192.0.2.7"))
    page = world.client.get("/explain/")
    assert recent(page) == [("model_not_found", "GPT-4o-mini", 2)]
    [entry] = page.context["recent"]
    assert "192.0.2.7" not in entry.href
    assert "s3cret" not in page.content.decode()
    answer = world.client.get(entry.href)
    assert answer.context["answer"].code == "model_not_found"
    assert answer.context["form"]["address"].value() == "192.0.2.7"
    assert 'aria-current="true"><code>model_not_found' in answer.content.decode()


@pytest.mark.parametrize("method", ["OPTIONS", "HEAD", "TRACE", "get", "<b>"])
def test_a_call_is_explained_whatever_its_method_was(world: SimpleNamespace, method: str) -> None:
    """Such as a browser's preflight that a gateway passed on."""
    refuse(world, model="gpt-4o-mini", method=method)
    [entry] = world.client.get("/explain/").context["recent"]
    answer = world.client.get(entry.href)
    assert (answer.status_code, answer.context["answer"].code) == (200, "endpoint_unknown")
    assert answer.context["form"]["method"].value() == method
    assert f'<option value="{escape(method)}" selected>' in answer.content.decode()


@pytest.mark.parametrize("endpoint", ["", "?seed=1"])
def test_a_call_that_named_nothing_has_a_name_and_is_explained(world: SimpleNamespace, endpoint: str) -> None:
    refuse(world, endpoint=endpoint)
    page = world.client.get("/explain/")
    assert recent(page) == [("endpoint_unknown", "no model, no path", 1)]
    answer = world.client.get(page.context["recent"][0].href)
    assert (answer.status_code, answer.context["answer"].code) == (200, "endpoint_unknown")
    assert 'aria-current="true"' in answer.content.decode()


def test_what_was_refused_then_and_is_open_now_says_so(world: SimpleNamespace) -> None:
    refuse(world, model="gpt-4o")
    [entry] = world.client.get("/explain/").context["recent"]
    flower, ada = Tier.objects.get(slug="flower"), factories.administrator()
    workspace = world.token.workspace
    give_grant(workspace=workspace, tier=flower, source="manual", source_id="m", reason="Known to us", by=ada)
    answer = world.client.get(entry.href)
    assert answer.context["answer"].code == "ok"
    assert "It was refused with tier_required then." in answer.content.decode()


def test_a_spent_allowance_is_what_refuses_the_call(world: SimpleNamespace) -> None:
    Token.objects.filter(pk=world.token.pk).update(requests_per_day=1)
    assert service.answer(Ask("/v1/chat/completions", token=world.text, model="gpt-4o-mini")).allow
    address = f"/explain/?token={world.token.public_id}&model=gpt-4o-mini&endpoint=/v1/chat/completions"
    answer = world.client.get(address)
    assert answer.context["answer"].code == "allowance_used_up"
    assert [(row.status, row.outcome) for row in answer.context["answer"].rows][-1] == (429, "refused")
    page = answer.content.decode()
    assert "The allowance is used up" in page
    assert "0 of 1 left today" in page
    assert f"/tokens/{world.token.public_id}/edit/" in page


def test_nobody_sees_the_refusals_of_another_workspace(world: SimpleNamespace) -> None:
    refuse(world, model="gpt-4o")
    assert recent(browser(factories.person("Omar")).get("/explain/")) == []


def test_while_redis_is_away_calls_are_explained_all_the_same(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log alone is sent to a port where nothing answers: the session's people must still be let in."""
    from redis import Redis

    monkeypatch.setattr(
        refusal_log, "impatient", lambda url, seconds: Redis(host="127.0.0.1", port=9, socket_timeout=0.5)
    )
    answer = world.client.get(f"/explain/?token={world.token.public_id}&model=gpt-4o&endpoint=/v1/chat/completions")
    assert (answer.status_code, answer.context["answer"].code) == (200, "tier_required")
    assert "They cannot be read just now" in answer.content.decode()
