"""What every web request gets: an id, an address that nobody can forge, and errors in the form that was asked for."""

import json

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from accounts.addresses import client_address
from accounts.errors import Conflict, DomainError, Invalid, MailNotSent, NotAllowed, NotFound, TooMany
from accounts.middleware import AuditContextMiddleware, DomainErrorMiddleware
from accounts.models import AuditEvent
from tests.accounts.people import person, sign_in

ERRORS = [DomainError, NotAllowed, NotFound, Conflict, TooMany, MailNotSent]


@pytest.mark.parametrize("given", ["abc-DEF_123", "x" * 64])
def test_a_well_formed_request_id_is_kept(client: Client, given):
    assert client.get("/accounts/inactive/", headers={"x-request-id": given})["X-Request-Id"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a\nb", "ä", "a;b", "a/b", "id\n"])
def test_any_other_request_id_is_replaced(given):
    seen: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request.headers["X-Request-Id"])
        return HttpResponse()

    request = RequestFactory().get("/", HTTP_X_REQUEST_ID=given)
    response = AuditContextMiddleware(view)(request)
    assert response["X-Request-Id"] == seen[0] != given
    assert len(seen[0]) == 32


@pytest.mark.django_db
def test_the_id_and_the_address_are_in_the_audit():
    browser = sign_in(person())
    data = {"name": "Ada", "locale": "en", "single_keys": "on"}
    browser.post("/profile/", data, headers={"x-request-id": "call-7", "x-forwarded-for": "6.6.6.6"})
    event = AuditEvent.objects.select_related("origin").get(action="person.profile_changed")
    assert (event.request_id, event.origin.address) == ("call-7", "127.0.0.1")


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "6.6.6.6", "127.0.0.1"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "127.0.0.1"),  # Fewer than there should be: somebody came past a proxy.
        (1, "", "127.0.0.1"),
        (1, "not an address", None),
        (1, "2001:DB8::0001", "2001:db8::1"),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
        (1, "fe80::1%eth0", "fe80::1"),
        (1, "[2001:db8::1]", "2001:db8::1"),
    ],
)
def test_the_clients_address(settings, proxies, forwarded, expected):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    assert client_address(RequestFactory().get("/", **headers)) == expected


def test_a_socket_has_no_address():
    assert client_address(RequestFactory().get("/", REMOTE_ADDR="")) is None


def answered(error: Exception, **headers: str) -> HttpResponse | None:
    from django.contrib.auth.models import AnonymousUser

    request = RequestFactory().get("/x/", headers=headers)
    request.user = AnonymousUser()
    request.session = {}
    return DomainErrorMiddleware(lambda _: HttpResponse()).process_exception(request, error)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_is_a_page_a_fragment_or_json(kind):
    error = kind("Because of <b>this</b>.")
    page = answered(error, accept="text/html,application/xhtml+xml,*/*;q=0.8")
    fragment = answered(error, **{"hx-request": "true"})
    problem = answered(error, accept="application/json")
    assert page.status_code == fragment.status_code == problem.status_code == kind.status
    for html in (page, fragment):
        assert "Because of &lt;b&gt;this&lt;/b&gt;." in html.content.decode()
    assert b"<html" in page.content
    assert b"<html" not in fragment.content
    assert problem["Content-Type"] == "application/problem+json"
    body = json.loads(problem.content)
    assert (body["code"], body["status"], body["detail"]) == (kind.code, kind.status, "Because of <b>this</b>.")
    assert "HX-Request" in page["Vary"]


@pytest.mark.django_db
def test_a_field_may_be_named_and_other_errors_are_not_ours():
    assert answered(Invalid("No.", field="name")).status_code == 422
    assert answered(ValueError("no")) is None


@pytest.mark.django_db
def test_the_language_goes_with_the_person():
    browser = sign_in(person(locale="zh-hans"))
    response = browser.get("/profile/", headers={"accept-language": "en"})
    assert response["Content-Language"] == "zh-hans"
    assert Client().get("/accounts/login/", headers={"accept-language": "zh-hans"})["Content-Language"] == "zh-hans"
