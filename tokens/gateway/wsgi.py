"""The gateway's callable, in front of Django's: no middleware, no session, and never a traceback."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import structlog
from django.utils import translation
from django.utils.translation import gettext as _

from tokens.gateway import connections, express, health, housekeeping, languages, metrics_page, request_ids
from tokens.gateway.http import Answer, Call, Fault, Ready, method_not_allowed, respond
from tokens.gateway.openapi.document import openapi_json
from tokens.gateway.protocols import (
    authzen,
    cross_origin,
    forwarded,
    holder,
    introspection,
    native,
    openai_errors,
    ordinary,
    reservations,
)
from tokens.gateway.protocols.forward_auth import forward_auth

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = structlog.get_logger(__name__)

Handler = Callable[[Call], Answer]
READ = ("GET", "HEAD")
ONE_MODEL = f"{holder.MODELS}/"

ROUTES: dict[str, tuple[tuple[str, ...], Handler]] = {
    "/v1/decisions": (("POST",), native.decisions),
    "/v1/usage/reserve": (("POST",), reservations.reserve),
    "/v1/usage/settle": (("POST",), reservations.settle),
    "/v1/usage/cancel": (("POST",), reservations.cancel),
    holder.MODELS: cross_origin.open_to_pages(READ, holder.models),
    ONE_MODEL: cross_origin.open_to_pages(READ, holder.model),
    "/v1/key": cross_origin.open_to_pages(READ, holder.key),
    "/v1/explain": cross_origin.open_to_pages(("POST",), holder.explain),
    "/oauth2/introspect": (("POST",), introspection.introspect),
    authzen.EVALUATION: (("POST",), authzen.evaluation),
    authzen.EVALUATIONS: (("POST",), authzen.evaluations),
    authzen.SEARCH_RESOURCE: (("POST",), authzen.search_resource),
    authzen.CONFIGURATION: (READ, authzen.configuration),
    "/healthz": (READ, health.healthz),
    "/readyz": (READ, health.readyz),
    "/metrics": (READ, metrics_page.page),
    "/openapi.json": (READ, openapi_json),
}

# Here nearly all calls are alike.
ORDINARY: Final = {"/v1/decisions": ordinary.decisions, forwarded.PREFIX: ordinary.forward_auth}

# These give their connection back themselves, where they took one: most of their answers need none.
_GIVE_BACK: Final = frozenset({"/v1/decisions", forwarded.PREFIX})


def gateway(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    housekeeping.ensure()
    call = _in_one_piece(environ)
    if isinstance(call, Ready):
        start_response("200 OK", call.headers)
        return [call.body]
    answer = answered(call)
    with suppress(OSError):  # Whoever goes away needs no answer.
        call.drain()
    return respond(call, answer, start_response)


def answered(call: Call) -> Answer:
    """The answer to any call, in its language."""
    call.request_id = call.request_id or request_ids.new()
    # The pages that share this thread choose their own for each request.
    translation.activate(languages.preferred(call.header("Accept-Language") or ""))
    answer = _answer(call)
    if call.path not in _GIVE_BACK:
        connections.release()
    return answer


def _in_one_piece(environ: "WSGIEnvironment") -> Ready | Call:
    """The answer, or the call as far as it was read."""
    usual = ORDINARY.get(environ.get("PATH_INFO", ""))
    if usual is None:
        return Call(environ)
    try:
        found = usual(environ)
        return ordinary.finished(found, express.waited(found.taking)) if isinstance(found, ordinary.Asking) else found
    except Exception as error:  # noqa: BLE001  It is answered and logged as any other.
        return Call(environ, failed=error)


def _answer(call: Call) -> Answer:
    try:
        if call.failed is not None:
            raise call.failed
        return _handler(call)(call)
    except Fault as fault:
        return openai_errors.of_fault(fault, call.request_id)
    except (ConnectionError, TimeoutError) as error:
        log.info("caller_went_away", path=call.path, request_id=call.request_id, error=str(error))
        return Answer(400)
    except Exception:
        log.exception("gateway_failed", path=call.path, request_id=call.request_id)
        message = _("Something went wrong on our side. Nothing is wrong with your token.")
        return openai_errors.of_fault(Fault(500, "internal_error", message), call.request_id)


def _handler(call: Call) -> Handler:
    """Raises Fault for a path or a method that there is not."""
    path = call.path
    route = ROUTES.get(path)
    if route is None:
        if path == forwarded.PREFIX or path.startswith(f"{forwarded.PREFIX}/"):
            return forward_auth
        route = ROUTES[ONE_MODEL] if path.startswith(ONE_MODEL) else None
    if route is None:
        raise Fault(404, "not_found", _("There is no such address here."))
    methods, handler = route
    if call.method not in methods:
        raise method_not_allowed(methods)
    return handler
