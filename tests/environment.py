"""The tests' environment, set before Django's settings are read: real servers, a database and a Redis a worker.

`tests/settings.py` imports this first: pytest-django reads the settings before any conftest."""

import atexit
import base64
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import parse_qs, urlsplit, urlunsplit

CLONE = Path(__file__).resolve().parent.parent
FIRST_REDIS_DATABASE = 1
HOLDING = ExitStack()

OTHERS = ("SITE_URL", "ALLOWED_HOSTS", "SECRET_KEY", "EMAIL_URL", "PORT", "BIND", "TRUSTED_PROXY_COUNT")
STRIPE = ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_API_BASE")
# Each of the servers and workers that tests start would else compile the whole project again, and each run the tests.
COMPILED = "PYTHONDONTWRITEBYTECODE"
sys.dont_write_bytecode = False
for name in (*OTHERS, *STRIPE, COMPILED):
    os.environ.pop(name, None)
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "tests.settings",
    "DEMO": "on",
    # One identity provider, which a test answers for on this machine.
    "GITHUB_CLIENT_ID": "github-of-the-tests",
    "GITHUB_CLIENT_SECRET": "no secret",
    "TOKEN_KEYS": f"1:{base64.b64encode(bytes(range(32))).decode()}",
    # Tests need no durability: a commit need not wait for the disk. And they alone may empty the audit tables.
    "PGOPTIONS": "-c synchronous_commit=off -c trellis.allow_truncate=on",
    # pytest-playwright's loop runs in the thread of the tests.
    "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
}


def redis_url_of_worker(url: str) -> str:
    """Each xdist worker has a Redis database of its own, from the one that is named on; database 0, the demo's, is
    never touched."""
    parts = urlsplit(url)
    named = parse_qs(parts.query).get("db", [parts.path.strip("/") if parts.scheme != "unix" else ""])[0]
    number = (int(named or 0) or FIRST_REDIS_DATABASE) + int(
        os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    )
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={number}"
    return urlunsplit(parts._replace(path=f"/{number}"))


def start_servers() -> None:

    from config import services, translations

    translations.compile_stale([CLONE / "locale"])

    # What tests count is not among the figures of a demo that runs from this clone.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = HOLDING.enter_context(tempfile.TemporaryDirectory(prefix="figures-"))
    place = HOLDING.enter_context(services.hold(CLONE, services.missing()))
    os.environ["REDIS_URL"] = redis_url_of_worker(os.environ.get("REDIS_URL", "").strip() or place.redis_url)


# A worker or a server that a test starts has its environment from that test.
if "TEST_DATABASE_NAME" not in os.environ:
    start_servers()
    atexit.register(HOLDING.close)
