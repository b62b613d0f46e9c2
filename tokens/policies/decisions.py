"""When a decision can be taken back, by whom, and when a second approval counts."""

from datetime import UTC, datetime

from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import clock
from accounts.audit import Actor
from accounts.errors import Conflict, DomainError, Invalid, NotAllowed
from accounts.models import User
from accounts.names import isolated
from tiers.models import Order
from tokens import review_terms
from tokens.lifecycle import Action
from tokens.models import AccessRequest, Decision, RuleVersion
from tokens.models.requests import OPEN
from tokens.policies import requests as policies
from tokens.review_terms import terms_of


def needs_two(access_request: AccessRequest) -> bool:
    return terms_of(access_request.tier).approvals > 1


def check_not_by_rule(rule: RuleVersion | None) -> None:
    if rule is not None:
        raise Conflict(_("This takes the approvals of two people, so no rule gives it."))


def check_second(by: Actor, first: Decision) -> None:
    """Whoever gave the first approval does not give the second."""
    if isinstance(by, User) and first.by_id == by.pk:
        message = _("You gave the first approval on %(at)s. Somebody else has to give the second.")
        raise Conflict(message % {"at": _moment(first.at)})


def check_undo(user: User, decision: Decision, now: datetime) -> None:
    """The person first, as everywhere. Whoever decided undoes it, shortly after, while nothing rests on it; what a rule
    decided, any reviewer."""
    access_request = decision.access_request
    policies.check_review(user, access_request)
    if decision.by_id not in (None, user.pk):
        raise NotAllowed(_("Only %(name)s can undo this decision.") % {"name": isolated(decision.decider)})
    _check_stands(decision)
    if now > decision.at + review_terms.UNDO_FOR:
        message = _("A decision can be undone for %(number)d seconds. It can still be reopened, with a reason.")
        raise Conflict(message % {"number": review_terms.UNDO_FOR.seconds})
    if access_request.version != decision.version:
        values = {"what": policies.what_happened(access_request)}
        raise Conflict(_("It cannot be undone any more, since something happened after it. %(what)s") % values)
    policies.check_state(access_request, Action.UNDO)
    _check_nothing_bought_since(decision)
    check_none_open_beside(access_request)


def why_not_undo(user: User, decision: Decision) -> str:
    """The reason, or empty where this person may undo it now."""
    try:
        check_undo(user, decision, clock.now())
    except DomainError as error:
        return str(error.message)
    return ""


def check_reopen(user: User, access_request: AccessRequest) -> None:
    policies.check_act(user, access_request, Action.REOPEN)
    check_none_open_beside(access_request)


def why_not_reopen(user: User, access_request: AccessRequest) -> str:
    """The reason, or empty where this person may reopen it."""
    try:
        check_reopen(user, access_request)
    except DomainError as error:
        return str(error.message)
    return ""


def check_reason(reason: str) -> None:
    if not reason:
        raise Invalid(_("Say why it is reopened. The applicant reads this."), field="reason")


def check_none_open_beside(access_request: AccessRequest) -> None:
    """One open request per application and subject. The applicant may have asked anew in the meantime."""
    same = AccessRequest.objects.filter(
        application=access_request.application_id, tier=access_request.tier_id, model=access_request.model_id
    )
    beside = same.filter(state__in=OPEN).exclude(pk=access_request.pk).first()
    if beside is not None:
        message = _("The applicant has asked for the same again since, in %(id)s. Decide that one.")
        raise Conflict(message % {"id": beside.public_id}, public_id=beside.public_id)


def _check_stands(decision: Decision) -> None:
    if decision.undone_at is not None:
        raise Conflict(_("This decision was undone already, on %(at)s.") % {"at": _moment(decision.undone_at)})
    if not decision.stands:
        raise Conflict(_("This decision does not stand any more."))


def _check_nothing_bought_since(decision: Decision) -> None:
    """What somebody pays for may rest on what they held then."""
    since = Q(created_at__gt=decision.at) | Q(changed_at__gt=decision.at)
    if Order.objects.filter(since, workspace=decision.access_request.workspace_id).exists():
        message = _("The workspace has placed or paid an order since. It can still be reopened, with a reason.")
        raise Conflict(message)


def _moment(at: datetime) -> str:
    return _("%(time)s UTC") % {"time": date_format(at.astimezone(UTC), "DATETIME_FORMAT")}
