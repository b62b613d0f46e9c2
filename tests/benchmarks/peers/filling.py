"""Fills the peers' database: so many credentials of each kind, their texts in a file each, and who introspects.

Each credential has a person of its own: knox looks through all tokens of a person at each call."""

import json
import os
import secrets
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.peers.settings"
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402
from knox.models import AuthToken, get_digest_token  # noqa: E402
from knox.settings import CONSTANTS  # noqa: E402
from oauth2_provider.models import AccessToken, Application  # noqa: E402
from rest_framework_api_key.models import APIKey  # noqa: E402

BATCH = 5_000


def main() -> None:
    number, folder = int(sys.argv[1]), Path(sys.argv[2])
    call_command("migrate", verbosity=0)
    users = [User(username=f"person-{one}", password="!") for one in range(number)]
    User.objects.bulk_create(users, batch_size=BATCH)
    client = Application.objects.create(
        name="gateway",
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        client_secret=(secret := secrets.token_urlsafe(32)),
        hash_client_secret=False,
    )
    for name, texts in (
        ("drf_api_key", _api_keys(number)),
        ("knox", _knox(users)),
        ("dot", _access_tokens(users, client)),
    ):
        (folder / f"{name}.txt").write_text("".join(f"{text}\n" for text in texts))
    bearer = _access_token(None, client, "introspection")
    bearer.save()
    told = {"bearer": bearer.token, "client_id": client.client_id, "client_secret": secret}
    (folder / "client.json").write_text(json.dumps(told))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _api_keys(number: int) -> Iterator[str]:
    rows = []
    for one in range(number):
        row = APIKey(name=f"key {one}")
        yield APIKey.objects.assign_key(row)
        rows.append(row)
    APIKey.objects.bulk_create(rows, batch_size=BATCH)


def _knox(users: list[User]) -> Iterator[str]:
    rows = []
    for user in users:
        digest, text = get_digest_token()
        rows.append(AuthToken(digest=digest, token_key=text[: CONSTANTS.TOKEN_KEY_LENGTH], user=user))
        yield text
    AuthToken.objects.bulk_create(rows, batch_size=BATCH)


def _access_tokens(users: list[User], client: Application) -> Iterator[str]:
    rows = [_access_token(user, client, "read") for user in users]
    AccessToken.objects.bulk_create(rows, batch_size=BATCH)
    yield from (row.token for row in rows)


def _access_token(user: User | None, client: Application, scope: str) -> AccessToken:
    until = timezone.now() + timedelta(days=1)
    return AccessToken(user=user, application=client, token=secrets.token_urlsafe(24), scope=scope, expires=until)


if __name__ == "__main__":
    main()
