"""Limits that staff set for one application, in place of its tier's, or over a whole workspace."""

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts import audit
from accounts.errors import Invalid
from accounts.models import User, Workspace
from tiers.facts import LimitFacts
from tiers.limit_rules import as_columns, check_limits
from tokens.models import Application, LimitOverride
from tokens.policies import limits as policies
from tokens.wording import clean_reason


@transaction.atomic
def set_limits(
    *, workspace: Workspace, application: Application | None = None, limits: LimitFacts, reason: str, by: User
) -> LimitOverride:
    """All four at once: what is left empty is the tier's again. Without an application, the whole workspace's."""
    workspace = _locked(workspace)
    policies.check_set(by, workspace)
    check_limits(limits)
    policies.check_says_something(limits)
    reason = clean_reason(reason)
    old = _override(workspace, application)
    before, after = as_columns(old.limit_facts) if old else {}, as_columns(limits)
    if before == after:
        raise Invalid(_("Nothing has changed."))
    values = {**after, "reason": reason, "set_at": Now(), "set_by": by}
    override, _made = LimitOverride.objects.update_or_create(
        workspace=workspace, application=application, defaults=values
    )
    subject = application or workspace
    audit.record("limits.set", subject, by=by, workspace=workspace, reason=reason, before=before, after=after)
    return override


@transaction.atomic
def lift_limits(*, workspace: Workspace, application: Application | None = None, reason: str, by: User) -> None:
    """From now on the tier's hold, and the workspace has none of its own."""
    workspace = _locked(workspace)
    policies.check_set(by, workspace)
    override = policies.check_there(_override(workspace, application))
    reason = clean_reason(reason)
    before = as_columns(override.limit_facts)
    override.delete()
    subject = application or workspace
    after = dict.fromkeys(before)
    audit.record("limits.lifted", subject, by=by, workspace=workspace, reason=reason, before=before, after=after)


def _locked(workspace: Workspace) -> Workspace:
    return Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)


def _override(workspace: Workspace, application: Application | None) -> LimitOverride | None:
    return LimitOverride.objects.filter(workspace=workspace, application=application).first()
