"""When something goes wrong, the page says so in words and shows a way out."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries

from config import views


def body(response: HttpResponse) -> str:
    return response.content.decode()


@pytest.mark.django_db
def test_an_unknown_address_is_404_with_a_way_out(client: Client) -> None:
    response = client.get("/no/such/<page>/")
    assert response.status_code == 404
    assert "There is nothing here" in body(response)
    assert 'href="/"' in body(response)
    assert "<page>" not in body(response)


@pytest.mark.django_db
def test_a_form_without_its_token_is_refused_in_words() -> None:
    response = Client(enforce_csrf_checks=True).post("/theme/", {"theme": "dark"})
    assert response.status_code == 403
    assert "The form was too old" in body(response)
    assert "theme" not in response.cookies


def test_500_needs_neither_database_nor_session(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    request = HttpRequest()
    request.COOKIES["theme"] = "dark"
    response = views.server_error(request)
    assert response.status_code == 500
    assert "Something broke on our side" in body(response)
    assert '<html lang="en" data-theme="dark">' in body(response)


def test_a_fault_in_a_page_is_500(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "_way_back", lambda request: 1 / 0)
    client.raise_request_exception = False
    response = client.post("/theme/", {"theme": "dark"})
    assert response.status_code == 500
    assert "ZeroDivisionError" not in body(response)


def test_400_is_in_style_too() -> None:
    response = views.bad_request(RequestFactory().get("/"), ValueError("secret detail"))
    assert response.status_code == 400
    assert "secret detail" not in body(response)


@pytest.mark.parametrize("name", ["400.html", "500.html"])
def test_a_bare_page_loads_no_script(name: str) -> None:
    assert "<script" not in render_to_string(name)


@pytest.mark.parametrize(
    ("chosen", "kept"), [("dark", "dark"), ("light", "light"), ("system", ""), ("", ""), ('"><script>', "")]
)
def test_a_theme_is_kept_only_if_it_is_one(client: Client, chosen: str, kept: str) -> None:
    response = client.post("/theme/", {"theme": chosen, "next": "/profile/?a=1"})
    assert response.status_code == 302
    assert response.headers["Location"] == "/profile/?a=1"
    assert response.cookies["theme"].value == kept


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:x", ""])
def test_a_theme_never_leads_to_another_site(client: Client, target: str) -> None:
    assert client.post("/theme/", {"theme": "dark", "next": target}).headers["Location"] == "/"


def test_a_theme_changes_by_post_alone(client: Client) -> None:
    assert client.get("/theme/").status_code == 405


@pytest.mark.django_db
def test_a_foreign_theme_cookie_counts_as_none(client: Client) -> None:
    client.cookies["theme"] = '"onload="x'
    assert "data-theme=" not in body(client.get("/no/such/"))
