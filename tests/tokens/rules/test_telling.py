"""Whom a rule assigns is told so, once."""

from types import SimpleNamespace

import pytest
from django.core import mail
from pytest_django import DjangoCaptureOnCommitCallbacks

from tests.tokens.requests.test_telling import run
from tests.tokens.rules.conftest import a_rule, waiting
from tokens.rules.applying import apply, sweep

pytestmark = pytest.mark.django_db


def test_whom_a_rule_assigns_gets_one_mail_with_a_link(
    desk: SimpleNamespace, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    a_rule(by=desk.ada, effect="route", person=desk.mika.public_id)
    asked = waiting()
    with django_capture_on_commit_callbacks() as callbacks:
        apply(asked)
        apply(asked)
        sweep()
    run([*callbacks, *callbacks])
    [told] = mail.outbox
    assert told.to == [desk.mika.email]
    assert told.subject == "Reader · assigned to you"
    assert f"/review/{asked.public_id}/" in told.body
