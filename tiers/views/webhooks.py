"""Where providers deliver: signature, inbox, order, then 2xx once all is committed."""

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.access import demo_only, public
from accounts.audit import System
from tiers.actions.inbox import handle_event, store_event
from tiers.models import Provider
from tiers.payments import BadSignature, provider

log = structlog.get_logger(__name__)
LARGEST_BODY = 1 << 20


@csrf_exempt
@public
@require_POST
def standard(request: HttpRequest, source: str) -> HttpResponse:
    return receive(request, Provider.STANDARD, source)


@csrf_exempt
@public
@require_POST
def stripe(request: HttpRequest) -> HttpResponse:
    return receive(request, Provider.STRIPE)


@csrf_exempt
@demo_only
@public
@require_POST
def sandbox(request: HttpRequest) -> HttpResponse:
    return receive(request, Provider.SANDBOX)


def receive(request: HttpRequest, name: Provider, source: str = "") -> HttpResponse:
    """401 and nothing stored for a bad signature. What cannot be applied yet is kept, and answered 500, so that the
    sender tries again; our own sweep does so too."""
    try:
        if int(request.headers.get("Content-Length") or 0) > LARGEST_BODY:
            return refused(413, "body_too_large", "A message has at most 1 MiB.")
        received = provider(name).receive(_lower(request), request.body, source)
    except ValueError:
        return refused(400, "bad_request", "The Content-Length is not a number.")
    except BadSignature as error:
        log.warning("webhook_refused", provider=name, source=source)
        return refused(error.status, error.code, str(error.message))
    event = store_event(name=name, source=source, received=received)
    try:
        event = handle_event(event=event, by=System(f"{name} event"))
    except Exception:  # Whatever it was, the message is kept, and the sender is told to come again.
        log.exception("webhook_not_applied", event_id=event.public_id)
        return refused(500, "not_applied", "Stored, but not applied yet. It will be tried again.")
    return JsonResponse({"event": event.public_id, "state": event.state})


def _lower(request: HttpRequest) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def refused(status: int, code: str, message: str) -> HttpResponse:
    body = {"status": status, "code": code, "title": message}
    return JsonResponse(body, status=status, content_type="application/problem+json")
