"""Shops that may send us Standard Webhooks, and the secrets by which they sign."""

import base64
import re
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts import audit, clock
from accounts.audit import Actor
from accounts.encryption import seal
from accounts.errors import Conflict, Invalid
from tiers import product_rules as rules
from tiers.catalogue_rules import check_reason
from tiers.models import WebhookSecret, WebhookSource
from tiers.payments.standard import SEALED_FOR

PREFIX: Final = "whsec_"
_BYTES: Final = 32
_LONGEST_OVERLAP: Final = timedelta(days=30)
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,38}[a-z0-9]")


@dataclass(frozen=True, slots=True)
class MintedSource:
    """A source and its secret in clear, to be shown once."""

    source: WebhookSource
    text: str = field(repr=False)


@transaction.atomic
def add_source(*, name: str, demo: bool = False, by: Actor) -> MintedSource:
    """`name` is the last part of the address that the shop delivers to, and never changes."""
    rules.check_manage(by)
    if not _NAME.fullmatch(name):
        raise Invalid(_("Give a short name of lower-case letters, digits and hyphens."), field="name")
    person = by if not isinstance(by, audit.Task | audit.System) else None
    source, is_new = WebhookSource.objects.get_or_create(name=name, defaults={"demo": demo, "created_by": person})
    if not is_new:
        raise Invalid(_("Another source has this name."), field="name")
    minted = _add_secret(source)
    after = {"name": name, "last4": minted.text[-4:]}
    audit.record("webhook_source.added", source, by=by, workspace=None, after=after)
    return minted


@transaction.atomic
def rotate_secret(*, source: WebhookSource, overlap: timedelta, by: Actor) -> MintedSource:
    """A new secret. The others are good for `overlap` more, and not a moment longer than they were to be."""
    rules.check_manage(by)
    source = _locked(source)
    if not timedelta(0) <= overlap <= _LONGEST_OVERLAP:
        raise Invalid(_("The old secret works on for at most 30 days."), field="overlap")
    ends_at = clock.now() + overlap
    WebhookSecret.objects.filter(Q(ends_at=None) | Q(ends_at__gt=ends_at), source=source).update(ends_at=ends_at)
    minted = _add_secret(source)
    after = {"last4": minted.text[-4:], "old_ends_at": ends_at.isoformat()}
    audit.record("webhook_source.rotated", source, by=by, workspace=None, after=after)
    return minted


@transaction.atomic
def retire_source(*, source: WebhookSource, reason: str, by: Actor) -> WebhookSource:
    """Refuse what it sends from now on, for good. What it sent stays."""
    rules.check_manage(by)
    reason = check_reason(reason)
    source = _locked(source)
    source.retired_at = clock.now()
    source.save(update_fields=["retired_at"])
    audit.record("webhook_source.retired", source, by=by, workspace=None, reason=reason)
    return source


def _locked(source: WebhookSource) -> WebhookSource:
    source = WebhookSource.objects.select_for_update(no_key=True).get(pk=source.pk)
    if source.retired_at is not None:
        raise Conflict(_("This source was retired."))
    return source


def _add_secret(source: WebhookSource) -> MintedSource:
    text = PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()
    WebhookSecret.objects.create(source=source, sealed=seal(text, SEALED_FOR), last_four=text[-4:])
    return MintedSource(source, text)
