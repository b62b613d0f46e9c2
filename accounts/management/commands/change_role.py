"""`manage.py change_role EMAIL ROLE --reason …`: what an administrator may do for others, on the server itself."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.actions.people import change_role
from accounts.audit import Task
from accounts.errors import DomainError
from accounts.models import PlatformRole, User


class Command(BaseCommand):
    help = "Give a person another role on the platform."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("role", choices=PlatformRole.values)
        parser.add_argument("--reason", required=True)

    def handle(self, *args: Any, email: str, role: str, reason: str, **options: Any) -> None:
        person = User.objects.filter(email__iexact=email.strip()).first()
        if person is None:
            raise CommandError(f"nobody has the address {email}")
        try:
            change_role(person=person, role=role, reason=reason, by=Task("change_role"))
        except DomainError as error:
            raise CommandError(str(error.message)) from None
        self.stdout.write(f"{person.email} is {role}")
