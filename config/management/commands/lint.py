"""`manage.py lint`: what only Django can check. `make lint` calls it after ruff and mypy."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from django.template import TemplateSyntaxError
from django.template.loader import get_template

from config import translations

# Commands that write a document from the code; with --check they fail where it is out of date.
GENERATORS = ("request_states", "order_states", "refusals_doc")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


class Command(BaseCommand):
    help = "Check migrations, templates, translations and generated documents. Changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        problems = [*_migrations(), *_templates(), *_translations(), *_documents(), *_links()]
        for problem in problems:
            self.stderr.write(problem)
        if problems:
            raise CommandError(f"{len(problems)} problems")


def _migrations() -> Iterator[str]:
    try:
        call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)
    except SystemExit:
        yield "Models differ from their migrations: run manage.py makemigrations"


def _templates() -> Iterator[str]:
    own = [config.path for config in apps.get_app_configs() if Path(config.path).parent == settings.BASE_DIR]
    for folder in [settings.BASE_DIR / "templates", *(Path(path) / "templates" for path in own)]:
        for path in sorted(folder.rglob("*.*")):
            if path.suffix in {".html", ".txt", ".svg", ".xml"}:
                try:
                    get_template(str(path.relative_to(folder)))
                except (TemplateSyntaxError, UnicodeDecodeError) as error:
                    yield f"{path.relative_to(settings.BASE_DIR)}: {error}"


def _translations() -> Iterator[str]:
    yield from translations.problems([Path(folder) for folder in settings.LOCALE_PATHS])


def _documents() -> Iterator[str]:
    for name in GENERATORS:
        try:
            call_command(name, check=True)
        except (CommandError, SystemExit) as error:
            yield f"manage.py {name} --check: {error}"


def _links() -> Iterator[str]:
    """Links between the documents lead somewhere."""
    base: Path = settings.BASE_DIR
    pages = [*base.glob("*.md"), *base.glob("docs/**/*.md"), *base.glob("[a-z]*/README.md")]
    for page in pages:
        for target in LINK.findall(page.read_text("utf-8")):
            if not (page.parent / target).exists():
                yield f"{page.relative_to(base)}: {target} does not exist"
