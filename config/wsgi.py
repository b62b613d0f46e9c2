"""The one WSGI callable: paths of gateways go to the plain callable, all others to Django."""

import gc
import os
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config.environment import fail, is_local

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    WSGICallable = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Whoever waits for the interpreter while housekeeping has it gets it after so many seconds, not after 5 ms.
SWITCH_SECONDS = 0.0005
GATEWAY_FOLDERS = ("/v1/", "/access/", "/oauth2/")
GATEWAY_PATHS = frozenset({"/.well-known/authzen-configuration", "/healthz", "/readyz", "/metrics", "/openapi.json"})

pages: "WSGICallable" = get_wsgi_application()

# Imported once Django is set up, as its code needs the settings and the models.
from tokens.gateway import metrics  # noqa: E402
from tokens.gateway.wsgi import gateway  # noqa: E402

try:
    metrics.open_folder()
except OSError as error:
    fail("PROMETHEUS_MULTIPROC_DIR", f"{settings.METRICS_DIR} cannot be made: {error.strerror}")


# What is loaded by now stays: looking for garbage in it would stop all calls for a tenth of a second.
gc.collect()
gc.freeze()
sys.setswitchinterval(SWITCH_SECONDS)


def is_welcome(remote: str) -> bool:
    """A demo has known passwords, so it answers this machine alone, however its socket was bound."""
    return is_local(remote) or not settings.DEMO


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    if not is_welcome(environ.get("REMOTE_ADDR", "")):
        start_response("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"The demo answers its own machine only. Turn DEMO off to serve others.\n"]
    path: str = environ.get("PATH_INFO", "")
    if path.startswith(GATEWAY_FOLDERS) or path in GATEWAY_PATHS:
        return gateway(environ, start_response)
    return pages(environ, start_response)
