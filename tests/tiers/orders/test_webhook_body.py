"""How a message may be sent: by POST, with a length or in chunks, of at most 1 MiB."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import RequestFactory

from tests.tiers.orders.shop import Shop
from tiers.models import ProviderEvent
from tiers.views.webhooks import LARGEST_BODY, standard

pytestmark = pytest.mark.django_db


class Stream:
    """Tells how much of it was read."""

    def __init__(self, size: int) -> None:
        self.left, self.read_so_far = size, 0

    def read(self, size: int = -1) -> bytes:
        piece = min(self.left, 65_536, size if size >= 0 else self.left)
        self.left -= piece
        self.read_so_far += piece
        return b"x" * piece


class Pieces(Stream):
    def __init__(self, body: bytes) -> None:
        self.pieces: Iterator[bytes] = iter([body[:10], body[10:], b""])

    def read(self, size: int = -1) -> bytes:
        return next(self.pieces)


def sent(shop: Shop, stream: Any, length: str | None, **headers: str) -> Any:
    request = RequestFactory().post("/", b"", content_type="application/json", headers=headers)
    request.META |= {"wsgi.input": stream, "wsgi.input_terminated": True}
    request.META.pop("CONTENT_LENGTH", None)
    if length is not None:
        request.META["CONTENT_LENGTH"] = length
    return standard(request, source=shop.source.name)


@pytest.mark.parametrize("method", ["get", "put", "delete", "head", "options", "patch"])
def test_messages_are_posted(shop: Shop, method: str) -> None:
    assert getattr(shop.client, method)(f"/webhooks/standard/{shop.source.name}").status_code == 405


def test_a_large_body_is_refused_unread(shop: Shop) -> None:
    stream = Stream(LARGEST_BODY + 1)
    assert sent(shop, stream, str(LARGEST_BODY + 1)).status_code == 413
    assert stream.read_so_far == 0


def test_a_large_body_in_chunks_is_refused_as_soon_as_it_is_too_large(shop: Shop) -> None:
    stream = Stream(1 << 40)
    assert sent(shop, stream, None).status_code == 413
    assert stream.read_so_far == LARGEST_BODY + 1


def test_a_body_in_chunks_is_read(shop: Shop) -> None:
    body = shop.body("order.paid")
    assert sent(shop, Pieces(body), None, **shop.signed(body, "m")).status_code == 200
    assert bytes(shop.event().body) == body


@pytest.mark.parametrize("length", ["abc", "-1", "1e3", "٣", "0x10", " ", "0", ""])
def test_no_length_breaks_anything(shop: Shop, length: str) -> None:
    assert sent(shop, Stream(9), length).status_code == 401
    assert not ProviderEvent.objects.exists()


def test_a_body_of_exactly_one_mebibyte_is_taken(shop: Shop) -> None:
    body = shop.body("order.paid")
    body += b" " * (LARGEST_BODY - len(body))
    assert shop.deliver(body).json()["state"] == "applied"


def test_a_form_is_no_message(shop: Shop) -> None:
    path = f"/webhooks/standard/{shop.source.name}"
    assert shop.client.post(path, {"type": "order.paid"}).status_code == 401


def test_what_cannot_be_stored_is_not_said_to_be(shop: Shop) -> None:
    def away(execute: Any, sql: str, *rest: Any) -> Any:
        raise OperationalError("the server closed the connection")

    body = shop.body("order.paid")
    with connection.execute_wrapper(away):
        response = shop.deliver(body)
    assert (response.status_code, response.json()["code"]) == (503, "unavailable")


def test_what_is_stored_and_not_applied_is_said_to_be_and_applied_later(shop: Shop) -> None:
    def fails(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith('INSERT INTO "tiers_grant"'):
            raise OperationalError("deadlock detected")
        return execute(sql, *rest)

    body = shop.body("order.paid")
    with connection.execute_wrapper(fails):
        response = shop.deliver(body, "m")
    assert (response.status_code, response.json()["code"]) == (500, "not_applied")
    assert (shop.event().state, shop.event().attempts) == ("failed", 1)
    assert "deadlock detected" in shop.event().error
    assert shop.deliver(body, "m").json()["state"] == "applied"
    assert shop.grant().revoked_at is None
