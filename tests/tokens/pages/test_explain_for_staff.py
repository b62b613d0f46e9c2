"""Who may read the audit log may explain a call of any workspace: without secrets, and never unseen by its members."""

from ipaddress import ip_address
from types import SimpleNamespace

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import AuditEvent
from tests import factories
from tests.fixtures.signing_in import browser
from tokens.actions.looking_in import LOOKED
from tokens.gateway import catalogues, explanations, refusal_log
from tokens.gateway.ask import Ask

CHAT = "/v1/chat/completions"


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    catalogues.forget()


@pytest.fixture
def staff(db: None) -> Client:
    return browser(factories.auditor())


def of_token(world: SimpleNamespace) -> str:
    return f"/explain/?token={world.token.public_id}&model=gpt-4o&endpoint={CHAT}"


def looks(world: SimpleNamespace) -> list[tuple[str, str, dict[str, str]]]:
    events = AuditEvent.objects.filter(action=LOOKED, workspace=world.token.workspace).order_by("pk")
    return [(event.actor.name if event.actor else "", event.subject_id, event.after) for event in events]


def read(answer: HttpResponse) -> str:
    return answer.content.decode()


def test_staff_explain_a_call_of_anothers_token_and_it_is_noted(world: SimpleNamespace, staff: Client) -> None:
    answer = staff.get(of_token(world))
    assert (answer.status_code, answer.context["answer"].code) == (200, "tier_required")
    assert f"You look at calls of {world.token.workspace.name}" in read(answer)
    assert "not linked here" in read(answer)
    assert world.text not in read(answer)
    assert looks(world) == [("Otto", world.token.public_id, {"model": "gpt-4o", "code": "tier_required"})]
    assert "Refused calls looked into by staff" in read(world.client.get("/workspace/activity/"))


def test_staff_see_what_was_refused_but_not_from_where(world: SimpleNamespace, staff: Client) -> None:
    explanation = explanations.of_call(Ask(CHAT, token=world.text, model="gpt-4o", address=ip_address("192.0.2.77")))
    token = world.token
    ids = {"workspace": token.workspace.public_id, "application": token.application.public_id, "token": token.public_id}
    refusal_log.note(explanation.decision, **ids)
    refusal_log.flush()
    page = staff.get(f"/explain/?workspace={token.workspace.public_id}")
    [entry] = page.context["recent"]
    answer = staff.get(entry.href)
    assert (entry.code, answer.context["answer"].code) == ("tier_required", "tier_required")
    assert "192.0.2.77" not in read(page) + read(answer)
    assert [code["code"] for _who, _subject, code in looks(world)] == ["", "tier_required"]


def test_staff_go_on_with_the_form_in_that_workspace(world: SimpleNamespace, staff: Client) -> None:
    label = f"Lantern / production …{world.text[-4:]}"
    values = {"workspace": world.token.workspace.public_id, "token": label, "endpoint": CHAT, "method": "POST"}
    answer = staff.post("/explain/", {**values, "permission": "generate", "model": "gpt-4o-mini"})
    assert answer.context["answer"].code == "ok"
    assert looks(world) == [("Otto", world.token.public_id, {"model": "gpt-4o-mini", "code": "ok"})]


@pytest.mark.parametrize("who", ["maintainer", "person"])
def test_nobody_else_looks_in(world: SimpleNamespace, who: str) -> None:
    client = browser(getattr(factories, who)())
    for address in (of_token(world), f"/explain/?workspace={world.token.workspace.public_id}"):
        answer = client.get(address)
        assert (answer.status_code, answer.context["answer"]) == (200, None)
        assert "Lantern" not in read(answer)
    assert looks(world) == []


def test_members_look_unnoted(world: SimpleNamespace) -> None:
    assert world.client.get(of_token(world)).context["answer"].code == "tier_required"
    assert looks(world) == []
