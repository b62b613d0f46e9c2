"""RFC 7662: a good token is described; of any other nothing is told but that it is not active."""

from base64 import b64encode
from datetime import timedelta

import pytest
from django.test import override_settings

from accounts import clock
from accounts.actions.workspaces import suspend_workspace
from tests import factories
from tests.tokens.gateway.calls import Client
from tokens.actions.applications import suspend_application
from tokens.actions.tokens import Minted, revoke_token
from tokens.models import Token

INACTIVE = {"active": False}


def test_a_good_token_is_described(asker: Client, seed: Minted) -> None:
    reply = asker.introspect(f"token={seed.text}&token_type_hint=access_token")
    body = reply.json
    application = seed.token.application
    assert (reply.status, body["active"], body["token_type"]) == (200, True, "Bearer")
    assert (body["client_id"], body["sub"]) == (application.public_id, application.workspace.public_id)
    assert (body["tier"], body["application"], body["token_kind"]) == ("seed", application.slug, "secret")
    assert "chat_completion" in body["scope"].split()
    assert reply.headers["cache-control"] == "no-store"


def test_the_end_is_told_in_unix_time(asker: Client, seed: Minted) -> None:
    end = clock.now().replace(microsecond=0) + timedelta(days=3)
    Token.objects.filter(pk=seed.token.pk).update(expires_at=end)
    assert asker.introspect(f"token={seed.text}").json["exp"] == int(end.timestamp())


def test_a_restriction_narrows_the_scope(asker: Client, seed: Minted) -> None:
    Token.objects.filter(pk=seed.token.pk).update(allowed_operations=["embedding"])
    assert asker.introspect(f"token={seed.text}").json["scope"] == "embedding"


@pytest.mark.parametrize("what", ["revoked", "expired", "workspace", "application", "demo"])
def test_of_a_token_that_is_not_good_nothing_is_told(asker: Client, seed: Minted, what: str) -> None:
    administrator = factories.administrator()
    token, text = seed.token, seed.text
    if what == "revoked":
        revoke_token(token=token, reason="Lost.", by=token.created_by)
    elif what == "expired":
        now = clock.now()
        Token.objects.update(created_at=now - timedelta(days=2), expires_at=now - timedelta(days=1))
    elif what == "workspace":
        suspend_workspace(workspace=token.workspace, reason="Abuse.", by=administrator)
    elif what == "application":
        suspend_application(application=token.application, reason="Abuse.", by=administrator)
    else:
        token.workspace.__class__.objects.filter(pk=token.workspace.pk).update(demo=True)
    with override_settings(DEMO=what != "demo"):
        assert asker.introspect(f"token={text}").json == INACTIVE


@pytest.mark.parametrize("token", ["", "x", "%00", "trl_sk_" + "0" * 47, "%C3%A9" * 30])
def test_what_is_no_token_is_not_active(asker: Client, token: str) -> None:
    reply = asker.introspect(f"token={token}")
    assert (reply.status, reply.json) == (200, INACTIVE)


@pytest.mark.parametrize("body", ["", "hint=1", "token=a&token=b", "&".join(f"f{n}=1" for n in range(30))])
def test_a_form_without_its_one_token_is_said_to_be_so(asker: Client, body: str) -> None:
    reply = asker.introspect(body)
    assert (reply.status, reply.json["code"]) == (400, "invalid_request")


def test_only_a_gateway_that_may_introspect_is_answered(client: Client, seed: Minted) -> None:
    for headers in ({}, {"Authorization": ""}, {"Authorization": f"Bearer {seed.text}"}):
        reply = client.introspect(f"token={seed.text}", headers=headers)
        assert (reply.status, reply.json["code"]) == (401, "gateway_unauthorized")


@pytest.mark.parametrize("name", ["", "gateway", "spring%3Aboot"])
def test_the_key_may_be_an_oauth_clients_secret(asker: Client, seed: Minted, name: str) -> None:
    header = "Basic " + b64encode(f"{name}:{asker.key}".encode()).decode()
    assert asker.introspect(f"token={seed.text}", headers={"Authorization": header}).json["active"] is True


@pytest.mark.parametrize("credential", ["", "!", "/w==", b64encode(b"no colon").decode(), b64encode(b"a:b").decode()])
def test_a_refused_client_is_told_so_in_the_words_of_oauth(asker: Client, seed: Minted, credential: str) -> None:
    reply = asker.introspect(f"token={seed.text}", headers={"Authorization": f"Basic {credential}"})
    assert (reply.status, reply.json["code"], reply.json["error"]) == (401, "gateway_unauthorized", "invalid_client")
    assert reply.json["error_description"] == reply.json["detail"]
    assert asker.introspect("hint=1").json["error"] == "invalid_request"


def test_json_is_not_a_form(asker: Client) -> None:
    assert asker.introspect("{}", headers={"Content-Type": "application/json"}).status == 415
