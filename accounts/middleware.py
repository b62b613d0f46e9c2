"""For every web request: where it came from, for the audit; the person's language; domain errors as answers."""

import re
import time
from collections.abc import Callable, Iterable
from math import inf
from typing import Final
from uuid import uuid4

from allauth.usersessions.middleware import UserSessionsMiddleware
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from accounts import audit
from accounts.addresses import client_address
from accounts.errors import DomainError, SecondFactorRequired
from accounts.models import User

GetResponse = Callable[[HttpRequest], HttpResponse]
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
PROBLEM: Final = "application/problem+json"


class AuditContextMiddleware:
    """A caller's own request id is kept if it has the form, so that its log and ours meet; else one is made.

    It replaces the header, before anything else (the log) reads it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid4().hex
        request.META["HTTP_X_REQUEST_ID"] = request_id
        with audit.origin(audit.Origin(request_id=request_id, address=client_address(request))):
            response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response


class PlainTextMiddleware:
    """PostgreSQL takes no NUL in a text, and no form of ours sends one: refused here, for whatever it would reach."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Cookies too: their quoted form can spell any character, and the session is looked up by one."""
        query = request.META.get("QUERY_STRING", "")
        if "%00" in query or _holds_nul([query, request.path, *request.COOKIES.values()]):
            raise BadRequest("a NUL character")
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> None:
        """Whoever signs a body wants it read as it came, and not as a form."""
        if getattr(view, "csrf_exempt", False):
            return
        if _holds_nul(str(text) for _, given in request.POST.lists() for text in given):
            raise BadRequest("a NUL character")


def _holds_nul(texts: Iterable[str]) -> bool:
    return any("\0" in text for text in texts)


class PersonLocaleMiddleware:
    """The language a person chose goes with them to every device. Others: cookie, then browser (Django's own)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User) or user.is_authenticated:
            translation.activate(user.locale)
            request.LANGUAGE_CODE = translation.get_language() or user.locale
        return self.get_response(request)


class NotKeptMiddleware:
    """What a signed-in person was shown, no browser keeps: whoever uses the computer after they signed out, and presses
    Back, meets the sign-in page. Static files are answered before, and what says how long it may be kept is left so."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        signed_in = request.user.is_authenticated
        response = self.get_response(request)
        if signed_in or request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "no-store, private")
        return response


class SeenMiddleware:
    """When a session was last seen is written once in `SESSIONS_SEEN_EVERY` seconds by each process, and not for each
    page: it takes five queries and a commit. A change of address or browser is noticed at once."""

    _MOST: Final = 10_000

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self._writing: GetResponse = UserSessionsMiddleware(get_response)
        self._written: dict[tuple[str | None, str | None, str], float] = {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        agent = request.META.get("HTTP_USER_AGENT", "")
        client = (request.session.session_key, client_address(request), agent)
        if time.monotonic() - self._written.get(client, -inf) < settings.SESSIONS_SEEN_EVERY:
            return self.get_response(request)
        if len(self._written) >= self._MOST:
            self._written.clear()
        self._written[client] = time.monotonic()
        return self._writing(request)


class DomainErrorMiddleware:
    """The one place where what went wrong becomes an answer: JSON, a fragment, or a page with a way out."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DomainError):
            return None
        response = _answer(request, exception)
        patch_vary_headers(response, ["Accept", "HX-Request"])
        return response


def _answer(request: HttpRequest, error: DomainError) -> HttpResponse:
    if _wants_json(request):
        return JsonResponse(
            {
                "type": "about:blank",
                "title": heading(error),
                "status": error.status,
                "code": error.code,
                "detail": str(error.message),
            },
            status=error.status,
            content_type=PROBLEM,
        )
    if request.headers.get("HX-Request"):
        return render(request, "components/refusal.html", {"sentence": error.message}, status=error.status)
    if isinstance(error, SecondFactorRequired):
        messages.warning(request, str(error.message))
        return redirect("profile:security")
    context = {"heading": heading(error), "sentence": error.message, "status": error.status}
    return render(request, "errors/domain_error.html", context, status=error.status)


def _wants_json(request: HttpRequest) -> bool:
    accepted = request.headers.get("Accept", "")
    return ("application/json" in accepted or PROBLEM in accepted) and "text/html" not in accepted


def heading(error: DomainError) -> str:
    """The few words above the sentence, by status."""
    return {
        403: _("This is not open to you"),
        404: _("Not found"),
        409: _("Somebody was first"),
        422: _("Something to put right"),
        429: _("Too often"),
        503: _("Not just now"),
    }.get(error.status, _("This cannot be done"))
