"""Who may set limits for an application or a workspace, beside those that its tier gives."""

from django.utils.translation import gettext as _

from accounts.errors import Conflict, DomainError, Invalid
from accounts.models import User, Workspace
from accounts.roles import Permission, require
from tiers.facts import NO_LIMITS, LimitFacts
from tiers.policies import check_outsider
from tokens.models import LimitOverride


def check_set(by: User, workspace: Workspace) -> None:
    """By hand, and for others alone."""
    require(by, Permission.HOLDINGS_CHANGE)
    check_outsider(by, workspace)


def can_set(by: User, workspace: Workspace) -> bool:
    return why_not_set(by, workspace) is None


def why_not_set(by: User, workspace: Workspace) -> str | None:
    """The reason why there is no form, or None where the person may."""
    try:
        check_set(by, workspace)
    except DomainError as error:
        return str(error.message)
    return None


def check_says_something(limits: LimitFacts) -> None:
    if limits == NO_LIMITS:
        raise Invalid(_("Give at least one limit, or take those away that there are."))


def check_there(override: LimitOverride | None) -> LimitOverride:
    if override is None:
        raise Conflict(_("There are no limits to take away: the tier’s hold."))
    return override
