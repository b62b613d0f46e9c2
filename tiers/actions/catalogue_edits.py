"""What administrators change of tiers and models, each with a reason. It holds on every gateway at once.

Slugs and public names stay: tokens, gateways and callers' code name them. A new name is an alias, or a new model."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.errors import Invalid
from accounts.models import User
from tiers import catalogue_rules as rules
from tiers.actions.edits import lock_catalogue, only, told
from tiers.actions.products import follow_window
from tiers.models import AIModel, Operation, ServedOperation, Tier

TIER_EDITABLE: Final = (
    "name",
    "rank",
    "requests_per_minute",
    "requests_per_day",
    "requests_per_month",
    "concurrent_calls",
    "self_service",
    "colour",
    "description",
)
MODEL_EDITABLE: Final = (
    "aliases",
    "family",
    "tier",
    "gated",
    "early_access_from",
    "early_access_until",
    "free_tries",
    "goal_amount",
    "goal_currency",
    "retired_at",
    "successor",
    "cost",
    "description",
)


@transaction.atomic
def add_tier(*, slug: str, values: Mapping[str, Any], reason: str, by: User) -> Tier:
    _begin(by)
    reason = rules.check_reason(reason)
    tier = Tier(slug=rules.check_slug(slug), **only(values, TIER_EDITABLE))
    rules.check_tier(tier)
    tier.save()
    after = {"slug": tier.slug, **told(tier, TIER_EDITABLE)}
    audit.record("tier.added", tier, by=by, workspace=None, reason=reason, after=after)
    return tier


@transaction.atomic
def edit_tier(*, tier: Tier, values: Mapping[str, Any], reason: str, by: User) -> Tier:
    """Change some of `TIER_EDITABLE`. Lower limits bind in the next call."""
    _begin(by)
    reason = rules.check_reason(reason)
    tier = Tier.objects.get(pk=tier.pk)
    before = told(tier, TIER_EDITABLE)
    for name, value in only(values, TIER_EDITABLE).items():
        setattr(tier, name, value)
    rules.check_tier(tier)
    tier.save()
    _record("tier.edited", tier, before, told(tier, TIER_EDITABLE), reason, by)
    return tier


@transaction.atomic
def add_model(
    *, name: str, values: Mapping[str, Any], operations: Iterable[Operation], reason: str, by: User
) -> AIModel:
    _begin(by)
    reason = rules.check_reason(reason)
    model = AIModel(name=rules.check_model_name(name), **only(values, MODEL_EDITABLE))
    served = rules.check_operations(operations)
    rules.check_model(model)
    model.save()
    _serve(model, served)
    after = {"name": model.name, **told(model, MODEL_EDITABLE), "operations": _served(model)}
    audit.record("model.added", model, by=by, workspace=None, reason=reason, after=after)
    return model


@transaction.atomic
def edit_model(
    *, model: AIModel, values: Mapping[str, Any], operations: Iterable[Operation] | None = None, reason: str, by: User
) -> AIModel:
    """Change some of `MODEL_EDITABLE`; `operations` None leaves those that serve it as they are. Early access on sale
    follows the window, and a new window has its goal before it."""
    _begin(by)
    reason = rules.check_reason(reason)
    model = AIModel.objects.select_related("tier", "successor").get(pk=model.pk)
    window = (model.early_access_from, model.early_access_until)
    before = {**told(model, MODEL_EDITABLE), "operations": _served(model)}
    for name, value in only(values, MODEL_EDITABLE).items():
        setattr(model, name, value)
    if (model.early_access_from, model.early_access_until) != window:
        model.goal_reached_at = None
    rules.check_model(model)
    model.save()
    if operations is not None:
        _serve(model, rules.check_operations(operations))
    follow_window(model=model, reason=reason, by=by)
    _record("model.edited", model, before, {**told(model, MODEL_EDITABLE), "operations": _served(model)}, reason, by)
    return model


def _begin(by: User) -> None:
    """One at a time: what is unique across names and aliases no constraint can keep."""
    rules.check_change(by)
    lock_catalogue()


def _serve(model: AIModel, operations: list[Operation]) -> None:
    ServedOperation.objects.filter(model=model).exclude(operation__in=operations).delete()
    there = set(ServedOperation.objects.filter(model=model).values_list("operation_id", flat=True))
    new = [ServedOperation(model=model, operation=found) for found in operations if found.pk not in there]
    ServedOperation.objects.bulk_create(new)


def _served(model: AIModel) -> list[str]:
    return sorted(Operation.objects.filter(models=model).values_list("slug", flat=True))


def _record(
    action: str, subject: Any, before: Mapping[str, Any], after: Mapping[str, Any], reason: str, by: User
) -> None:
    changed = [name for name in after if before.get(name) != after[name]]
    if not changed:
        raise Invalid(_("Nothing has changed."))
    audit.record(
        action,
        subject,
        by=by,
        workspace=None,
        reason=reason,
        before={name: before.get(name) for name in changed},
        after={name: after[name] for name in changed},
    )
