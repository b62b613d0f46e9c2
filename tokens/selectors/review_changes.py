"""What an approval would change: the application's rights now, and with one more grant. Computed by the code that
answers gateways, so that a preview cannot differ from what happens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from tiers.entitlements import Standing, standing
from tiers.facts import NO_LIMITS, Catalogue, GrantFacts, LimitFacts
from tiers.models import GrantSource
from tokens.gateway.limits import of_application
from tokens.models import AccessRequest, LimitOverride, Token
from tokens.policies.approvals import Terms
from tokens.selectors.limits import named
from tokens.selectors.standings import callable_models

# A limit that grows by this factor, or a model whose call counts as so many, is pointed out.
MANIFOLD: Final = 10


@dataclass(frozen=True, slots=True)
class Change:
    """`risk` says in words what is to be looked at twice; empty where nothing is."""

    label: str
    now: str
    after: str
    risk: str = ""

    @property
    def same(self) -> bool:
        return self.now == self.after


@dataclass(frozen=True, slots=True)
class Changes:
    """`opened` are the models that the application may call then and may not now, `risky` why some of them are to be
    looked at twice. What staff set an approval leaves as it is: `held`, for this application; `over`, each limit over
    all applications of the workspace together, with its name."""

    tier_now: str
    tier_after: str
    limits: list[Change]
    models: Change
    opened: list[str]
    tokens: list[str]
    risky: Mapping[str, str]
    held: bool = False
    over: Sequence[tuple[str, str]] = ()

    @property
    def none(self) -> bool:
        return self.tier_now == self.tier_after and not self.opened and all(limit.same for limit in self.limits)

    @property
    def grown(self) -> list[Change]:
        """The limits that change."""
        return [limit for limit in self.limits if not limit.same]

    @property
    def harmless(self) -> list[str]:
        return [name for name in self.opened if name not in self.risky]


@dataclass(frozen=True, slots=True)
class StaffLimits:
    """What staff set for an application, and for its workspace as a whole."""

    application: LimitFacts = NO_LIMITS
    workspace: LimitFacts = NO_LIMITS


def changes(
    access_request: AccessRequest,
    catalogue: Catalogue,
    grants: Sequence[GrantFacts],
    tokens: list[Token],
    now: datetime,
    *,
    given: Sequence[GrantFacts] = (),
    staffs: StaffLimits | None = None,
) -> Changes:
    """From what is held now to what would be held with what is `given`, or if it were approved as asked."""
    staffs = staffs or StaffLimits()
    application = access_request.application_id
    then = [*grants, *(given or [as_asked(access_request)])]
    before, after = (standing(catalogue, held, application, now) for held in (grants, then))
    had, has = ([one.name for one in callable_models(catalogue, held, application, now)] for held in (grants, then))
    opened = [name for name in has if name not in had]
    return Changes(
        tier_now=before.tier.slug,
        tier_after=after.tier.slug,
        limits=_limits(staffs.application, before, after),
        models=Change(_("Models"), _number(len(had)), _number(len(has))),
        opened=opened,
        tokens=[token.name for token in tokens],
        risky={name: why for name in opened if (why := _why_risky(catalogue, name))},
        held=staffs.application != NO_LIMITS,
        over=[(label, _number(value)) for label, value in named(staffs.workspace)],
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


def as_given(access_request: AccessRequest, terms: Terms) -> list[GrantFacts]:
    """What an approval on these terms gives."""
    asked = as_asked(access_request)
    tier = terms.tier.slug if terms.tier else None
    may, limits = frozenset(terms.permissions), terms.limits
    found = [replace(asked, tier=tier, permissions=may, limits=limits)] if tier or asked.model else []
    return [*found, *(replace(asked, tier=None, model=name) for name in terms.models)]


def limits_by_staff(found: Sequence[AccessRequest]) -> dict[int, StaffLimits]:
    """Of the application and workspace of each, by its primary key. One query."""
    overrides = LimitOverride.objects.filter(workspace__in={asked.workspace_id for asked in found})
    facts = {(each.workspace_id, each.application_id): each.limit_facts for each in overrides}
    return {
        asked.pk: StaffLimits(
            application=facts.get((asked.workspace_id, asked.application_id), NO_LIMITS),
            workspace=facts.get((asked.workspace_id, None), NO_LIMITS),
        )
        for asked in found
    }


def _limits(staffs: LimitFacts, before: Standing, after: Standing) -> list[Change]:
    now, then, usual = of_application(staffs, before), of_application(staffs, after), after.tier.limits
    return [
        _limit(_("Requests per minute"), now.per_minute, then.per_minute, usual.per_minute),
        _limit(_("Calls per day"), now.per_day, then.per_day, usual.per_day),
        _limit(_("Calls per month"), now.per_month, then.per_month, usual.per_month),
        _limit(_("Calls at once"), now.concurrent, then.concurrent, usual.concurrent),
    ]


def _limit(label: str, now: int | None, then: int | None, usual: int | None) -> Change:
    """`usual`: what the tier gives."""
    why = _why_more(then, usual) if now != then else ""
    return Change(label, _number(now), _number(then), why or _why_steep(now, then))


def _why_more(then: int | None, usual: int | None) -> str:
    if then is None or usual is None or then <= usual:
        return ""
    return _("more than the tier’s %(usual)s") % {"usual": _number(usual)}


def _why_steep(now: int | None, then: int | None) -> str:
    if now is None:
        return ""
    if then is None:
        return _("no limit any more")
    if then < MANIFOLD * now:
        return ""
    return _("%(times)s times as many") % {"times": _number(then // now)}


def _why_risky(catalogue: Catalogue, name: str) -> str:
    model = catalogue.models[name]
    if model.gated:
        return _("gated")
    if model.cost >= MANIFOLD:
        return _("each call counts as %(calls)s") % {"calls": _number(model.cost)}
    return ""


def _number(value: int | None) -> str:
    return _("unlimited") if value is None else number_format(value, use_l10n=True, force_grouping=True)
