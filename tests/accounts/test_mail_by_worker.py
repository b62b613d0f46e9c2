"""An invitation on its whole way: the page, the broker, a real Celery worker, a mail."""

import time

import pytest

from accounts.actions.invitations import invite_member
from accounts.audit_chain import verify
from accounts.models import AuditCheckpoint
from accounts.tasks import checkpoint_audit
from tests.accounts.people import person, personal_workspace

pytestmark = [pytest.mark.server, pytest.mark.django_db(transaction=True)]


def wait_for(condition, seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.usefixtures("celery")
def test_a_worker_sends_the_invitation_and_makes_the_checkpoint():
    ada = person()
    invitation = invite_member(workspace=personal_workspace(ada), email="new@example.com", role="member", by=ada)

    def sent() -> bool:
        invitation.refresh_from_db()
        return invitation.mailed_at is not None

    assert wait_for(sent)
    checkpoint_audit.delay()
    assert wait_for(AuditCheckpoint.objects.exists)
    assert verify() == []
