"""A person's right to be forgotten, as far as an append-only audit allows."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit, clock
from accounts.errors import Invalid
from accounts.models import AuditOrigin, User
from accounts.roles import Permission, require


def erase_origin(*, person: User, reason: str, by: audit.Actor) -> int:
    """Erase the addresses and e-mails kept beside what this person did; how many is answered. The salts go too, or
    the hashes in the chain could be searched. The events themselves stay, and so does the chain."""
    if not reason.strip():
        raise Invalid(_("Say why."), field="reason")
    with transaction.atomic():
        if isinstance(by, User):
            require(by, Permission.PEOPLE_MANAGE)
        origins = AuditOrigin.objects.filter(event__actor=person, erased_at=None)
        erased = origins.update(address=None, email="", salt="", erased_at=clock.now())
        audit.record(
            "person.origin_erased", person, by=by, workspace=None, reason=reason.strip(), after={"events": erased}
        )
    return erased
