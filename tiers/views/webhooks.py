"""Where providers deliver: signature, inbox, order, then 2xx once all is committed."""

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.access import demo_only, public
from accounts.audit import System
from tiers.actions.inbox import handle_event, store_event
from tiers.models import Provider, ProviderEvent
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
    sender tries again; our own sweep does so too. No header of the sender's picks the language of what is written."""
    with translation.override("en"):
        try:
            body = read_body(request)
            if body is None:
                return refused(413, "body_too_large", "A message has at most 1 MiB.")
            received = provider(name).receive(headers_of(request), body, source)
            event = store_event(name=name, source=source, received=received)
        except BadSignature as error:
            log.warning("webhook_refused", provider=name, source=source)
            return refused(error.status, error.code, str(error.message))
        except (OperationalError, InterfaceError):
            log.exception("webhook_not_stored", provider=name, source=source)
            return refused(503, "unavailable", "Not stored: the database does not answer. Send it again.")
        return _apply(event)


def _apply(event: ProviderEvent) -> HttpResponse:
    try:
        event = handle_event(event=event, by=System(f"{event.provider} event"))
    except Exception:  # Whatever it was, the message is kept, and the sender is told to come again.
        log.exception("webhook_not_applied", event_id=event.public_id)
        return refused(500, "not_applied", "Stored, but not applied yet. It will be tried again.")
    return JsonResponse({"event": event.public_id, "state": event.state})


def read_body(request: HttpRequest) -> bytes | None:
    """None where it is too large: as soon as that is known, and not read to its end. A body in chunks has no length;
    it is read where the server says that it ends by itself, and is else empty."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if length.isdecimal() and length.isascii():
        return request.body if int(length) <= LARGEST_BODY else None
    if length or not request.META.get("wsgi.input_terminated"):
        return b""
    pieces, read = [], 0
    while read <= LARGEST_BODY and (piece := request.META["wsgi.input"].read(LARGEST_BODY + 1 - read)):
        pieces.append(piece)
        read += len(piece)
    return b"".join(pieces) if read <= LARGEST_BODY else None


def headers_of(request: HttpRequest) -> dict[str, str]:
    """By their names in lower case."""
    return {name.lower(): value for name, value in request.headers.items()}


def refused(status: int, code: str, message: str) -> HttpResponse:
    body = {"status": status, "code": code, "title": message}
    return JsonResponse(body, status=status, content_type="application/problem+json")
