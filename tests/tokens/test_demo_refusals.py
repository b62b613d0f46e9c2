"""The demo's pages of refused calls are not empty: each is one that the gateway would refuse so."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Workspace
from tests import factories
from tokens.demo import refused_calls
from tokens.gateway import refusal_log
from tokens.gateway.reasons import REASONS
from tokens.models import Token


@pytest.fixture
def used(db: None) -> Token:
    factories.catalogue()
    token = factories.token().token
    Workspace.objects.update(demo=True)
    Token.objects.update(last_used_at=timezone.now())
    return token


def test_a_token_that_was_used_has_some_of_the_last_days(used: Token) -> None:
    refused_calls.make()
    found = refusal_log.recent(used.workspace.public_id)
    assert len(found) == refused_calls.MOST
    assert len({one.refused.code for one in found}) >= 3
    for one in found:
        assert one.refused.code in REASONS
        assert one.refused.token == used.public_id
        assert one.refused.address.startswith("203.0.113.")
        assert timedelta(0) < timezone.now() - one.last_at < timedelta(seconds=refusal_log.KEPT_SECONDS)


def test_what_is_no_demo_and_what_was_never_used_has_none(used: Token) -> None:
    Workspace.objects.update(demo=False)
    refused_calls.make()
    assert refusal_log.recent(used.workspace.public_id) == []
