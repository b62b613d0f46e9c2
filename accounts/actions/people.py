"""What is done to and by a person."""

from typing import Any

from django.db import transaction

from accounts import audit
from accounts.errors import Invalid, NotAllowed
from accounts.models import Membership, MembershipRole, PlatformRole, User, Workspace
from accounts.policies import check_change_role


def register_person(*, person: User, by: audit.Actor | None = None) -> Workspace:
    """Save a new person with the personal workspace that everybody has. `by` is the person unless given.

    A person who has one already keeps it: every way of signing up ends here, some of them twice."""
    with transaction.atomic():
        if person.pk is None:
            person.save()
        existing = Workspace.objects.filter(personal_of=person).first()
        if existing is not None:
            return existing
        workspace = Workspace.objects.create(name=person.display_name[:80], personal_of=person, demo=person.demo)
        Membership.objects.create(workspace=workspace, user=person, role=MembershipRole.OWNER)
        audit.record("person.registered", person, by=by or person, workspace=workspace, after={"role": person.role})
    return workspace


def change_profile(*, person: User, values: dict[str, Any], by: User) -> User:
    """Change one's own name, language or shortcuts. `values` may hold `name`, `locale`, `single_keys`,
    `review_digest`."""
    if by.pk != person.pk:
        raise NotAllowed
    unknown = values.keys() - {"name", "locale", "single_keys", "review_digest"}
    if unknown:
        raise ValueError(f"not part of a profile: {', '.join(sorted(unknown))}")
    with transaction.atomic():
        locked = User.objects.select_for_update(no_key=True).get(pk=person.pk)
        changed = [name for name, value in values.items() if getattr(locked, name) != value]
        if not changed:
            return locked
        before = {name: getattr(locked, name) for name in changed}
        for name in changed:
            setattr(locked, name, values[name])
        locked.save(update_fields=changed)
        audit.record(
            "person.profile_changed",
            locked,
            by=by,
            workspace=None,
            before=_without_name(before),
            after=_without_name({name: values[name] for name in changed}),
        )
    return locked


def _without_name(values: dict[str, Any]) -> dict[str, Any]:
    """A name is personal data, and an event cannot be erased: it says that the name changed, not from what."""
    return {key: "…" if key == "name" else value for key, value in values.items()}


def change_role(*, person: User, role: str, reason: str, by: audit.Actor) -> User:
    """Give a person another role on the platform. By an administrator, or by a command on the server."""
    if role not in PlatformRole.values:
        raise Invalid(f"no such role: {role}", field="role")
    with transaction.atomic():
        ids = {person.pk} | ({by.pk} if isinstance(by, User) else set())
        people = {u.pk: u for u in User.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")}
        # Read again under the lock: of two administrators who demote each other at once, one is too late.
        locked, by = people[person.pk], people[by.pk] if isinstance(by, User) else by
        check_change_role(locked, reason, by)
        if locked.role == role:
            return locked
        before, locked.role = locked.role, role
        locked.save(update_fields=["role"])
        audit.record(
            "person.role_changed",
            locked,
            by=by,
            workspace=None,
            reason=reason,
            before={"role": before},
            after={"role": role},
        )
    return locked
