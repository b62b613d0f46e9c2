"""`manage.py demo_data`: a synthetic platform whose every token is a real one."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from accounts.models import AuditEvent
from tiers.models import Grant
from tokens.gateway.ask import Ask
from tokens.gateway.service import answer
from tokens.models import AccessRequest, Application, Token

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _ready(settings: Settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    call_command("load_catalogue", stdout=StringIO())


def test_the_tokens_that_are_kept_can_be_called(tmp_path: Path) -> None:
    out = StringIO()
    call_command("demo_data", tokens=25, stdout=out)
    assert (Token.objects.count(), Application.objects.count(), Grant.objects.count()) == (30, 6, 3)
    assert AccessRequest.objects.filter(state="submitted").count() == 6
    path = tmp_path / "demo-tokens.txt"
    assert path.stat().st_mode & 0o777 == 0o600
    texts = path.read_text().split()
    assert texts
    for text in texts:
        assert answer(Ask("/v1/chat/completions", token=text, model="gpt-4o-mini")).allow
    assert "30 tokens" in out.getvalue()


def test_a_second_one_stands_beside_the_first() -> None:
    for _ in range(2):
        call_command("demo_data", tokens=10, stdout=StringIO())
    assert Token.objects.count() == 20
    assert AuditEvent.objects.filter(action="demo.filled").count() == 2


def test_a_platform_that_is_no_demo_is_not_filled(settings: Settings) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="DEMO is off"):
        call_command("demo_data", tokens=10)
    assert not Token.objects.exists()


def test_none_or_too_many_are_refused() -> None:
    for number in (0, -1, 10**9):
        with pytest.raises(CommandError, match="--tokens"):
            call_command("demo_data", tokens=number)
