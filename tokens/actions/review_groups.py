"""Groups of reviewers, to which access requests are routed together. On the platform's audit chain."""

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.errors import Invalid
from accounts.models import User
from tokens.models import ReviewGroup
from tokens.policies import review_desk as policies
from tokens.wording import clean_name

_MOST_IN_NAME = 60


@transaction.atomic
def make_group(*, name: str, members: Iterable[User], by: User) -> ReviewGroup:
    policies.check_manage(by)
    members = list(members)
    policies.check_members(members)
    group = _saved(ReviewGroup(), name)
    group.members.set(members)
    audit.record(
        "review_group.made", group, by=by, workspace=None, after={"name": group.name, "members": _ids(members)}
    )
    return group


@transaction.atomic
def edit_group(*, group: ReviewGroup, name: str, members: Iterable[User], by: User) -> ReviewGroup:
    """Rename it, and say who is in it. Members are told by id in the audit: a name is personal data."""
    policies.check_manage(by)
    group = _locked(group)
    members = list(members)
    policies.check_members(members)
    before = {"name": group.name, "members": _ids(group.members.all())}
    group = _saved(group, name)
    after = {"name": group.name, "members": _ids(members)}
    changed = [field for field in before if before[field] != after[field]]
    if not changed:
        return group
    group.members.set(members)
    audit.record(
        "review_group.edited",
        group,
        by=by,
        workspace=None,
        before={field: before[field] for field in changed},
        after={field: after[field] for field in changed},
    )
    return group


@transaction.atomic
def remove_group(*, group: ReviewGroup, by: User) -> None:
    """For good, as long as nothing names it."""
    policies.check_manage(by)
    group = _locked(group)
    policies.check_unused(group)
    before = {"name": group.name, "members": _ids(group.members.all())}
    audit.record("review_group.removed", group, by=by, workspace=None, before=before)
    group.delete()


def _locked(group: ReviewGroup) -> ReviewGroup:
    return ReviewGroup.objects.select_for_update().get(pk=group.pk)


def _saved(group: ReviewGroup, name: str) -> ReviewGroup:
    group.name = clean_name(name, most=_MOST_IN_NAME)
    try:
        with transaction.atomic():
            group.save()
    except IntegrityError:
        raise Invalid(_("Another group has this name."), field="name") from None
    return group


def _ids(people: Iterable[User]) -> list[str]:
    return sorted(person.public_id for person in people)
