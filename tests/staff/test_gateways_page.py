"""The gateways' pages: the key is shown once and to nobody else, after a fresh sign-in; the rest is administrators'."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEvent
from tests.factories import administrator, auditor, maintainer, person
from tests.fixtures.signing_in import browser
from tests.staff import shown
from tokens import keys
from tokens.actions.gateways import add_gateway
from tokens.models import Gateway, GatewaySecret

pytestmark = pytest.mark.django_db
KEY = re.compile(r"trl_gw_[0-9a-z]{12}_[0-9A-Za-z]{27}_[0-9A-Za-z]{6}")
QUERIES = 12
FORM = {
    "name": "edge-1",
    "kind": "nginx",
    "uri_header": "X-Forwarded-Uri",
    "method_header": "X-Forwarded-Method",
    "address_header": "X-Forwarded-For",
    "model_header": "X-Model",
    "scopes": ["decide"],
    "networks": "10.0.0.0/8\n192.0.2.7",
}


@pytest.fixture
def gateway() -> Gateway:
    return add_gateway(name="edge-0", kind="custom", by=administrator()).gateway


def test_the_key_is_shown_in_the_answer_alone(admin: Client) -> None:
    response = admin.post(reverse("gateways:new"), FORM)
    found = KEY.findall(response.content.decode())
    assert len(found) == 1
    assert keys.parse_gateway_key(found[0]) is not None
    assert "no-store" in response["Cache-Control"]
    gateway = Gateway.objects.get(name="edge-1")
    assert gateway.networks == ["10.0.0.0/8", "192.0.2.7/32"]
    for path in (reverse("gateways"), reverse("gateways:detail", args=[gateway.public_id])):
        assert not KEY.search(shown(admin, path))
    assert found[0] not in str(dict(admin.session))


def test_a_rotated_key_is_shown_once_and_the_old_ones_end_is_said(admin: Client, gateway: Gateway) -> None:
    page = admin.post(reverse("gateways:rotate", args=[gateway.public_id]), {"overlap": "3600"}).content.decode()
    assert KEY.search(page)
    assert "The old one works until" in page
    again = admin.post(reverse("gateways:rotate", args=[gateway.public_id]), {"overlap": "3600"})
    assert again.status_code == 422
    assert "A rotation is open" in again.content.decode()
    assert GatewaySecret.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "required"),
        ({"uri_header": "X_Model"}, "a header that the gateway sets itself"),
        ({"model_header": "x-forwarded-uri"}, "Another of the four headers"),
        ({"networks": "everywhere"}, "is no address or network"),
        ({"scopes": []}, "required"),
    ],
)
def test_what_is_refused_stands_beside_what_was_typed(admin: Client, change: dict[str, object], words: str) -> None:
    response = admin.post(reverse("gateways:new"), {**FORM, **change})
    assert response.status_code == 422
    page = response.content.decode()
    assert words in page
    assert "192.0.2.7" in page or "networks" in change
    assert not Gateway.objects.exists()


def test_editing_and_revoking(admin: Client, gateway: Gateway) -> None:
    path = reverse("gateways:detail", args=[gateway.public_id])
    assert admin.post(reverse("gateways:edit", args=[gateway.public_id]), FORM).status_code == 302
    assert "edge-1" in shown(admin, path)
    revoke = reverse("gateways:revoke", args=[gateway.public_id])
    assert admin.post(revoke, {"reason": ""}).status_code == 422
    assert admin.post(revoke, {"reason": "Moved <away>"}).status_code == 302
    page = shown(admin, path)
    assert "Moved &lt;away&gt;" in page
    assert "Rotate" not in page
    assert admin.post(revoke, {"reason": "Again"}).status_code == 422
    assert AuditEvent.objects.filter(action="gateway.revoked").count() == 1


def test_an_old_sign_in_is_asked_again_before_a_key(gateway: Gateway) -> None:
    client = Client()
    client.force_login(administrator())
    for name, args in [("new", []), ("rotate", [gateway.public_id]), ("edit", [gateway.public_id])]:
        path = reverse(f"gateways:{name}", args=args)
        for response in (client.get(path), client.post(path, FORM)):
            assert response.status_code == 302
            assert response["Location"].startswith("/accounts/reauthenticate/")
    assert GatewaySecret.objects.count() == 1


@pytest.mark.parametrize("role", [person, maintainer, auditor])
def test_others_see_nothing_of_it(gateway: Gateway, role) -> None:  # type: ignore[no-untyped-def]
    client = browser(role())
    paths = [reverse("gateways"), reverse("gateways:new")]
    paths += [reverse(f"gateways:{name}", args=[gateway.public_id]) for name in ("detail", "edit", "rotate", "revoke")]
    for path in paths:
        assert client.get(path).status_code == 403
        assert client.post(path, FORM).status_code == 403
    assert Gateway.objects.count() == 1


def test_unknown_ones_are_not_found(admin: Client) -> None:
    assert admin.get("/gateways/000000000000/").status_code == 404


def test_the_number_of_queries_does_not_depend_on_the_rows(
    admin: Client, gateway: Gateway, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    shown(admin, reverse("gateways"))
    with django_assert_num_queries(QUERIES):
        shown(admin, reverse("gateways"))
    for number in range(5):
        add_gateway(name=f"more-{number}", kind="nginx", by=gateway.created_by)
    with django_assert_num_queries(QUERIES):
        shown(admin, reverse("gateways"))
