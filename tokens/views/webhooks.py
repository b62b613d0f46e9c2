"""Where GitHub reports tokens that it found in public."""

import hashlib

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.access import public
from accounts.audit import System
from tiers.actions.inbox import handle_event, store_event
from tiers.payments import BadSignature, Received
from tiers.views.webhooks import headers_of, read_body, refused
from tokens import secret_scanning
from tokens.actions.leaks import GITHUB
from tokens.secret_scanning import MOST_MATCHES
from tokens.selectors.tokens import known_digests

log = structlog.get_logger(__name__)
SOURCE = "secret-scanning"


@csrf_exempt
@public
@require_POST
def github(request: HttpRequest) -> HttpResponse:
    """Signature, inbox, revocation, then GitHub's feedback once all is committed."""
    body = read_body(request)
    if body is None:
        return refused(413, "body_too_large", "A report has at most 1 MiB.")
    try:
        secret_scanning.verify(headers_of(request), body)
    except BadSignature as error:
        log.warning("webhook_refused", provider=GITHUB, code=error.code)
        return refused(error.status, error.code, str(error.message))
    found = secret_scanning.matches(body)
    if len(found) > MOST_MATCHES:
        return refused(413, "too_many_matches", f"A report has at most {MOST_MATCHES} matches.")
    # GitHub numbers no report, so the same body is the same report.
    received = Received(hashlib.sha256(body).hexdigest(), "secret_scanning", secret_scanning.redacted(found))
    event = store_event(name=GITHUB, source=SOURCE, received=received)
    try:
        handle_event(event=event, by=System(f"{GITHUB} event"))
    except Exception:  # Whatever it was, the report is kept, and the sweep tries it again.
        log.exception("webhook_not_applied", event_id=event.public_id)
        return refused(500, "not_applied", "Stored, but not applied yet. It will be tried again.")
    ours = known_digests(digest for match in found for digest in match.digests)
    return JsonResponse(secret_scanning.feedback(found, ours), safe=False)
