"""A workspace's activity says what changed in words, not in the audit's own notation."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts.clock import now
from accounts.models import AuditEvent
from tests import factories
from tokens.actions.tokens import revoke_token

pytestmark = pytest.mark.django_db


def test_values_are_told_as_people_read_them(client: Client) -> None:
    factories.catalogue()
    minted = factories.token(expires_at=now() + timedelta(days=30))
    owner = minted.token.created_by
    revoke_token(token=minted.token, reason="In a public repository", leaked=True, by=owner)
    client.force_login(owner)
    page = client.get("/workspace/activity/").content.decode()
    assert "In a public repository" in page
    assert "</span>yes</ins>" in page
    told = [str(value) for event in AuditEvent.objects.all() for value in event.after.values()]
    moments = [value for value in told if "T" in value and "+00:00" in value]
    assert moments
    assert not any(moment in page for moment in moments)
    assert "True" not in page
