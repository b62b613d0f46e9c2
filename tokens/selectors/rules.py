"""Rules of the review desk as their pages show them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Max, Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import AuditEvent, User
from accounts.paging import Page, beyond
from accounts.roles import PLATFORM_PERMISSIONS, Permission
from tiers.limit_rules import NAMES
from tiers.models import AIModel, ProductVersion
from tokens.forms.rules import Offered
from tokens.models import Decision, Outcome, ReviewGroup, Rule, RuleEffect, RuleUse, RuleVersion
from tokens.policies.rules import tiers_to_give
from tokens.rules.conditions import CONDITIONS
from tokens.rules.matching import described

RECENT: Final = timedelta(days=30)
USES: Final = 25
_REVIEWERS: Final = [role for role, held in PLATFORM_PERMISSIONS.items() if Permission.REVIEW_DECIDE in held]
_OVERTURNED: Final = Q(undone_at__isnull=False) | Q(reopened_at__isnull=False)
_DEFAULT_CURRENCY: Final = "USD"


@dataclass(frozen=True, slots=True)
class Line:
    """A rule in the list. `uses`, `decided` and `overturned` of the last 30 days; `newest` is a number."""

    rule: Rule
    newest: int
    uses: int
    decided: int
    overturned: int

    @property
    def percent_overturned(self) -> float:
        return 100 * self.overturned / self.decided if self.decided else 0.0


@dataclass(frozen=True, slots=True)
class Told:
    """A version in words. `changes`: (what, before, after) beside the version before it."""

    version: RuleVersion
    conditions: list[str]
    does: list[str]
    changes: list[tuple[str, str, str]]
    is_on: bool

    @property
    def heading_id(self) -> str:
        return f"v{self.version.number}-h"


@dataclass(frozen=True, slots=True)
class Use:
    """One use with what became of it: `decision` is None for what was only routed."""

    use: RuleUse
    did: list[str]
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class Names:
    """What the groups and reviewers that versions name are called, by public id."""

    groups: Mapping[str, str]
    people: Mapping[str, str]


def rules() -> QuerySet[Rule]:
    return Rule.objects.select_related("active", "created_by")


def find(public_id: str) -> Rule:
    return get_object_or_404(rules(), public_id=public_id)


def find_version(rule: Rule, number: int) -> RuleVersion:
    return get_object_or_404(RuleVersion.objects.select_related("rule", "created_by"), rule=rule, number=number)


def lines(found: Sequence[Rule], now: datetime) -> list[Line]:
    """Three queries, however many rules."""
    newest = dict(RuleVersion.objects.filter(rule__in=found).values_list("rule").annotate(Max("number")))
    used = RuleUse.objects.filter(rule_version__rule__in=found, at__gte=now - RECENT)
    uses = dict(used.values_list("rule_version__rule").annotate(Count("id")))
    made = Decision.objects.filter(rule__rule__in=found, at__gte=now - RECENT, outcome=Outcome.APPROVED)
    counted = made.values("rule__rule").annotate(made=Count("id"), overturned=Count("id", filter=_OVERTURNED))
    decisions = {row["rule__rule"]: (row["made"], row["overturned"]) for row in counted}
    return [Line(rule, newest.get(rule.pk, 0), uses.get(rule.pk, 0), *decisions.get(rule.pk, (0, 0))) for rule in found]


def versions(rule: Rule) -> list[Told]:
    """The newest first, each beside the one before it."""
    found = list(RuleVersion.objects.filter(rule=rule).select_related("rule", "created_by").order_by("number"))
    names = names_in(found)
    told = [
        _told(version, found[number - 1] if number else None, names, rule.active_id)
        for number, version in enumerate(found)
    ]
    return told[::-1]


def _told(version: RuleVersion, before: RuleVersion | None, names: Names, on: int | None) -> Told:
    changes = _changes(before, version, names) if before else []
    return Told(version, described(version), does(version, names), changes, version.pk == on)


def _changes(before: RuleVersion, after: RuleVersion, names: Names) -> list[tuple[str, str, str]]:
    old, new = (dict(zip(_fields(one), described(one), strict=True)) for one in (before, after))
    rows = [(field, old.get(field, ""), new.get(field, "")) for field in dict.fromkeys([*old, *new])]
    found = [(_label(field), was, now) for field, was, now in rows if was != now]
    was, now = (_(", ").join(does(one, names)) for one in (before, after))
    return [*found, (_("what it does"), was, now)] if was != now else found


def _fields(version: RuleVersion) -> list[str]:
    return [row["field"] for row in version.conditions]


def _label(field: str) -> str:
    return str(CONDITIONS[field].label) if field in CONDITIONS else field


def does(version: RuleVersion, names: Names) -> list[str]:
    """What it does, in words."""
    actions = version.actions
    if version.rule.effect == RuleEffect.APPROVE:
        return _approves(actions)
    told = []
    if actions["group"]:
        told.append(_("to the group %(name)s") % {"name": names.groups.get(actions["group"], actions["group"])})
    if actions["person"]:
        told.append(_("to %(name)s") % {"name": names.people.get(actions["person"], actions["person"])})
    return [*told, _("before the second group at once")] if actions["escalate"] else told


def _approves(actions: Mapping[str, Any]) -> list[str]:
    tier, days = actions["tier"], actions["days"]
    gives = _("approves, and gives %(tier)s at most") % {"tier": tier} if tier else _("approves what is asked for")
    ends = (
        ngettext("for %(number)d day", "for %(number)d days", days) % {"number": days} if days else _("without an end")
    )
    return [gives, ends, *(f"{NAMES[name]}: {value}" for name, value in actions["limits"].items())]


def _until(days: int | None) -> str:
    if days is None:
        return _("without an end")
    return ngettext("for %(number)d day", "for %(number)d days", days) % {"number": days}


def names_in(found: Iterable[RuleVersion]) -> Names:
    """Two queries."""
    actions = [version.actions for version in found if version.rule.effect == RuleEffect.ROUTE]
    groups = ReviewGroup.objects.filter(public_id__in=[one["group"] for one in actions])
    people = User.objects.filter(public_id__in=[one["person"] for one in actions])
    return Names({one.public_id: one.name for one in groups}, {one.public_id: one.display_name for one in people})


def uses(rule: Rule, *, after: str = "", before: str = "") -> tuple[list[Use], Page[RuleUse]]:
    """One page of what it was used on, the newest first. Cursors are numbers of uses."""
    found = RuleUse.objects.filter(rule_version__rule=rule).select_related(
        "rule_version__rule", "access_request__application", "access_request__tier", "access_request__model"
    )
    page = _page(found, after, before)
    made = Decision.objects.filter(rule__rule=rule, access_request__in=[use.access_request_id for use in page.rows])
    decisions = {decision.access_request_id: decision for decision in made.select_related("undone_by", "reopened_by")}
    names = names_in([use.rule_version for use in page.rows])
    return [Use(use, does(use.rule_version, names), decisions.get(use.access_request_id)) for use in page.rows], page


def _page(found: QuerySet[RuleUse], after: str, before: str) -> Page[RuleUse]:
    cursor = before or after
    anchor = RuleUse.objects.filter(pk=int(cursor)).first() if cursor.isdecimal() and len(cursor) < 19 else None
    backwards = bool(before) and anchor is not None
    order = ("id",) if backwards else ("-id",)
    ordered = found.order_by(*order)
    rows = list((ordered.filter(beyond(anchor, order)) if anchor else ordered)[: USES + 1])
    more, rows = len(rows) > USES, rows[:USES]
    if backwards:
        rows.reverse()
    earlier, later = (more, True) if backwards else (anchor is not None, more)
    return Page(
        rows,
        before=str(rows[0].pk) if rows and earlier else "",
        after=str(rows[-1].pk) if rows and later else "",
    )


def history(rule: Rule) -> list[AuditEvent]:
    found = AuditEvent.objects.filter(subject_type="Rule", subject_id=rule.public_id, workspace=None)
    return list(found.select_related("actor").order_by("-id")[:10])


def offered() -> Offered:
    """What the form has to choose from."""
    given = [(tier.slug, tier.slug) for tier in tiers_to_give()]
    models = AIModel.objects.filter(retired_at=None).order_by("name").values_list("name", "name")
    sold = ProductVersion.objects.order_by("currency").values_list("currency", flat=True).distinct()
    people = User.objects.filter(role__in=_REVIEWERS, is_active=True).order_by("name", "pk")[:200]
    return Offered(
        tiers=given,
        models=list(models),
        currencies=[(code, code) for code in sorted({_DEFAULT_CURRENCY, *sold})],
        groups=[(group.public_id, group.name) for group in ReviewGroup.objects.order_by("name")],
        people=[(person.public_id, person.display_name) for person in people],
    )
