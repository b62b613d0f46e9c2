"""The demo's four people, as the contract names them. Refused at sign-in wherever `DEMO` is off."""

from dataclasses import dataclass
from typing import Final

from allauth.account.models import EmailAddress
from django.db import transaction

from accounts.actions.people import register_person
from accounts.audit import System
from accounts.models import PlatformRole, User

PASSWORD: Final = "trellis-demo"  # noqa: S105  The contract publishes it.
BY: Final = System("demo")


@dataclass(frozen=True, slots=True)
class DemoPeople:
    developer: User
    maintainer: User
    auditor: User
    administrator: User


def create_demo_people() -> DemoPeople:
    """The four, made if they are not there yet. A second call changes nothing of theirs."""
    with transaction.atomic():
        return DemoPeople(
            developer=demo_person("dev@trellis.test", "Noor Haddad", PlatformRole.DEVELOPER),
            maintainer=demo_person("maintainer@trellis.test", "Ines Duarte", PlatformRole.MAINTAINER),
            auditor=demo_person("staff@trellis.test", "Tomasz Wilk", PlatformRole.AUDITOR),
            administrator=demo_person("admin@trellis.test", "Mireille Okafor", PlatformRole.ADMINISTRATOR),
        )


def demo_person(email: str, name: str, role: str = PlatformRole.DEVELOPER, locale: str = "en") -> User:
    """One person of the demo with the demo's password, a confirmed address and a personal workspace."""
    with transaction.atomic():
        existing = User.objects.filter(email=email).first()
        if existing is not None:
            return existing
        person = User(email=email, name=name, role=role, locale=locale, demo=True)
        person.set_password(PASSWORD)
        register_person(person=person, by=BY)
        EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
    return person
