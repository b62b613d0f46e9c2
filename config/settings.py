"""All settings, read from the environment; `docs/operations.md` lists every variable.

A missing or malformed variable stops the start with one line that names it. With `DEMO` off nothing has an
insecure default. `DEMO`, when not given, is on only where nothing names a real site (see `environment.py`).
"""

import os
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from accounts import patience
from config import environment, logs, services

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

ENV = environment.read(VAR_DIR)
DEMO: bool = ENV.demo
DEBUG = False
SECRET_KEY = ENV.secret_key
SITE_URL = ENV.site_url
ALLOWED_HOSTS = ENV.allowed_hosts
CSRF_TRUSTED_ORIGINS = [SITE_URL]

# --- Tokens -----------------------------------------------------------------------------------------------
# Versioned HMAC keys, newest first: {version: key bytes}.
TOKEN_KEYS: dict[int, bytes] = ENV.token_keys

# --- Applications -----------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "config",
    "accounts",
    "tiers",
    "tokens",
    "pgtrigger",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    *[f"allauth.socialaccount.providers.{name}" for name in ENV.social_providers],
    "allauth.usersessions",
    "django_htmx",
    "django_structlog",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "accounts.middleware.AuditContextMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "accounts.middleware.PlainTextMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.PersonLocaleMiddleware",
    "accounts.middleware.NotKeptMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.SeenMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.DomainErrorMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context_processors.shell",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "config.templatetags.ui",
                "config.templatetags.charts",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- PostgreSQL, Redis, Celery ----------------------------------------------------------------------------
EMBEDDED = services.locate(BASE_DIR)
DATABASE_URL: str = ENV.database_url or EMBEDDED.database_url
REDIS_URL: str = ENV.redis_url or EMBEDDED.redis_url
# Where gateways' passes and counters lie: the same Redis, or one of its own, or a node of a cluster.
PASS_STORE_URL: str = ENV.pass_store_url or REDIS_URL
# Each process of the gateway keeps itself up to date in a thread. Not so the tests' own process.
HOUSEKEEPING = True

DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **environment.database(DATABASE_URL),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            # In seconds, unless the URL says another: by itself psycopg waits two minutes for a server that hangs.
            "connect_timeout": 5,
            **environment.database_options(DATABASE_URL),
            # For the gateway's own statements; Django's cursors prepare none.
            "prepare_threshold": 5,
            # A pool waits ever longer between its attempts: given up early, it is back as soon as PostgreSQL is.
            "pool": {
                "min_size": 1,
                "max_size": 12,
                "timeout": 5,
                "reconnect_timeout": 2,
                "connection_class": patience.Connection,
            },
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

CELERY_BROKER_URL = services.celery_url(REDIS_URL)
CELERY_TASK_DEFAULT_QUEUE = "rest"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 120,
    # Of workers, which wait for messages. A request publishes with shorter ones (`accounts/deferred.py`).
    "socket_timeout": 10,
    "socket_connect_timeout": 5,
}
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.02,
    "interval_max": 0.02,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"

# --- People -----------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
# The address is unique in lower case, by a constraint that this check does not know.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
AUTHENTICATION_BACKENDS = ["accounts.backends.PeopleBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "accounts.adapters.SocialAccountAdapter"
MFA_ADAPTER = "accounts.adapters.MFAAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.SignupForm"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_PREVENT_ENUMERATION = True
SOCIALACCOUNT_PROVIDERS = ENV.social_apps
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_STORE_TOKENS = False
ALLAUTH_TRUSTED_PROXY_COUNT = ENV.trusted_proxy_count
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEMO
MFA_TOTP_ISSUER = "Trellis"
USERSESSIONS_TRACK_ACTIVITY = True
# Seconds, at least, between two writings of when a session was last seen.
SESSIONS_SEEN_EVERY = 60.0
# Staff roles need a second factor; the demo's four people must get in with a password alone.
SECOND_FACTOR_REQUIRED = not DEMO

# --- Mail -------------------------------------------------------------------------------------------------
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = VAR_DIR / "mail"
if ENV.email is not None:
    globals().update(ENV.email)
EMAIL_TIMEOUT = 5
DEFAULT_FROM_EMAIL = ENV.from_email

# --- Languages and time -----------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "config.formats"
TIME_ZONE = "UTC"
USE_TZ = True

# --- Files and headers ------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF, *ENV.form_targets],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.trusted_proxy_count else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SITE_URL.startswith("https://")
SECURE_HSTS_SECONDS = 31_536_000 if SITE_URL.startswith("https://") else 0
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "config.views.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20

# Seconds for which pages go by a catalogue that stands unchanged.
CATALOGUE_KEPT = 5.0

# --- Outgoing HTTP ----------------------------------------------------------------------------------------
# Networks that domain proofs and looks at websites may reach although they are private or loopback. For tests only.
OUTGOING_ALLOWED_NETWORKS: list[str] = ENV.outgoing_allowed_networks
# Mail domains that count as throw-away, beside those of `disposable-email-domains`.
DISPOSABLE_MAIL_DOMAINS: list[str] = ENV.disposable_mail_domains
# Addresses and ports of DNS servers to ask for domain proofs; none means the system's.
DNS_SERVERS: list[tuple[str, int]] = []
DOMAIN_PROOF_ADDRESS = "https://{host}/.well-known/trellis-verify.txt"

# Where GitHub publishes the keys by which it signs its reports of leaked tokens.
SECRET_SCANNING_KEYS_URL = ENV.secret_scanning_keys_url

# --- Payments ---------------------------------------------------------------------------------------------
STRIPE_SECRET_KEY = ENV.stripe.secret_key
STRIPE_WEBHOOK_SECRET = ENV.stripe.webhook_secret
STRIPE_API_BASE = ENV.stripe.api_base

# --- Metrics ----------------------------------------------------------------------------------------------
# The client library of Prometheus reads this variable when it is first imported.
METRICS_DIR: str = os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(VAR_DIR / "metrics"))
METRICS_TOKEN = ENV.metrics_token

# --- Review -----------------------------------------------------------------------------------------------
REVIEW_DIGEST_AT = ENV.review_digest_at

# --- Logs -------------------------------------------------------------------------------------------------
# AuditContextMiddleware has replaced an ill-formed one by then.
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True
LOGGING = logs.configuration(readable=DEMO)
