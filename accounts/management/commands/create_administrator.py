"""`manage.py create_administrator EMAIL`: the first real administrator, on the server itself."""

import getpass
import os
import sys
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction

from accounts.actions.people import change_role, register_person
from accounts.audit import Task
from accounts.models import PlatformRole, User

BY = Task("create_administrator")
VARIABLE = "ADMINISTRATOR_PASSWORD"


class Command(BaseCommand):
    help = (
        "Make an administrator, or make one of a person who exists. The password is read from "
        f"{VARIABLE}, from standard input if that is no terminal, or asked for."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="")

    def handle(self, *args: Any, email: str, name: str, **options: Any) -> None:
        address = email.strip().lower()
        try:
            validate_email(address)
        except ValidationError:
            raise CommandError(f"{email} is no e-mail address") from None
        person = User.objects.filter(email__iexact=address).first()
        if person is not None and person.demo:
            raise CommandError(f"{address} is one of the demo's people, whom nobody may trust")
        password = _password() if person is None else None
        with transaction.atomic():
            if person is None:
                person = _new_person(address, name, password)
            EmailAddress.objects.filter(user=person).exclude(email=address).update(primary=False)
            EmailAddress.objects.update_or_create(
                user=person, email=address, defaults={"verified": True, "primary": True}
            )
            change_role(person=person, role=PlatformRole.ADMINISTRATOR, reason="made on the server", by=BY)
        self.stdout.write(f"{address} is an administrator. They set up a second factor when they first sign in.")


def _new_person(address: str, name: str, password: str | None) -> User:
    person = User(email=address, name=name.strip()[:100])
    try:
        validate_password(password or "", person)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from None
    person.set_password(password)
    register_person(person=person, by=BY)
    return person


def _password() -> str:
    given = os.environ.get(VARIABLE)
    if given:
        return given
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("Once more: "):
        raise CommandError("the two passwords differ")
    return first
