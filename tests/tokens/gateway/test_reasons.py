"""Each reason through the protocols, from rows as the site makes them: status, param, and ways out."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.actions.workspaces import suspend_workspace
from tests import factories
from tests.factories import sales
from tests.tokens.gateway.calls import CHAT, Client
from tiers.actions.grants import give_grant, suspend_grant
from tiers.models import AIModel, FreeTries, Grant, Tier
from tokens import keys
from tokens.actions.applications import add_domain, suspend_application
from tokens.actions.requests import save_draft, submit_request
from tokens.actions.tokens import Minted, revoke_token
from tokens.gateway.reasons import OBTAINS, REASONS
from tokens.models import Token, TokenSecret
from tokens.restrictions import Restrictions

TRIED_ELSEWHERE = {"unavailable", "rate_limited", "allowance_used_up"}
DAY = timedelta(days=1)
Asked = dict[str, Any]


def grant(minted: Minted, model: str = "gpt-4o") -> Grant:
    """A model given by hand."""
    admin = factories.administrator()
    subject = AIModel.objects.get(name=model)
    workspace = minted.token.workspace
    return give_grant(workspace=workspace, model=subject, source="manual", source_id="1", reason="Trial", by=admin)


def window(row: Grant, starts: timedelta, ends: timedelta | None) -> None:
    now = timezone.now()
    Grant.objects.filter(pk=row.pk).update(starts_at=now + starts, ends_at=now + ends if ends else None)


def token_malformed(minted: Minted) -> Asked:
    return {"token": minted.text[:-1]}


def token_unknown(minted: Minted) -> Asked:
    return {"token": keys.make(keys.KeyKind.SECRET, minted.token.workspace.public_id).text}


def token_revoked(minted: Minted) -> Asked:
    revoke_token(token=minted.token, reason="Rotated", by=minted.token.created_by)
    return {}


def token_expired(minted: Minted) -> Asked:
    now = timezone.now()
    Token.objects.update(created_at=now - 2 * DAY, expires_at=now - DAY)
    return {}


def rotated(minted: Minted) -> Asked:
    TokenSecret.objects.update(ends_at=timezone.now() - DAY)
    return {}


def workspace_suspended(minted: Minted) -> Asked:
    suspend_workspace(workspace=minted.token.workspace, reason="Resold access", by=factories.administrator())
    return {}


def application_suspended(minted: Minted) -> Asked:
    suspend_application(application=minted.token.application, reason="Resold access", by=factories.administrator())
    return {}


def origin_not_allowed(minted: Minted) -> Asked:
    application = minted.token.application
    add_domain(application=application, host="*.example.com", by=application.created_by)
    browser = factories.token(application, kind="publishable")
    return {"token": browser.text, "origin": "https://evil-example.com"}


def ip_not_allowed(minted: Minted) -> Asked:
    bound = factories.token(minted.token.application, restrictions=Restrictions(addresses=("192.0.2.0/24",)))
    return {"token": bound.text, "ip": "::ffff:192.0.3.1"}


def endpoint_unknown(minted: Minted) -> Asked:
    return {"endpoint": "/v1/chat/completion"}


def model_missing(minted: Minted) -> Asked:
    return {"model": None}


def model_not_found(minted: Minted) -> Asked:
    return {"model": "GPT-4o-mini"}


def model_retired(minted: Minted) -> Asked:
    return {"model": "claude-3-5-sonnet-20241022"}


def token_scope(minted: Minted) -> Asked:
    bound = factories.token(minted.token.application, restrictions=Restrictions(models=("gpt-5-mini",)))
    return {"token": bound.text}


def token_missing(minted: Minted) -> Asked:
    return {"token": None}


def payment_pending(minted: Minted) -> Asked:
    sales.order(minted.token.workspace, sales.product(model="gpt-4o"))
    return {"model": "gpt-4o"}


def trial_used_up(minted: Minted) -> Asked:
    model = sales.early_access(tries=1)
    FreeTries.objects.create(workspace=minted.token.workspace, model=model, taken=1)
    return {}


def grant_suspended(minted: Minted) -> Asked:
    suspend_grant(grant=grant(minted), reason="Disputed", by=factories.administrator())
    return {"model": "gpt-4o"}


def grant_not_started(minted: Minted) -> Asked:
    window(grant(minted), DAY, None)
    return {"model": "gpt-4o"}


def grant_expired(minted: Minted) -> Asked:
    window(grant(minted), -60 * DAY, -DAY)
    return {"model": "gpt-4o"}


def early_access(minted: Minted) -> Asked:
    sales.early_access()
    return {}


def approval_required(minted: Minted) -> Asked:
    return {"model": AIModel.objects.filter(gated=True).first().name, "endpoint": "/v1/images/generations"}


def tier_required(minted: Minted) -> Asked:
    return {"model": "gpt-4o"}


def wrong_endpoint(minted: Minted) -> Asked:
    return {"endpoint": "/v1/completions"}


CASES: list[tuple[str, Callable[[Minted], Asked], str | None, str]] = [
    ("token_malformed", token_malformed, "token", "apply"),
    ("token_unknown", token_unknown, "token", "apply"),
    ("token_revoked", token_revoked, "token", "apply"),
    ("token_expired", token_expired, "token", "rotate"),
    ("token_expired", rotated, "token", "rotate"),
    ("workspace_suspended", workspace_suspended, "token", "contact"),
    ("application_suspended", application_suspended, "token", "contact"),
    ("origin_not_allowed", origin_not_allowed, "origin", "edit"),
    ("ip_not_allowed", ip_not_allowed, "ip", "edit"),
    ("endpoint_unknown", endpoint_unknown, "endpoint", "use"),
    ("model_missing", model_missing, "model", "use"),
    ("model_not_found", model_not_found, "model", "use"),
    ("model_retired", model_retired, "model", "use"),
    ("token_scope", token_scope, "model", "edit"),
    ("token_missing", token_missing, "token", "apply"),
    ("payment_pending", payment_pending, "model", "wait"),
    ("trial_used_up", trial_used_up, "model", "wait"),
    ("grant_suspended", grant_suspended, "model", "wait"),
    ("grant_not_started", grant_not_started, "model", "wait"),
    ("grant_expired", grant_expired, "model", "apply"),
    ("early_access", early_access, "model", "wait"),
    ("approval_required", approval_required, "model", "apply"),
    ("tier_required", tier_required, "model", "apply"),
    ("wrong_endpoint", wrong_endpoint, "endpoint", "use"),
]


@pytest.mark.parametrize(("code", "arrange", "param", "remedy"), CASES, ids=lambda case: getattr(case, "__name__", ""))
def test_each_reason(
    client: Client, seed: Minted, code: str, arrange: Callable[[Minted], Asked], param: str | None, remedy: str
) -> None:
    ask = {"token": seed.text, "model": "gpt-4o-mini", "endpoint": CHAT}
    assert client.decide(**ask).json["allow"]
    body = client.decide(**{**ask, **arrange(seed)}).json
    status = REASONS[code].status
    assert (body["code"], body["status"], body["param"]) == (code, status, param), body["message"]
    assert body["type"] == REASONS[code].type
    assert body["remedies"][0]["kind"] == remedy
    if status == 402:
        assert {kind["kind"] for kind in body["remedies"]} & OBTAINS


def test_every_reason_has_a_case() -> None:
    assert {code for code, *_ in CASES} | TRIED_ELSEWHERE == REASONS.keys()


def test_messages_name_what_one_must_know(client: Client, seed: Minted) -> None:
    ask = {"token": seed.text, "model": "gpt-4o-mini", "endpoint": CHAT}
    wrong = client.decide(**{**ask, "endpoint": "/v1/completions"}).json
    assert "POST /v1/chat/completions" in wrong["message"]
    assert "“messages”" in wrong["message"]
    assert wrong["remedies"][0]["endpoint"] == "POST /v1/chat/completions"
    case = client.decide(**{**ask, "model": "GPT-4o-mini"}).json
    assert "case-sensitive" in case["message"]
    assert case["remedies"][0]["model"] == "gpt-4o-mini"
    tier = client.decide(**{**ask, "model": "gpt-4o"}).json
    assert "flower" in tier["message"]
    assert "seed" in tier["message"]


def test_an_open_request_is_named_with_its_state_but_not_to_visitors(client: Client, seed: Minted) -> None:
    application = seed.token.application
    draft = save_draft(
        application=application,
        tier=Tier.objects.get(slug="flower"),
        purpose="A reading aid for pupils",
        expected_volume=500,
        users="200 pupils",
        by=application.created_by,
    )
    asked = submit_request(access_request=draft, by=application.created_by)
    body = client.decide(token=seed.text, model="gpt-4o").json
    assert "waiting for a reviewer" in body["message"]
    assert body["remedies"][0]["href"].endswith(f"/requests/{asked.public_id}/")
    add_domain(application=application, host="example.com", by=application.created_by)
    browser = factories.token(application, kind="publishable")
    reply = client.decide(token=browser.text, model="gpt-4o", origin="https://example.com")
    assert reply.json["code"] == "tier_required"
    assert asked.public_id not in reply.body.decode()
    assert "workspace" not in reply.json
    assert seed.token.workspace.public_id not in reply.body.decode()


def test_the_reason_of_a_suspension_is_for_the_holder(client: Client, seed: Minted) -> None:
    application = seed.token.application
    add_domain(application=application, host="example.com", by=application.created_by)
    browser = factories.token(application, kind="publishable")
    application_suspended(seed)
    assert "Resold access" in client.decide(token=seed.text, model="gpt-4o-mini").json["message"]
    reply = client.decide(token=browser.text, model="gpt-4o-mini", origin="https://example.com")
    assert reply.json["code"] == "application_suspended"
    assert "Resold" not in reply.body.decode()
