"""`manage.py verify_usage` finds what was spent and not used, and the reverse."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models import F

from tests import factories
from tests.factories import usage
from tokens.models import AllowanceSpent, Token, Usage

pytestmark = pytest.mark.django_db


@pytest.fixture
def token() -> Token:
    factories.catalogue()
    token = factories.token().token
    usage.calls(token, 5)
    usage.calls(token, 3, days_ago=2)
    usage.calls(token, 2, code="rate_limited", days_ago=4)
    return token


def complaints() -> list[str]:
    told = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("verify_usage", stderr=told)
    assert ended.value.code == 1
    return told.getvalue().splitlines()


def test_what_was_folded_agrees(token: Token) -> None:
    told = StringIO()
    call_command("verify_usage", stdout=told)
    assert "is the sum" in told.getvalue()


def test_what_was_spent_and_not_used_is_named(token: Token) -> None:
    AllowanceSpent.objects.filter(scope="workspace", period="day").update(units=F("units") + 1)
    assert len(complaints()) == 2
    assert f"workspace {token.workspace.public_id}: used 3000, spent 3001" in complaints()[0]


def test_what_was_used_and_not_spent_is_named(token: Token) -> None:
    Usage.objects.filter(units=5000).update(pack_units=1)
    AllowanceSpent.objects.filter(scope="token", units=3000).delete()
    assert [line.split()[1] for line in complaints()] == ["token", "application", "token", "workspace"]
