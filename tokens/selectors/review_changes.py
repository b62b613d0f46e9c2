"""What an approval would change: the application's standing now, and with one more grant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from tiers.entitlements import Held, holding, standing
from tiers.facts import Catalogue, GrantFacts
from tiers.models import GrantSource
from tokens.models import AccessRequest, Token


@dataclass(frozen=True, slots=True)
class Change:
    label: str
    now: str
    after: str

    @property
    def same(self) -> bool:
        return self.now == self.after


@dataclass(frozen=True, slots=True)
class Changes:
    """`opened` are the models that the application may call then and may not now."""

    tier_now: str
    tier_after: str
    limits: list[Change]
    models: Change
    opened: list[str]
    tokens: list[str]


def changes(
    access_request: AccessRequest,
    catalogue: Catalogue,
    grants: Sequence[GrantFacts],
    tokens: list[Token],
    now: datetime,
) -> Changes:
    """From what is held now to what would be held if it were approved as asked."""
    application = access_request.application_id
    then = [*grants, as_asked(access_request)]
    before = standing(catalogue, grants, application, now).tier
    after = standing(catalogue, then, application, now).tier
    held, opened = _models(catalogue, grants, application, now), _models(catalogue, then, application, now)
    limits = [
        (_("Requests per minute"), before.requests_per_minute, after.requests_per_minute),
        (_("Calls per day"), before.requests_per_day, after.requests_per_day),
        (_("Calls per month"), before.requests_per_month, after.requests_per_month),
        (_("Calls at once"), before.concurrent_calls, after.concurrent_calls),
    ]
    return Changes(
        tier_now=before.slug,
        tier_after=after.slug,
        limits=[Change(label, _number(first), _number(second)) for label, first, second in limits],
        models=Change(_("Models"), _number(len(held)), _number(len(opened))),
        opened=[name for name in opened if name not in held],
        tokens=[token.name for token in tokens],
    )


def as_asked(access_request: AccessRequest) -> GrantFacts:
    return GrantFacts(
        id="",
        source=GrantSource.REQUEST,
        source_id=access_request.public_id,
        tier=access_request.tier.slug if access_request.tier else None,
        model=access_request.model.name if access_request.model else None,
        application=access_request.application_id,
    )


def _models(catalogue: Catalogue, grants: Sequence[GrantFacts], application: int, now: datetime) -> list[str]:
    return [
        name
        for name, model in catalogue.models.items()
        if (model.retired_at is None or model.retired_at > now)
        and isinstance(holding(catalogue, grants, model, application=application, permission="generate", now=now), Held)
    ]


def _number(value: int | None) -> str:
    return _("unlimited") if value is None else number_format(value, use_l10n=True, force_grouping=True)
