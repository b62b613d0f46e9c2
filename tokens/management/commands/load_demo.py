"""`manage.py load_demo`, which the first `make run` calls."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError
from psycopg.errors import InsufficientPrivilege

from accounts.errors import DomainError
from tiers.models import Tier
from tokens.demo import loading, written


class Command(BaseCommand):
    help = "Load the demo: people, applications, access requests, tokens. A second time changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("DEMO is off, and the demo's password is known to everybody: set DEMO=on to load it.")
        if not Tier.objects.exists():
            raise CommandError("the catalogue is empty: run manage.py load_catalogue first")
        try:
            did = loading.load()
        except DomainError as error:
            raise CommandError(f"the demo does not fit the catalogue or what is there: {error.message}") from error
        except ObjectDoesNotExist as error:
            raise CommandError(f"the demo does not fit the catalogue: {error}") from error
        except ProgrammingError as error:
            if not isinstance(error.__cause__, InsufficientPrivilege):
                raise
            raise CommandError("the demo needs a database role that may create schemas") from error
        told = "loaded" if did == "nothing" else f"{did}: {written.path()} has its keys"
        self.stdout.write(f"The demo is {told}.")
