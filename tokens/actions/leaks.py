"""What was found in public is refused from then on."""

import json
from typing import Any, Final

import structlog
from django.utils.translation import gettext as _

from accounts import deferred
from accounts.audit import System
from accounts.clock import now
from accounts.errors import Conflict
from tiers.actions.inbox import apply_by
from tiers.models import ProviderEvent
from tokens.actions.tokens import end_leaked_secret, revoke_token
from tokens.models import GatewaySecret, TokenKind, TokenSecret
from tokens.tasks import tell_owners_of_leak

# A sender in the event inbox, though it sells nothing.
GITHUB: Final = "github"
BY: Final = System("GitHub secret scanning")

log = structlog.get_logger(__name__)


def revoke_leaked(event: ProviderEvent) -> None:
    """Revoke what a stored report names and what still works. Tried again, it finds those revoked."""
    for match in json.loads(bytes(event.body)):
        digests = [bytes.fromhex(digest) for digest in match["digests"]]
        secret = TokenSecret.objects.select_related("token").filter(hash__in=digests).first()
        if secret is not None:
            _revoke(secret, _reason(match))
        elif GatewaySecret.objects.filter(hash__in=digests).exists():
            # To revoke it would refuse every call of that gateway: a person decides.
            log.error("gateway_key_leaked", last4=match["last4"], url=match["url"])


def _revoke(secret: TokenSecret, reason: str) -> None:
    """A publishable token is in public by its nature. Of a rotated one, the old secret alone has leaked."""
    token, moment = secret.token, now()
    over = token.expires_at is not None and token.expires_at <= moment
    if token.kind == TokenKind.PUBLISHABLE or token.revoked_at is not None or over:
        return
    if secret.ends_at is not None and secret.ends_at <= moment:
        return
    try:
        if secret.ends_at is None:
            revoke_token(token=token, reason=reason, leaked=True, by=BY)
        else:
            end_leaked_secret(secret=secret, reason=reason, by=BY)
    except Conflict:
        return  # Somebody was first, and revoked it.
    deferred.after_commit(tell_owners_of_leak, secret.pk)


def _reason(match: dict[str, Any]) -> str:
    if not match["url"]:
        return _("GitHub found it in public.")
    return _("GitHub found it in public: %(url)s") % {"url": match["url"][:400]}


apply_by(GITHUB, revoke_leaked)
