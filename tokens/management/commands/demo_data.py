"""`manage.py demo_data --tokens N`, which `make demo-data TOKENS=N` calls."""

import os
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from accounts import audit
from tiers.models import Tier
from tokens.demo import synthetic

MOST_TOKENS = 100_000_000


@dataclass(slots=True)
class Platform:
    """What the audit event is about."""

    public_id: str = "synthetic"

    def __str__(self) -> str:
        return "synthetic platform"


class Command(BaseCommand):
    help = "Fill the database with a synthetic platform of so many tokens, beside what is there."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tokens", type=int, required=True, help="how many tokens, at least 1")

    def handle(self, *args: Any, **options: Any) -> None:
        tokens = options["tokens"]
        if not settings.DEMO:
            raise CommandError("DEMO is off: a synthetic platform belongs on a demo.")
        if not 1 <= tokens <= MOST_TOKENS:
            raise CommandError(f"--tokens takes a number from 1 to {MOST_TOKENS:,}")
        if not Tier.objects.exists():
            raise CommandError("the catalogue is empty: run manage.py load_catalogue first")
        self._fill(tokens)

    def _fill(self, tokens: int) -> None:
        path, started = settings.VAR_DIR / "demo-tokens.txt", time.monotonic()
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as kept:
            for done, texts in synthetic.write(tokens):
                kept.writelines(f"{text}\n" for text in texts)
                rate = done / (time.monotonic() - started)
                self.stdout.write(f"{done:>12,} tokens, {rate:,.0f} a second")
        with transaction.atomic():
            by = audit.Task("demo_data")
            audit.record("demo.filled", Platform(), by=by, workspace=None, after={"tokens": tokens})
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        self.stdout.write(f"Done in {time.monotonic() - started:,.0f} s. Some of the tokens are in {path}.")
