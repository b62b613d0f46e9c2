"""The environment as typed values. Everything wrong with it ends the start with one line that names the variable.

`DEMO` defaults to on only where no `SECRET_KEY`, `SITE_URL` or `ALLOWED_HOSTS` is given: a bare clone. The demo's
secrets are random, made once and kept in `var/demo.env` (mode 0600), so a demo never runs on a known key.
"""

import base64
import binascii
import ipaddress
import os
import secrets
from dataclasses import dataclass
from datetime import datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

import environ
import psycopg.conninfo

SOCIAL_HOSTS = {
    "github": "https://github.com",
    "google": "https://accounts.google.com",
    "discord": "https://discord.com",
}
GITHUB_SCANNING_KEYS: Final = "https://api.github.com/meta/public_keys/secret_scanning"
STRIPE_API: Final = "https://api.stripe.com"
STRIPE_CHECKOUT: Final = "https://checkout.stripe.com"
TRUE, FALSE = {"1", "on", "true", "yes"}, {"0", "off", "false", "no", ""}
MINIMUM_KEY_BYTES = 32
MINIMUM_METRICS_TOKEN = 20


class ConfigurationError(SystemExit):
    """Stops the process with one line on stderr and exit code 1."""


def fail(name: str, problem: str) -> NoReturn:
    raise ConfigurationError(f"trellis: {name} {problem}")


@dataclass(frozen=True, slots=True)
class Stripe:
    """Empty where Stripe is not used; either both secrets are there, or neither."""

    secret_key: str
    webhook_secret: str
    api_base: str

    @property
    def checkout_origins(self) -> list[str]:
        """Where a checkout's page lies: forms lead there."""
        if not self.secret_key:
            return []
        return [STRIPE_CHECKOUT] if self.api_base == STRIPE_API else [STRIPE_CHECKOUT, self.api_base]


@dataclass(frozen=True, slots=True)
class Environment:
    demo: bool
    secret_key: str
    token_keys: dict[int, bytes]
    site_url: str
    allowed_hosts: list[str]
    database_url: str
    redis_url: str
    pass_store_url: str
    email: dict[str, Any] | None
    from_email: str
    social_providers: list[str]
    social_apps: dict[str, Any]
    form_targets: list[str]
    stripe: Stripe
    trusted_proxy_count: int
    outgoing_allowed_networks: list[str]
    disposable_mail_domains: list[str]
    secret_scanning_keys_url: str
    metrics_token: str
    review_digest_at: time | None


def read(var_dir: Path) -> Environment:
    """Read and check every variable. Raises ConfigurationError naming the first that is wrong."""
    values = {name: value.strip() for name, value in os.environ.items()}
    demo = _demo(values)
    if demo:
        values = {**_demo_secrets(var_dir), **{name: value for name, value in values.items() if value}}
    site_url = _site_url(values, demo)
    hosts = [h.strip() for h in values.get("ALLOWED_HOSTS", "").split(",") if h.strip()]
    if not hosts and not demo:
        fail("ALLOWED_HOSTS", "is not set: list the host names that serve Trellis")
    hosts = hosts or ["127.0.0.1", "localhost", "[::1]"]
    if demo:
        _refuse_public_demo(values, site_url, hosts)
    stripe = _stripe(values, demo)
    providers = [name for name in SOCIAL_HOSTS if values.get(f"{name.upper()}_CLIENT_ID")]
    return Environment(
        demo=demo,
        secret_key=_secret_key(values),
        token_keys=token_keys(values.get("TOKEN_KEYS", "")),
        site_url=site_url,
        allowed_hosts=hosts,
        database_url=_url(values, "DATABASE_URL", {"postgres", "postgresql"}),
        redis_url=_url(values, "REDIS_URL", {"redis", "rediss", "unix"}),
        pass_store_url=_url(values, "PASS_STORE_URL", {"redis", "rediss", "unix"}),
        email=_email(values, demo),
        from_email=values.get("FROM_EMAIL") or f"Trellis <trellis@{urlsplit(site_url).hostname}>",
        social_providers=providers,
        social_apps={name: _social_app(values, name) for name in providers},
        form_targets=[*(SOCIAL_HOSTS[name] for name in providers), *stripe.checkout_origins],
        stripe=stripe,
        trusted_proxy_count=_count(values, "TRUSTED_PROXY_COUNT"),
        outgoing_allowed_networks=_networks(values, "OUTGOING_ALLOWED_NETWORKS"),
        disposable_mail_domains=_listed(values, "DISPOSABLE_MAIL_DOMAINS"),
        secret_scanning_keys_url=_url(values, "SECRET_SCANNING_KEYS_URL", {"https", "http"}) or GITHUB_SCANNING_KEYS,
        metrics_token=_metrics_token(values),
        review_digest_at=_hour(values, "REVIEW_DIGEST_AT", "08:00"),
    )


def _demo(values: dict[str, str]) -> bool:
    given = values.get("DEMO")
    if given is None:
        return not any(values.get(name) for name in ("SECRET_KEY", "SITE_URL", "ALLOWED_HOSTS"))
    if given.lower() in TRUE:
        return True
    if given.lower() in FALSE:
        return False
    fail("DEMO", "must be on or off")


def _demo_secrets(var_dir: Path) -> dict[str, str]:
    path = var_dir / "demo.env"
    if not path.exists():
        try:
            var_dir.mkdir(parents=True, exist_ok=True)
            key = base64.b64encode(secrets.token_bytes(32)).decode()
            draft = path.with_name(f"demo.env.{os.getpid()}")
            with open(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
                out.write(f"SECRET_KEY={secrets.token_urlsafe(48)}\nTOKEN_KEYS=1:{key}\n")
            try:
                os.link(draft, path)  # The first of several starting processes wins, whole.
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        except OSError as error:
            fail("var/demo.env", f"cannot be written: {error.strerror}")
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)


def _site_url(values: dict[str, str], demo: bool) -> str:
    port = values.get("PORT") or "8000"
    if not port.isdecimal() or not 0 < int(port) < 65536:
        fail("PORT", "must be a number from 1 to 65535")
    url = values.get("SITE_URL", "").rstrip("/")
    if not url:
        if not demo:
            fail("SITE_URL", "is not set: give the public address, such as https://access.example.com")
        return f"http://127.0.0.1:{port}"
    try:
        parts = urlsplit(url)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.path == "" and not parts.query
        _ = parts.port
    except ValueError:
        valid = False
    if not valid:
        fail("SITE_URL", "must be an origin such as https://access.example.com, with no path")
    return url


def is_loopback(host: str) -> bool:
    """Whether a host name or address names this machine alone."""
    bare = host.strip("[]").lower()
    if bare == "localhost" or bare.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=1024)
def is_local(address: str) -> bool:
    """Whether who calls from there is on this machine. An empty address is a unix socket's."""
    return not address or is_loopback(address.removeprefix("::ffff:"))


def _refuse_public_demo(values: dict[str, str], site_url: str, hosts: list[str]) -> None:
    if not is_loopback(urlsplit(site_url).hostname or ""):
        fail("DEMO", f"is on, but SITE_URL {site_url} is not on this machine: turn DEMO off")
    for host in hosts:
        if host != "testserver" and not is_loopback(host):
            fail("DEMO", f"is on, but ALLOWED_HOSTS has {host}, which is not this machine: turn DEMO off")
    for name in ("BIND", "GRANIAN_HOST"):
        if values.get(name) and not is_loopback(values[name]):
            fail("DEMO", f"is on, but {name} is {values[name]}, which others can reach: turn DEMO off")


def _secret_key(values: dict[str, str]) -> str:
    key = values.get("SECRET_KEY", "")
    if not key:
        fail("SECRET_KEY", "is not set: give 50 random characters")
    if len(key) < MINIMUM_KEY_BYTES:
        fail("SECRET_KEY", f"is shorter than {MINIMUM_KEY_BYTES} characters")
    return key


def _metrics_token(values: dict[str, str]) -> str:
    token = values.get("METRICS_TOKEN", "")
    if token and (len(token) < MINIMUM_METRICS_TOKEN or not token.isascii()):
        fail("METRICS_TOKEN", f"must have {MINIMUM_METRICS_TOKEN} characters or more, all of them ASCII")
    return token


def _hour(values: dict[str, str], name: str, default: str) -> time | None:
    """An hour of the day in UTC; None where it is switched off."""
    text = values.get(name) or default
    if text.lower() == "off":
        return None
    try:
        return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007
    except ValueError:
        fail(name, "must be a time such as 08:00 (UTC), or off")


def token_keys(text: str) -> dict[int, bytes]:
    """Parse `2:base64,1:base64` into {version: key}, newest first. Keys of at least 32 bytes."""
    if not text:
        fail("TOKEN_KEYS", "is not set: give 1:<base64 of 32 random bytes>")
    keys: dict[int, bytes] = {}
    for part in text.split(","):
        version, _, encoded = part.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            fail("TOKEN_KEYS", "has a key that is not base64")
        if not version.isdecimal() or not 0 < int(version) < 32768 or int(version) in keys:
            fail("TOKEN_KEYS", "must be version:base64 pairs with distinct positive versions")
        if len(key) < MINIMUM_KEY_BYTES:
            fail("TOKEN_KEYS", f"has a key of fewer than {MINIMUM_KEY_BYTES} bytes")
        keys[int(version)] = key
    return keys


def _url(values: dict[str, str], name: str, schemes: set[str]) -> str:
    url = values.get(name, "")
    if not url:
        return ""
    try:
        scheme = urlsplit(url).scheme
        _ = urlsplit(url).port if scheme != "unix" else None
    except ValueError:
        fail(name, "is not a valid URL")
    if scheme not in schemes:
        fail(name, f"must start with {' or '.join(sorted(s + '://' for s in schemes))}")
    return url


def database(url: str) -> dict[str, Any]:
    """Django's DATABASES entry for a PostgreSQL URL, sockets included. Raises ConfigurationError."""
    parts = _conninfo(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.get("dbname", ""),
        "USER": parts.get("user", ""),
        "PASSWORD": parts.get("password", ""),
        "HOST": parts.get("host", ""),
        "PORT": parts.get("port", ""),
    }


def database_options(url: str) -> dict[str, Any]:
    """What else the URL says (sslmode, connect_timeout …), for psycopg."""
    return {k: v for k, v in _conninfo(url).items() if k not in {"dbname", "user", "password", "host", "port"}}


def _conninfo(url: str) -> dict[str, Any]:
    try:
        parts = psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        fail("DATABASE_URL", f"is not valid: {str(error).strip().splitlines()[0]}")
    if not parts.get("dbname"):
        fail("DATABASE_URL", "names no database")
    return dict(parts)


def _email(values: dict[str, str], demo: bool) -> dict[str, Any] | None:
    url = values.get("EMAIL_URL", "")
    if not url:
        if not demo:
            fail("EMAIL_URL", "is not set: give smtp+tls://user:password@host:587")
        return None
    try:
        return dict(environ.Env.email_url_config(url))
    except (KeyError, ValueError, environ.ImproperlyConfigured):
        fail("EMAIL_URL", "is not valid: give smtp+tls://user:password@host:587")


def _social_app(values: dict[str, str], name: str) -> dict[str, Any]:
    secret = values.get(f"{name.upper()}_CLIENT_SECRET", "")
    if not secret:
        fail(f"{name.upper()}_CLIENT_SECRET", f"is not set, but {name.upper()}_CLIENT_ID is")
    return {
        "APPS": [{"client_id": values[f"{name.upper()}_CLIENT_ID"], "secret": secret, "key": ""}],
        "SCOPE": {"github": ["user:email"], "google": ["profile", "email"], "discord": ["identify", "email"]}[name],
        "OAUTH_PKCE_ENABLED": True,
    }


def _stripe(values: dict[str, str], demo: bool) -> Stripe:
    key, secret = values.get("STRIPE_SECRET_KEY", ""), values.get("STRIPE_WEBHOOK_SECRET", "")
    for name, other in (("STRIPE_WEBHOOK_SECRET", "STRIPE_SECRET_KEY"), ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET")):
        if values.get(other) and not values.get(name):
            fail(name, f"is not set, but {other} is")
    if key and not key.startswith(("sk_", "rk_")):
        fail("STRIPE_SECRET_KEY", "must be a secret or restricted key, such as sk_live_…")
    if secret and not secret.startswith("whsec_"):
        fail("STRIPE_WEBHOOK_SECRET", "must be the webhook endpoint's signing secret, such as whsec_…")
    base = (_url(values, "STRIPE_API_BASE", {"https", "http"}) or STRIPE_API).rstrip("/")
    parts = urlsplit(base)
    if not parts.hostname or parts.path or parts.query or parts.fragment or parts.username is not None:
        fail("STRIPE_API_BASE", f"must be an origin such as {STRIPE_API}, with no path")
    if parts.scheme == "http" and not demo and not is_loopback(parts.hostname):
        fail("STRIPE_API_BASE", "must be https: the secret key is sent there")
    return Stripe(key, secret, base)


def _count(values: dict[str, str], name: str) -> int:
    text = values.get(name) or "0"
    if not text.isdecimal():
        fail(name, "must be a whole number")
    return int(text)


def _listed(values: dict[str, str], name: str) -> list[str]:
    return [part.strip().lower() for part in values.get(name, "").split(",") if part.strip()]


def _networks(values: dict[str, str], name: str) -> list[str]:
    networks = _listed(values, name)
    for network in networks:
        try:
            ipaddress.ip_network(network)
        except ValueError:
            fail(name, f"has {network}, which is not a network such as 127.0.0.0/8")
    return networks
