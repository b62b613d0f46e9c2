"""Who may do what to an access request, and whether what it asks for makes sense."""

from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import clock
from accounts.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound
from accounts.models import Membership, User
from accounts.names import isolated
from accounts.policies import check_verified_email
from accounts.roles import Permission, may, require
from tiers import snapshot
from tiers.actions.grants import SELF_SERVICE
from tiers.entitlements import Held, holding, standing
from tiers.facts import Catalogue, GrantFacts
from tiers.models import AIModel, Grant, GrantPermission, GrantSource, Tier
from tokens.lifecycle import Action, Side, side_of, transition
from tokens.models import AccessRequest, Application, RequestState
from tokens.models.requests import DECIDED, OPEN
from tokens.policies.last_changes import last_change

COOL_DOWN: Final = timedelta(days=7)
MINIMUM_PURPOSE: Final = 20  # characters
_REVIEWERS_HAVE: Final = (RequestState.IN_REVIEW, RequestState.CHANGES_REQUESTED)


# --- Who -------------------------------------------------------------------------------------------------


def check_act(user: User, access_request: AccessRequest, action: Action) -> None:
    """The person first, then the state: nobody learns the state of what they may not act upon."""
    if side_of(action) is Side.APPLICANT:
        require(user, Permission.REQUEST_WRITE, access_request.workspace)
    else:
        check_review(user, access_request)
    check_state(access_request, action)


def can_act(user: User, access_request: AccessRequest, action: Action) -> bool:
    return why_not(user, access_request, action) is None


def why_not(user: User, access_request: AccessRequest, action: Action) -> str | None:
    """The reason why the button is not there, or None where the person may."""
    try:
        check_act(user, access_request, action)
    except DomainError as error:
        return str(error.message)
    return None


def check_review(user: User, access_request: AccessRequest) -> None:
    require(user, Permission.REVIEW_DECIDE)
    if is_insider(user, access_request):
        raise NotAllowed(_("You belong to the workspace that asks, so somebody else has to review this one."))


def why_not_review(user: User, access_request: AccessRequest) -> str | None:
    """The reason why this person may not review it, or None where they may, whatever its state."""
    try:
        check_review(user, access_request)
    except DomainError as error:
        return str(error.message)
    return None


def is_insider(user: User, access_request: AccessRequest) -> bool:
    return Membership.objects.filter(workspace=access_request.workspace_id, user=user).exists()


def can_read_internal(user: User, access_request: AccessRequest) -> bool:
    """Internal remarks are for reviewers, and not for those whom they are about."""
    return may(user, Permission.REVIEW_READ) and not is_insider(user, access_request)


# --- The state -------------------------------------------------------------------------------------------


def check_state(access_request: AccessRequest, action: Action) -> None:
    if transition(access_request.state, action) is None:
        raise Conflict(what_happened(access_request), **happened(access_request))


def check_version(access_request: AccessRequest, version: int) -> None:
    """The reviewer decides on what they saw, or looks again."""
    if access_request.version != version:
        raise Conflict(what_happened(access_request, to_reviewer=True), **happened(access_request))


def what_happened(access_request: AccessRequest, *, to_reviewer: bool = False) -> str:
    """Who brought the request into its state, and when: for whoever came second."""
    by, at = isolated(_who(access_request)), _when(access_request)
    values = {"by": by, "at": at, "state": access_request.get_state_display()}
    match access_request.state:
        case RequestState.APPROVED:
            return _("%(by)s approved this access request on %(at)s.") % values
        case RequestState.REJECTED:
            return _("%(by)s rejected this access request on %(at)s.") % values
        case RequestState.WITHDRAWN:
            return _("The applicant withdrew this access request on %(at)s.") % values
        case RequestState.CHANGES_REQUESTED:
            return _("%(by)s asked for changes on %(at)s, and the applicant has yet to answer.") % values
    if said := last_change(access_request, to_reviewer=to_reviewer):
        return said
    match access_request.state:
        case RequestState.IN_REVIEW:
            return _("%(by)s claimed this access request; it last changed on %(at)s. Look at it again.") % values
    return _("This access request changed on %(at)s and is now: %(state)s. Look at it again.") % values


def happened(access_request: AccessRequest) -> dict[str, object]:
    """What a Conflict carries beside its message."""
    return {
        "by": _who(access_request),
        "at": access_request.decided_at or access_request.updated_at,
        "state": access_request.state,
    }


def _who(access_request: AccessRequest) -> str:
    claimed = access_request.claimed_by if access_request.state in _REVIEWERS_HAVE else None
    return access_request.decider or (claimed or access_request.applicant).display_name


def _when(access_request: AccessRequest) -> str:
    at = access_request.decided_at or access_request.updated_at
    return _("%(time)s UTC") % {"time": date_format(at.astimezone(UTC), "DATETIME_FORMAT")}


# --- What is asked for -----------------------------------------------------------------------------------


def check_ask(user: User, application: Application) -> None:
    """Who may start or send a request for this application."""
    require(user, Permission.REQUEST_WRITE, application.workspace)
    check_verified_email(user)


def check_subject(application: Application, tier: Tier | None, model: AIModel | None) -> None:
    """One subject, which asking can open and which the application does not hold already."""
    if (tier is None) == (model is None):
        raise Invalid(_("Choose what to ask for: one tier or one model."), field="tier")
    catalogue = snapshot.load()
    if tier is not None:
        _check_tier(catalogue, application, tier)
    elif model is not None:
        _check_model(catalogue, application, model)


def free_rank(catalogue: Catalogue, workspace: int) -> int:
    """The highest rank that needs no request. Where staff took the self-service tier, it is asked for like others."""
    by_rule = Grant.objects.filter(workspace=workspace, source=GrantSource.RULE, source_id=SELF_SERVICE)
    taken = by_rule.filter(revoked_at__isnull=False).exists()
    return catalogue.lowest_tier.rank if taken else free_for_all(catalogue)


def free_for_all(catalogue: Catalogue) -> int:
    """The highest rank that everybody has without a request, unless staff took it from them."""
    return max(
        (tier.rank for tier in catalogue.tiers.values() if tier.self_service), default=catalogue.lowest_tier.rank
    )


def check_offered(tier: Tier) -> None:
    """Whether it is a tier that is asked for at all."""
    if tier.rank <= free_for_all(snapshot.load()):
        message = _("%(tier)s needs no request: create a token and it works.")
        raise Invalid(message % {"tier": tier.slug}, field="tier")


def _check_tier(catalogue: Catalogue, application: Application, tier: Tier) -> None:
    free = free_rank(catalogue, application.workspace_id)
    values = {"tier": tier.slug, "application": isolated(application.name)}
    if tier.rank <= free:
        raise Invalid(_("%(tier)s needs no request: create a token and it works.") % values, field="tier")
    held = standing(catalogue, _grants(application), application.pk, clock.now()).tier
    if tier.rank <= held.rank:
        values["held"] = held.slug
        raise Invalid(_("%(application)s stands on %(held)s already.") % values, field="tier")


def _check_model(catalogue: Catalogue, application: Application, model: AIModel) -> None:
    now, values = clock.now(), {"model": model.name, "application": isolated(application.name)}
    if model.retired_at is not None and model.retired_at <= now:
        raise Invalid(_("%(model)s has been retired.") % values, field="model")
    facts, grants = catalogue.models[model.name], _grants(application)
    may_generate, may_download = (
        isinstance(holding(catalogue, grants, facts, application=application.pk, permission=permission, now=now), Held)
        for permission in GrantPermission.values
    )
    if may_download:
        raise Invalid(_("%(application)s may use %(model)s already.") % values, field="model")
    if may_generate:
        return  # Downloading takes a grant of the model itself.
    early = model.early_access_until is not None and model.early_access_until > now
    if not model.gated and not early and model.tier is not None:
        values["tier"] = model.tier.slug
        raise Invalid(_("%(model)s opens with the tier %(tier)s: ask for that tier.") % values, field="model")


def _grants(application: Application) -> list[GrantFacts]:
    rows = Grant.objects.filter(
        Q(application_id=None) | Q(application_id=application.pk), workspace=application.workspace_id
    ).select_related("tier", "model")
    return [snapshot.grant_facts(row) for row in rows]


def check_complete(access_request: AccessRequest) -> None:
    """What a reviewer needs to know is there."""
    if len(access_request.purpose.strip()) < MINIMUM_PURPOSE:
        message = _("Say in a sentence or two what it is for: at least %(number)d characters.")
        raise Invalid(message % {"number": MINIMUM_PURPOSE}, field="purpose")
    if not access_request.expected_volume:
        raise Invalid(_("Say how many calls a day you expect. A guess will do."), field="expected_volume")
    if not access_request.users.strip():
        raise Invalid(_("Say who uses it."), field="users")


# --- One at a time, and not too soon ---------------------------------------------------------------------


def check_none_open(application: Application, tier: Tier | None, model: AIModel | None) -> None:
    """One open request per application and subject (the database keeps this too)."""
    found = _of_subject(application, tier, model).filter(state__in=OPEN).first()
    if found is not None:
        message = _("There is an open access request for this already, %(id)s (%(state)s).")
        values = {"id": found.public_id, "state": found.get_state_display()}
        raise Conflict(message % values, public_id=found.public_id, state=found.state)


def check_cooled_down(application: Application, tier: Tier | None, model: AIModel | None) -> None:
    last = last_decided(application, tier, model)
    if last is None or last.state != RequestState.REJECTED:
        return
    again = may_ask_again_at(last)
    if again > clock.now():
        message = _("This was rejected; you can ask again from %(at)s UTC.")
        at = date_format(again.astimezone(UTC), "DATETIME_FORMAT")
        raise Conflict(message % {"at": at}, public_id=last.public_id, state=last.state, at=again)


def may_ask_again_at(rejected: AccessRequest) -> datetime:
    """The end of the cool-down. Raises NotFound for what was not decided."""
    if rejected.decided_at is None:
        raise NotFound
    return rejected.decided_at + COOL_DOWN


def last_decided(application: Application, tier: Tier | None, model: AIModel | None) -> AccessRequest | None:
    return _of_subject(application, tier, model).filter(state__in=DECIDED).order_by("-decided_at").first()


def _of_subject(application: Application, tier: Tier | None, model: AIModel | None) -> QuerySet[AccessRequest]:
    return AccessRequest.objects.filter(application=application, tier=tier, model=model)
