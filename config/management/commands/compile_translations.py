"""`manage.py compile_translations`: what `compilemessages` does, without GNU gettext."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config import translations


class Command(BaseCommand):
    help = "Compile the translations that changed."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        for source in translations.compile_stale([Path(folder) for folder in settings.LOCALE_PATHS]):
            if options["verbosity"] > 1:
                self.stdout.write(str(source))
