"""`manage.py services`: the embedded PostgreSQL and Redis alone."""

import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from config import services, supervision


class Command(BaseCommand):
    help = "Start the embedded PostgreSQL and Redis, print their URLs, and stop them on Ctrl-C."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        choice = parser.add_mutually_exclusive_group()
        choice.add_argument("--detach", action="store_true", help="leave them running")
        choice.add_argument("--stop", action="store_true", help="stop them")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["stop"]:
            services.stop(settings.BASE_DIR)
        elif options["detach"]:
            self._announce(services.keep(settings.BASE_DIR, services.missing()))
        else:
            with supervision.ended_by_signals(), services.hold(settings.BASE_DIR, services.missing()) as place:
                self._announce(place)
                self.stdout.write("Ctrl-C stops them.")
                while True:
                    signal.pause()

    def _announce(self, place: services.Embedded) -> None:
        urls = {"postgresql": ("DATABASE_URL", place.database_url), "redis": ("REDIS_URL", place.redis_url)}
        for server, (name, url) in urls.items():
            if server in services.missing():
                self.stdout.write(f"{name}={url}")
            else:
                self.stdout.write(f"# {name} is set already, so that server was not started.")
