"""An approval that is undone stops at gateways: for the token that was there, and for one minted meanwhile."""

import pytest

from accounts import announcing
from tests import factories
from tests.tokens.gateway.calls import Client
from tiers.models import Tier
from tokens.actions.requests import save_draft, submit_request
from tokens.actions.reviews import approve_request
from tokens.actions.tokens import Minted
from tokens.actions.undoing import reopen_request, undo_decision
from tokens.models import AccessRequest, Decision

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("patient_redis", "unhurried")]
WHAT = {"purpose": "A reading aid for the pupils of our school", "expected_volume": 500, "users": "200 pupils"}


def approved(seed: Minted) -> AccessRequest:
    application = seed.token.application
    flower, by = Tier.objects.get(slug="flower"), application.created_by
    sent = submit_request(access_request=save_draft(application=application, tier=flower, by=by, **WHAT), by=by)
    return approve_request(access_request=sent, version=sent.version, by=factories.person("Mika", "maintainer"))


def answer(client: Client, minted: Minted) -> tuple[int, str]:
    reply = client.decide(token=minted.text, model="gpt-4o").json
    return reply["status"], reply["code"]


@pytest.mark.parametrize("way", ["undone", "reopened"])
def test_what_an_approval_opened_stops_at_the_next_call(way: str, client: Client, seed: Minted) -> None:
    assert answer(client, seed) == (402, "tier_required")
    access_request = approved(seed)
    later = factories.token(seed.token.application, name="minted meanwhile")
    # Twice: the second is allowed by the pass that the first has stored.
    for minted in (seed, seed, later, later):
        assert answer(client, minted) == (200, "ok")
    decision = Decision.objects.get()
    assert decision.by is not None
    if way == "undone":
        undo_decision(decision=decision, by=decision.by)
    else:
        reopen_request(access_request=access_request, reason="New facts", by=decision.by)
    announcing.sweep()
    for minted in (seed, later):
        assert answer(client, minted) == (402, "tier_required")
