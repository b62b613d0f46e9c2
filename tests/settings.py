"""The project's settings, with what makes tests quick and repeatable."""

import os

import tests.environment  # noqa: F401  It comes before the settings that read it.
from config.settings import *  # noqa: F403
from config.settings import DATABASES, SITE_URL

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
HOUSEKEEPING = "TEST_DATABASE_NAME" in os.environ
# So that a page takes the same queries whatever was looked at before.
CATALOGUE_KEPT = 0.0
SESSIONS_SEEN_EVERY = 0.0
# A code that was shown a moment ago holds, so that no test fails at the turn of a half minute.
MFA_TOTP_TOLERANCE = 1
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True

# A worker or a server that a test starts works on that test's own database.
if "TEST_DATABASE_NAME" in os.environ:
    DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE_NAME"]
    SITE_URL = os.environ.get("TEST_SITE_URL", SITE_URL)
    CSRF_TRUSTED_ORIGINS = [SITE_URL]
if "TEST_POOL_SECONDS" in os.environ:
    DATABASES["default"]["OPTIONS"]["pool"]["timeout"] = float(os.environ["TEST_POOL_SECONDS"])
if "TEST_MAIL_FOLDER" in os.environ:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = os.environ["TEST_MAIL_FOLDER"]
