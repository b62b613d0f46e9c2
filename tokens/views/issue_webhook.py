"""Where GitHub tells of issues and comments: signature, inbox, then 2xx once all is committed."""

import json

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.access import public
from accounts.audit import System
from tiers.actions.inbox import handle_event, store_event
from tiers.payments import Received
from tiers.views.webhooks import headers_of, read_body, refused
from tokens.actions import issue_forms
from tokens.actions.issue_forms import SENDER, TOLD
from tokens.models import IssueForm

log = structlog.get_logger(__name__)


@csrf_exempt
@public
@require_POST
def receive(request: HttpRequest, public_id: str) -> HttpResponse:
    """401 and nothing stored for a bad signature, also for an import that is not there: nobody learns which are."""
    with translation.override("en"):
        body = read_body(request)
        if body is None:
            return refused(413, "body_too_large", "A message has at most 1 MiB.")
        headers = headers_of(request)
        form = IssueForm.objects.filter(public_id=public_id, retired_at=None).first()
        if form is None or not issue_forms.signed(form, body, headers.get("x-hub-signature-256", "")):
            log.warning("webhook_refused", provider=SENDER, source=public_id)
            return refused(401, "bad_signature", "The signature is not that of this message.")
        return _taken(form, headers, body)


def _taken(form: IssueForm, headers: dict[str, str], body: bytes) -> HttpResponse:
    kind, delivery = headers.get("x-github-event", ""), headers.get("x-github-delivery", "")
    try:
        message = json.loads(body)
    except (UnicodeDecodeError, ValueError, RecursionError):
        message = None
    if not isinstance(message, dict) or not 0 < len(delivery) <= 200:
        return refused(400, "not_understood", "Send GitHub's webhook as JSON: content type application/json.")
    if kind == "ping":
        return JsonResponse({"state": "heard"})
    if not isinstance(message.get("action"), str) or message["action"] not in TOLD.get(kind, ()):
        return JsonResponse({"state": "ignored"})
    if not issue_forms.of_repository(form, message):
        return refused(400, "other_repository", "This address is for another repository.")
    return _applied(form, Received(delivery, f"{kind}.{message['action']}", body))


def _applied(form: IssueForm, received: Received) -> HttpResponse:
    event = store_event(name=SENDER, source=form.public_id, received=received)
    try:
        event = handle_event(event=event, by=System("GitHub webhook"))
    except Exception:  # Whatever it was, the message is kept, and the sweep tries it again.
        log.exception("webhook_not_applied", event_id=event.public_id)
        return refused(500, "not_applied", "Stored, but not applied yet. It will be tried again.")
    return JsonResponse({"event": event.public_id, "state": event.state})
