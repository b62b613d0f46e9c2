"""Who sets how the review desk works, and what terms and groups may say."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from accounts.errors import Conflict, Invalid
from accounts.models import User
from accounts.roles import Permission, require
from tokens.models import AccessRequest, ReviewGroup, ReviewTerms, Rule
from tokens.selectors.reviewers import reviewers

MOST_HOURS = 2400


def check_manage(by: User) -> None:
    require(by, Permission.REVIEW_MANAGE)


def check_terms(terms: ReviewTerms) -> None:
    """Raises Invalid, naming the field."""
    if not 1 <= terms.target_hours <= MOST_HOURS:
        raise Invalid(_("Give from 1 to %(most)d hours.") % {"most": MOST_HOURS}, field="target_hours")
    if terms.approvals not in (1, 2):
        raise Invalid(_("One approval or two."), field="approvals")
    hours = terms.escalate_hours
    if hours is not None and hours < terms.target_hours:
        raise Invalid(_("Not before the time in which it is to be answered is over."), field="escalate_hours")
    if hours is not None and hours > MOST_HOURS:
        raise Invalid(_("Give from 1 to %(most)d hours.") % {"most": MOST_HOURS}, field="escalate_hours")
    if hours is not None and terms.escalation_group is None:
        raise Invalid(_("Say to which group it is brought."), field="escalation_group")
    if hours is None and terms.escalation_group is not None:
        raise Invalid(_("Say after how many hours, or choose no group."), field="escalate_hours")


def check_members(members: Iterable[User]) -> None:
    """Members are people who may decide, or nobody would do what the group is given."""
    ids = {member.pk for member in members}
    if reviewers().filter(pk__in=ids).count() != len(ids):
        raise Invalid(_("Choose among those who may decide."), field="members")


def check_unused(group: ReviewGroup) -> None:
    """What names a group keeps it: terms, access requests, and rules that are switched on."""
    if ReviewTerms.objects.filter(group=group).exists() or ReviewTerms.objects.filter(escalation_group=group).exists():
        raise Conflict(_("The terms name this group. Choose another there first."))
    if AccessRequest.objects.filter(group=group).exists():
        raise Conflict(_("Access requests were given to this group, and say so for good. Rename it instead."))
    if Rule.objects.filter(active__actions__icontains=group.public_id).exists():
        raise Conflict(_("A rule gives access requests to this group. Switch it off first."))
