"""Shops that send us Standard Webhooks: their secrets are shown once, rotate with overlap, and end when retired."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from standardwebhooks.webhooks import Webhook

from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import AuditEvent
from tests.factories import administrator, auditor
from tiers.actions.webhook_sources import add_source, retire_source, rotate_secret
from tiers.models import ProviderEvent, WebhookSecret

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def status(secret: str, name: str = "polar", message: str = "msg_1") -> int:
    now, body = datetime.now(UTC), '{"type": "ping"}'
    headers = {
        "webhook-id": message,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(message, now, body),
    }
    path = f"/webhooks/standard/{name}"
    return Client().post(path, body, content_type="application/json", headers=headers).status_code


def test_its_secret_is_good_and_stored_sealed() -> None:
    minted = add_source(name="polar", by=administrator())
    assert minted.text.startswith("whsec_")
    assert status(minted.text) == 200
    assert minted.text not in WebhookSecret.objects.get().sealed
    assert minted.text not in str(list(AuditEvent.objects.values("before", "after")))


def test_while_it_rotates_both_are_good_and_then_the_new_one() -> None:
    admin = administrator()
    old = add_source(name="polar", by=admin)
    new = rotate_secret(source=old.source, overlap=HOUR, by=admin)
    assert (status(old.text), status(new.text)) == (200, 200)
    last = rotate_secret(source=old.source, overlap=timedelta(0), by=admin)
    assert (status(old.text), status(new.text), status(last.text)) == (401, 401, 200)


def test_a_later_rotation_does_not_lengthen_an_old_secret() -> None:
    admin = administrator()
    first = add_source(name="polar", by=admin)
    rotate_secret(source=first.source, overlap=HOUR, by=admin)
    ends_at = WebhookSecret.objects.earliest("pk").ends_at
    rotate_secret(source=first.source, overlap=24 * HOUR, by=admin)
    assert WebhookSecret.objects.earliest("pk").ends_at == ends_at


def test_what_a_retired_one_sends_is_refused_and_not_kept() -> None:
    admin = administrator()
    minted = add_source(name="polar", by=admin)
    retire_source(source=minted.source, reason="We left them", by=admin)
    assert status(minted.text) == 401
    assert not ProviderEvent.objects.exists()
    with pytest.raises(Conflict):
        rotate_secret(source=minted.source, overlap=HOUR, by=admin)


def test_names_are_plain_and_taken_once() -> None:
    admin = administrator()
    add_source(name="polar", by=admin)
    for name in ("polar", "Polar", "a/b", "", "x" * 41):
        with pytest.raises(Invalid) as refused:
            add_source(name=name, by=admin)
        assert refused.value.field == "name"


def test_only_who_manages_payments_may() -> None:
    minted = add_source(name="polar", by=administrator())
    with pytest.raises(NotAllowed):
        add_source(name="paddle", by=auditor())
    with pytest.raises(NotAllowed):
        rotate_secret(source=minted.source, overlap=HOUR, by=auditor())
    with pytest.raises(NotAllowed):
        retire_source(source=minted.source, reason="Why", by=auditor())
