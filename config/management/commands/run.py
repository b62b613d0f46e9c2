"""`manage.py run`, which `make run` calls: everything on one machine, in one terminal."""

import json
import os
import socket
import time
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from config import command_line, services, supervision
from tokens.demo import written
from tokens.gateway import metrics

READY_SECONDS = 60
LOOK_SECONDS = 1
SERVERS_SECONDS = 5
DEMO_PEOPLE = ("dev@trellis.test", "maintainer@trellis.test", "staff@trellis.test", "admin@trellis.test")
DEMO_PASSWORD = "trellis-demo"  # noqa: S105 (the demo's, published)


class Command(BaseCommand):
    help = "Start Trellis: servers, web, gateway, worker and beat. Ctrl-C stops them all."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.host = os.environ.get("BIND", "").strip() or "127.0.0.1"
        self.port = int(os.environ.get("PORT", "").strip() or "8000")
        clone = settings.BASE_DIR
        with supervision.ended_by_signals(), supervision.only_one(settings.VAR_DIR):
            supervision.end_leftovers(clone)
            supervision.check_port(self.host, self.port)
            with services.hold(clone, services.missing()):
                command_line.check_database()
                command_line.check_redis()
                self._prepare()
                with supervision.procfile(clone, self._environment()) as running:
                    self._watch(running)

    def _prepare(self) -> None:
        metrics.forget_ended()
        self._say("Preparing the database …")
        call_command("migrate", interactive=False, verbosity=0)
        call_command("compile_translations")
        call_command("collectstatic", interactive=False, verbosity=0)
        call_command("load_catalogue")
        if settings.DEMO:
            call_command("load_demo")
        self._correct_address()

    def _correct_address(self) -> None:
        """The demo's file says where Trellis answers now, which PORT may have moved."""
        demo = self._demo()
        if demo and demo.get("base_url") != settings.SITE_URL:
            written.save({**demo, "base_url": settings.SITE_URL})

    def _demo(self) -> dict[str, Any]:
        try:
            return dict(json.loads((settings.VAR_DIR / "demo.json").read_text()))
        except (OSError, ValueError):
            return {}

    def _environment(self) -> dict[str, str]:
        """Honcho gives each process a PORT of its own, so the site's address is passed on as such."""
        return {
            "BIND": self.host,
            "PORT": str(self.port),
            "SITE_URL": settings.SITE_URL,
            "DEMO": "on" if settings.DEMO else "off",
        }

    def _watch(self, running: supervision.Processes) -> None:
        """Until a signal ends it: announce the address once it answers, and start again what died."""
        parent, started, looked, announced = os.getppid(), time.monotonic(), time.monotonic(), False
        while running.is_serving:
            if not announced and (self._answers() or time.monotonic() - started > READY_SECONDS):
                self._announce()
                announced = True
            if supervision.orphaned(parent):
                return
            if time.monotonic() - looked > SERVERS_SECONDS:
                services.ensure(settings.BASE_DIR, services.missing())
                for name in running.start_ended_again():
                    self._say(f"trellis: {name} ended, and is started again\n")
                looked = time.monotonic()
            time.sleep(LOOK_SECONDS)
        raise SystemExit("trellis: web ended, so all were stopped; its last lines above say why")

    def _answers(self) -> bool:
        try:
            socket.create_connection((self.host, self.port), timeout=LOOK_SECONDS).close()
        except OSError:
            return False
        return True

    def _announce(self) -> None:
        lines = ["", f"Trellis is at {settings.SITE_URL}"]
        if settings.DEMO:
            lines += ["Sign in as " + ", ".join(DEMO_PEOPLE), f"with the password {DEMO_PASSWORD}"]
            key = self._demo().get("gateway_key")
            lines.append(f"Demo gateway key: {key}" if key else "var/demo.json, which held the demo's keys, is gone")
        self._say("\n".join([*lines, "Ctrl-C stops everything.", ""]))

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
