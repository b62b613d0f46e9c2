from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from accounts.audit import Task
from tiers.actions.catalogue import load_starter_catalogue
from tiers.starter import StarterCatalogueError


class Command(BaseCommand):
    help = "Add the starter tiers, operations and models that the catalogue lacks. What exists is left as it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--update", action="store_true", help="also overwrite what exists with what the files say")

    def handle(self, *, update: bool, **options: object) -> None:
        try:
            done = load_starter_catalogue(by=Task("load_catalogue"), update=update)
        except StarterCatalogueError as error:
            raise CommandError(f"The starter catalogue cannot be used:\n{error}") from error
        for reason in done.skipped:
            self.stderr.write(f"Left out {reason}.")
        self.stdout.write(f"Starter catalogue: {len(done.created)} added, {len(done.updated)} updated.")
