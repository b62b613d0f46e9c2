"""What a tier or a model may be, and who may change it. `check_x` raises with the reason and the field."""

import re
from collections.abc import Iterable
from typing import Final

from babel.numbers import list_currencies
from django.utils.translation import gettext as _

from accounts.errors import Invalid
from accounts.models import User
from accounts.roles import Permission, require
from tiers.models import LIMITS, AIModel, Operation, Tier

MOST_FREE_TRIES: Final = 10_000
LARGEST_GOAL: Final = 10**15
COLOURS: Final = ("anonymous", "seed", "flower", "nectar")
_SLUG: Final = re.compile(r"[a-z][a-z0-9-]{0,38}[a-z0-9]")
# As platforms name them: gpt-4o-mini, black-forest-labs/flux.1-pro, claude-3:latest.
_MODEL_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,99}")


def check_change(by: User) -> None:
    require(by, Permission.CATALOGUE_CHANGE)


def check_reason(reason: str) -> str:
    if not reason.strip():
        raise Invalid(_("Give a reason. It stays in the audit log."), field="reason")
    return reason.strip()


def check_slug(slug: str) -> str:
    if not _SLUG.fullmatch(slug):
        raise Invalid(_("Give a short name of lower-case letters, digits and hyphens."), field="slug")
    if Tier.objects.filter(slug=slug).exists():
        raise Invalid(_("There is a tier of this name already."), field="slug")
    return slug


def check_tier(tier: Tier) -> None:
    if not tier.name.strip():
        raise Invalid(_("Give a name."), field="name")
    if Tier.objects.filter(rank=tier.rank).exclude(pk=tier.pk).exists():
        raise Invalid(_("Another tier has this rank."), field="rank")
    if tier.colour not in COLOURS:
        raise Invalid(_("Choose one of the colours."), field="colour")
    for field in LIMITS:
        limit = getattr(tier, field)
        if limit is not None and limit < 1:
            raise Invalid(_("A limit is at least 1. Leave it empty for none."), field=field)
    if tier.requests_per_day and tier.requests_per_month and tier.requests_per_month < tier.requests_per_day:
        raise Invalid(_("A month cannot allow fewer calls than a day."), field="requests_per_month")


def check_model_name(name: str) -> str:
    """A name that no model has, neither as its own nor as an alias."""
    _check_form(name, "name")
    if name in _names_of(None):
        raise Invalid(_("Another model is called so already."), field="name")
    return name


def check_model(model: AIModel) -> None:
    if (model.tier is None) != model.gated:
        raise Invalid(_("A model opens with a tier, or is gated: one of the two."), field="tier")
    if not model.family.strip():
        raise Invalid(_("Give a family."), field="family")
    if model.cost < 1:
        raise Invalid(_("A call costs at least 1."), field="cost")
    _check_aliases(model)
    _check_window(model)
    _check_successor(model)


def check_operations(operations: Iterable[Operation]) -> list[Operation]:
    chosen = list(operations)
    if not chosen:
        raise Invalid(_("Choose at least one operation that serves it."), field="operations")
    return chosen


def _check_form(name: str, field: str) -> None:
    if not _MODEL_NAME.fullmatch(name):
        message = _("“%(name)s” cannot be a model's name: letters, digits and . _ : / @ - only.")
        raise Invalid(message % {"name": name[:80]}, field=field)


def _check_aliases(model: AIModel) -> None:
    taken = _names_of(model)
    for alias in model.aliases:
        _check_form(alias, "aliases")
        if alias == model.name or alias in taken:
            raise Invalid(_("“%(name)s” is a model's name already.") % {"name": alias}, field="aliases")
    if len(set(model.aliases)) < len(model.aliases):
        raise Invalid(_("An alias is there twice."), field="aliases")


def _names_of(but: AIModel | None) -> set[str]:
    rows = AIModel.objects.values_list("pk", "name", "aliases")
    return {name for pk, own, aliases in rows if but is None or pk != but.pk for name in [own, *aliases]}


def _check_window(model: AIModel) -> None:
    start, end = model.early_access_from, model.early_access_until
    if (start is None) != (end is None):
        raise Invalid(_("Early access needs both a start and an end."), field="early_access_until")
    if start is not None and end is not None and end <= start:
        raise Invalid(_("The end must come after the start."), field="early_access_until")
    if not 0 <= model.free_tries <= MOST_FREE_TRIES:
        raise Invalid(_("Free tries are 0 to 10,000."), field="free_tries")
    _check_goal(model)


def _check_goal(model: AIModel) -> None:
    if model.goal_amount is None:
        if model.goal_currency:
            raise Invalid(_("Say how much the goal is, or leave both empty."), field="goal_amount")
        return
    if not 0 < model.goal_amount <= LARGEST_GOAL:
        raise Invalid(_("A goal is at least 1 minor unit."), field="goal_amount")
    if model.goal_currency not in list_currencies():
        raise Invalid(_("Give the goal's currency, such as USD."), field="goal_currency")


def _check_successor(model: AIModel) -> None:
    if model.successor is not None and model.successor.pk == model.pk:
        raise Invalid(_("A model cannot succeed itself."), field="successor")
