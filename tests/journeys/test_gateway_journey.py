"""From sign-up to an answered call, through the shipped nginx configuration and the official client."""

from hashlib import sha256

import openai
import pytest

from tests import factories
from tests.journeys.conftest import Edge
from tiers.models import Tier
from tokens.actions.applications import add_domain
from tokens.actions.handling import claim_request
from tokens.actions.requests import save_draft, submit_request
from tokens.actions.reviews import approve_request
from tokens.actions.tokens import revoke_token
from tokens.restrictions import Restrictions

HELLO = [{"role": "user", "content": "Hello"}]


def test_a_call_refused_for_its_tier_works_once_a_maintainer_approves(accel: Edge) -> None:
    minted = factories.token()
    client, application = accel.client(minted.text), minted.token.application
    with pytest.raises(openai.APIStatusError) as refused:
        client.chat.completions.create(model="gpt-4o", messages=HELLO)
    error = refused.value
    assert (error.status_code, error.code, error.type) == (402, "tier_required", "insufficient_access")
    assert "flower" in error.body["message"]
    assert error.body["remedies"][0]["href"].endswith("/requests/new/?tier=flower")
    assert error.request_id == error.body["request_id"]

    applicant, flower = application.created_by, Tier.objects.get(slug="flower")
    filled = {"purpose": "A reading aid for pupils", "expected_volume": 500, "users": "200 pupils"}
    draft = save_draft(application=application, tier=flower, by=applicant, **filled)
    asked = submit_request(access_request=draft, by=applicant)
    with pytest.raises(openai.APIStatusError) as waiting:
        client.chat.completions.create(model="gpt-4o", messages=HELLO)
    assert "waiting for a reviewer" in waiting.value.body["message"]

    maintainer = factories.maintainer()
    claimed = claim_request(access_request=asked, by=maintainer)
    approve_request(access_request=claimed, version=claimed.version, by=maintainer)
    answer = client.chat.completions.create(model="gpt-4o", messages=HELLO)
    assert answer.choices[0].message.content == "Grow well."
    assert [received.headers["x-trellis-tier"] for received in accel.upstream.received] == ["flower"]


def test_the_official_client_raises_its_own_exceptions(accel: Edge) -> None:
    minted = factories.token()
    client = accel.client(minted.text)
    assert client.chat.completions.create(model="gpt-4o-mini", messages=HELLO).model == "gpt-4o-mini"
    with pytest.raises(openai.NotFoundError) as wrong:
        client.completions.create(model="gpt-4o-mini", prompt="Hello")
    assert (wrong.value.code, wrong.value.param) == ("wrong_endpoint", "endpoint")
    assert "messages" in wrong.value.body["message"]
    with pytest.raises(openai.NotFoundError) as unknown:
        client.chat.completions.create(model="GPT-4o-mini", messages=HELLO)
    assert "case-sensitive" in unknown.value.body["message"]
    with pytest.raises(openai.AuthenticationError) as malformed:
        accel.client(minted.text[:-1]).chat.completions.create(model="gpt-4o-mini", messages=HELLO)
    assert malformed.value.code == "token_malformed"
    scoped = factories.token(minted.token.application, restrictions=Restrictions(models=("gpt-4o-mini",)))
    with pytest.raises(openai.PermissionDeniedError) as scope:
        accel.client(scoped.text).chat.completions.create(model="gpt-5-mini", messages=HELLO)
    assert (scope.value.code, scope.value.param) == ("token_scope", "model")
    revoke_token(token=minted.token, reason="Seen in a repository", leaked=True, by=minted.token.created_by)
    with pytest.raises(openai.AuthenticationError) as revoked:
        client.chat.completions.create(model="gpt-4o-mini", messages=HELLO)
    assert revoked.value.code == "token_revoked"
    assert "leaked" in revoked.value.body["message"]
    assert len(accel.upstream.received) == 1


def test_answers_are_streamed(accel: Edge) -> None:
    client = accel.client(factories.token().text)
    stream = client.chat.completions.create(model="gpt-4o-mini", messages=HELLO, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "Grow well."


def test_a_publishable_token_works_from_its_domains_alone(accel: Edge) -> None:
    application = factories.application()
    add_domain(application=application, host="*.example.com", by=application.created_by)
    minted = factories.token(application, kind="publishable")
    ours = accel.client(minted.text, default_headers={"Origin": "https://app.example.com"})
    assert ours.chat.completions.create(model="gpt-4o-mini", messages=HELLO).id
    theirs = accel.client(minted.text, default_headers={"Origin": "https://evil-example.com"})
    with pytest.raises(openai.PermissionDeniedError) as refused:
        theirs.chat.completions.create(model="gpt-4o-mini", messages=HELLO)
    assert refused.value.code == "origin_not_allowed"
    assert refused.value.response.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("size", [5_000_000, 1_100_000, 1_000])
def test_long_bodies_arrive_whole_where_the_route_names_the_model(accel: Edge, size: int) -> None:
    headers = {"Authorization": f"Bearer {factories.token().text}", "Content-Type": "audio/wav"}
    body = bytes(range(256)) * (size // 256)
    reply = accel.request("POST", "/v1/audio/transcriptions", headers=headers, content=body)
    assert (reply.status_code, reply.json()["text"]) == (200, "heard")
    [received] = accel.upstream.received
    assert (received.method, received.length, received.digest) == ("POST", len(body), sha256(body).hexdigest())


def test_a_body_sent_in_chunks_arrives_whole(accel: Edge) -> None:
    headers = {"Authorization": f"Bearer {factories.token().text}", "Content-Type": "application/json"}
    pieces = [b'{"model": "gpt-4o-mini", ', b'"messages": [', b"]}"]
    reply = accel.request("POST", "/v1/chat/completions", headers=headers, content=iter(pieces))
    assert (reply.status_code, reply.json()["received"]) == (200, sum(map(len, pieces)))


def test_a_long_body_that_could_name_any_model_is_refused(accel: Edge) -> None:
    client = accel.client(factories.token().text)
    with pytest.raises(openai.APIStatusError) as refused:
        client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "x" * 5_000_000}])
    assert (refused.value.status_code, refused.value.code) == (413, "too_large")
    assert accel.upstream.received == []
