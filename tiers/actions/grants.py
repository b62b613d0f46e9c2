"""Everything that gives, suspends and takes a grant."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts import audit
from accounts.audit import Actor
from accounts.errors import Conflict
from accounts.models import User, Workspace
from accounts.policies import check_verified_email
from tiers import policies
from tiers.facts import NO_LIMITS, LimitFacts
from tiers.limit_rules import as_columns, check_limits_of_grant
from tiers.models import AIModel, Grant, GrantPermission, GrantSource, Tier

SELF_SERVICE: Final = "self-service"


@transaction.atomic
def give_grant(
    *,
    workspace: Workspace,
    tier: Tier | None = None,
    model: AIModel | None = None,
    application_id: int | None = None,
    permissions: Sequence[str] = (GrantPermission.GENERATE,),
    source: str,
    source_id: str,
    reason: str = "",
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    limits: LimitFacts = NO_LIMITS,
    by: Actor,
) -> Grant:
    """Give a tier or a model to a workspace, or to one application of it. The same live source and subject again
    returns the grant that there is, so that a repeated cause has one effect. `limits`: in place of the tier's."""
    workspace = _lock(workspace.pk)
    policies.check_give(by, workspace, source)
    policies.check_one_subject(tier, model)
    subject = {"application_id": application_id, "tier": tier, "model": model}
    existing = Grant.objects.filter(
        workspace=workspace, source=source, source_id=source_id, revoked_at=None, **subject
    ).first()
    if existing is not None:
        return existing
    policies.check_window(starts_at, ends_at)
    check_limits_of_grant(limits, tier)
    if source == GrantSource.MANUAL:
        reason = policies.check_reason(reason)
    grant = Grant.objects.create(
        workspace=workspace,
        **subject,
        permissions=list(permissions),
        source=source,
        source_id=source_id,
        reason=reason,
        ends_at=ends_at,
        created_by=by if isinstance(by, User) else None,
        **({"starts_at": starts_at} if starts_at is not None else {}),
        **as_columns(limits),
    )
    audit.record("grant.given", grant, by=by, workspace=workspace, reason=reason, after=described(grant))
    return grant


@transaction.atomic
def revoke_grant(*, grant: Grant, reason: str, by: Actor) -> Grant:
    """Take it for good. What else the workspace holds stays."""
    grant = _locked(grant)
    policies.check_change_holdings(by, grant.workspace)
    reason = policies.check_reason(reason)
    policies.check_not_revoked(grant)
    person = by if isinstance(by, User) else None
    values = {"revoked_at": Now(), "revoked_by": person, "revoked_reason": reason[:500]}
    return _change(grant, "grant.revoked", values, reason, by)


@transaction.atomic
def take_back_grants(*, workspace: Workspace, source: str, source_id: str, reason: str, by: Actor) -> int:
    """Revoke what one cause gave, once that cause holds no more: an approval that was undone or reopened. As with
    giving, whoever may take the cause back may do this. How many grants were live."""
    workspace = _lock(workspace.pk)
    given = Grant.objects.filter(workspace=workspace, source=source, source_id=source_id, revoked_at=None)
    person = by if isinstance(by, User) else None
    values = {"revoked_at": Now(), "revoked_by": person, "revoked_reason": reason[:500]}
    found = list(given.select_related("workspace", "tier", "model"))
    for grant in found:
        _change(grant, "grant.revoked", values, reason, by)
    return len(found)


@transaction.atomic
def suspend_grant(*, grant: Grant, reason: str, by: Actor) -> Grant:
    """Switch it off until it is resumed."""
    grant = _locked(grant)
    policies.check_change_holdings(by, grant.workspace)
    reason = policies.check_reason(reason)
    policies.check_not_revoked(grant)
    if grant.suspended_at is not None:
        raise Conflict(_("This grant is suspended already."))
    return _change(grant, "grant.suspended", {"suspended_at": Now(), "suspended_reason": reason[:500]}, reason, by)


@transaction.atomic
def resume_grant(*, grant: Grant, reason: str, by: Actor) -> Grant:
    grant = _locked(grant)
    policies.check_change_holdings(by, grant.workspace)
    policies.check_outsider(by, grant.workspace)
    reason = policies.check_reason(reason)
    policies.check_not_revoked(grant)
    if grant.suspended_at is None:
        raise Conflict(_("This grant is not suspended."))
    return _change(grant, "grant.resumed", {"suspended_at": None, "suspended_reason": ""}, reason, by)


@transaction.atomic
def ensure_self_service_grant(*, workspace: Workspace, by: User) -> Grant | None:
    """The rule that opens the highest self-service tier, to the whole workspace, to whoever can be reached.

    None where no tier is self-service, and where staff took this grant before: minting does not give it back."""
    tier = Tier.objects.filter(self_service=True).order_by("-rank").first()
    if tier is None:
        return None
    workspace = _lock(workspace.pk)
    given = Grant.objects.filter(workspace=workspace, source=GrantSource.RULE, source_id=SELF_SERVICE)
    if given.filter(revoked_at__isnull=False).exists():
        return None
    check_verified_email(by)
    return give_grant(
        workspace=workspace,
        tier=tier,
        source=GrantSource.RULE,
        source_id=SELF_SERVICE,
        reason=_("Self-service: opens to everybody with a confirmed e-mail address."),
        by=by,
    )


def _lock(pk: int) -> Workspace:
    return Workspace.objects.select_for_update(no_key=True).get(pk=pk)


def _locked(grant: Grant) -> Grant:
    _lock(grant.workspace_id)
    return Grant.objects.select_related("workspace", "tier", "model").get(pk=grant.pk)


def _change(grant: Grant, action: str, values: Mapping[str, Any], reason: str, by: Actor) -> Grant:
    before = _phase(grant)
    Grant.objects.filter(pk=grant.pk, revoked_at=None).update(**values)
    grant = Grant.objects.select_related("workspace", "tier", "model").get(pk=grant.pk)
    audit.record(action, grant, by=by, workspace=grant.workspace, reason=reason, before=before, after=_phase(grant))
    return grant


def _phase(grant: Grant) -> dict[str, Any]:
    return {
        "suspended_at": grant.suspended_at.isoformat() if grant.suspended_at else None,
        "revoked_at": grant.revoked_at.isoformat() if grant.revoked_at else None,
    }


def described(grant: Grant) -> dict[str, Any]:
    """What an audit event says of a grant that is given."""
    return {
        "tier": grant.tier.slug if grant.tier else None,
        "model": grant.model.name if grant.model else None,
        "calls": grant.calls,
        "application_id": grant.application_id,
        "permissions": list(grant.permissions),
        "source": grant.source,
        "source_id": grant.source_id,
        "ends_at": grant.ends_at.isoformat() if grant.ends_at else None,
        **{name: value for name, value in as_columns(grant.limit_facts).items() if value is not None},
    }
