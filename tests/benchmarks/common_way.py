"""How it is commonly done, to compare with: the webhook queues a Celery task that grants, and whoever checks a token
keeps the answer for five seconds. Signatures, rows and the decision are Trellis' own, so the way alone differs."""

import hashlib
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

import django
from django.core.cache import cache

django.setup()

from accounts.audit import System  # noqa: E402
from config.celery import app  # noqa: E402
from config.wsgi import application as trellis  # noqa: E402
from tests.jobs import shop  # noqa: E402
from tiers.actions.inbox import handle_event, store_event  # noqa: E402
from tiers.models import Provider, ProviderEvent  # noqa: E402
from tiers.payments import provider  # noqa: E402

KEPT = 5  # seconds
Respond = Callable[..., Any]


@app.task(name="common_way.grant", queue="rights")
def grant(pk: int) -> None:
    handle_event(event=ProviderEvent.objects.get(pk=pk), by=System("common way"))


def application(environ: dict[str, Any], respond: Respond) -> Iterable[bytes]:
    if environ["PATH_INFO"] == shop.PATH:
        return _webhook(environ, respond)
    return _decision(environ, respond)


def _body(environ: dict[str, Any]) -> bytes:
    return bytes(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))


def _webhook(environ: dict[str, Any], respond: Respond) -> Iterable[bytes]:
    named = {name[5:].lower().replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}
    received = provider(Provider.STANDARD).receive(named, _body(environ), shop.SOURCE)
    event = store_event(name=Provider.STANDARD, source=shop.SOURCE, received=received)
    grant.delay(event.pk)
    respond("202 Accepted", [("Content-Length", "0")])
    return [b""]


def _decision(environ: dict[str, Any], respond: Respond) -> Iterable[bytes]:
    body = _body(environ)
    key = f"decision:{hashlib.sha256(body).hexdigest()}"
    found = cache.get(key)
    if found is None:
        found = _decide(environ, body)
        cache.set(key, found, KEPT)
    respond("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(found)))])
    return [found]


def _decide(environ: dict[str, Any], body: bytes) -> bytes:
    return b"".join(trellis({**environ, "wsgi.input": BytesIO(body)}, lambda *_: None))
