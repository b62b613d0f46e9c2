"""A remedy leads where the lack is cured."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests import factories
from tests.tokens.gateway.calls import Client
from tiers.actions.grants import give_grant
from tiers.models import AIModel, Grant
from tokens.actions.tokens import Minted

DAY = timedelta(days=1)


def test_an_ended_grant_of_a_model_leads_to_the_tier_that_opens_it(client: Client, seed: Minted) -> None:
    """The form takes no request for a model that a tier opens."""
    now, given = timezone.now(), {"source": "manual", "source_id": "k", "reason": "A trial"}
    subject, workspace = AIModel.objects.get(name="gpt-4o"), seed.token.workspace
    trial = give_grant(workspace=workspace, model=subject, by=factories.administrator(), **given)
    Grant.objects.filter(pk=trial.pk).update(starts_at=now - 2 * DAY, ends_at=now - DAY)
    body = client.decide(token=seed.text, model="gpt-4o").json
    assert body["code"] == "grant_expired"
    assert body["remedies"][0]["href"].endswith("/requests/new/?tier=flower")


def test_who_stands_too_low_is_not_told_to_wait_for_the_window_to_end(client: Client, seed: Minted) -> None:
    now = timezone.now()
    AIModel.objects.filter(name="gpt-4o").update(early_access_from=now - DAY, early_access_until=now + DAY)
    body = client.decide(token=seed.text, model="gpt-4o").json
    assert body["code"] == "early_access"
    assert [remedy["kind"] for remedy in body["remedies"]] == ["apply"]
    assert "wait" not in body["message"]


@pytest.mark.django_db
def test_without_a_catalogue_nothing_can_be_told(stranger: Client) -> None:
    body = stranger.decide(model="gpt-4o").json
    assert (body["status"], body["code"]) == (503, "unavailable")
