"""Who holds what: grants as rows, where each came from, and what would be left without it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet

from accounts.models import AuditEvent, Workspace
from tiers import snapshot
from tiers.entitlements import Held, Phase, holding, phase, standing
from tiers.facts import Catalogue, GrantFacts
from tiers.models import Grant, GrantPermission, GrantSource
from tokens.models import AccessRequest, Application
from tokens.selectors.limits import named

MOST_NAMED: Final = 100
LIVE, SUSPENDED, COMING, ENDED, ALL = "live", "suspended", "coming", "ended", "all"
TONES: Final = {
    Phase.LIVE: "ok",
    Phase.SUSPENDED: "warn",
    Phase.NOT_STARTED: "info",
    Phase.EXPIRED: "mute",
    Phase.OVER: "mute",
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for; empty filters nothing, but `state`, which begins with what holds now."""

    state: str = LIVE
    tier: str = ""
    model: str = ""
    source: str = ""
    find: str = ""

    @property
    def any(self) -> bool:
        return bool(self.tier or self.model or self.source or self.find)


@dataclass(frozen=True, slots=True)
class Row:
    """One grant. `application` is None where it holds for the whole workspace."""

    grant: Grant
    application: Application | None
    phase: Phase

    @property
    def tone(self) -> str:
        return TONES[self.phase]


def grants(filters: Filters, now: datetime) -> QuerySet[Grant]:
    found = Grant.objects.select_related("workspace", "tier", "model", "created_by", "revoked_by")
    found = found.filter(_in_state(filters.state, now), _named(filters.find))
    if filters.tier:
        found = found.filter(tier__slug=filters.tier)
    if filters.model:
        found = found.filter(model__name=filters.model)
    if filters.source:
        found = found.filter(source=filters.source)
    return found


def _in_state(state: str, now: datetime) -> Q:
    unended = Q(revoked_at=None) & (Q(ends_at=None) | Q(ends_at__gt=now))
    suspended = Q(suspended_at__isnull=False) | Q(disputed_at__isnull=False)
    match state:
        case "live":
            return unended & ~suspended & Q(starts_at__lte=now)
        case "suspended":
            return unended & suspended
        case "coming":
            return unended & ~suspended & Q(starts_at__gt=now)
        case "ended":
            return Q(revoked_at__isnull=False) | Q(ends_at__lte=now)
    return Q()


def _named(text: str) -> Q:
    """Workspaces and applications by name or id, people by address, grants and sources by id."""
    if not text:
        return Q()
    workspaces = Workspace.objects.filter(
        Q(public_id=text) | Q(name__icontains=text) | Q(personal_of__email__iexact=text)
    )
    applications = Application.objects.filter(Q(public_id=text) | Q(name__icontains=text) | Q(slug__icontains=text))
    return (
        Q(workspace_id__in=list(workspaces.values_list("pk", flat=True)[:MOST_NAMED]))
        | Q(application_id__in=list(applications.values_list("pk", flat=True)[:MOST_NAMED]))
        | Q(source_id=text)
        | Q(public_id=text)
    )


def rows(found: Iterable[Grant], now: datetime) -> list[Row]:
    found = list(found)
    ids = {grant.application_id for grant in found if grant.application_id is not None}
    applications = Application.objects.in_bulk(ids)
    return [
        Row(grant, applications.get(grant.application_id or 0), phase(snapshot.grant_facts(grant), now))
        for grant in found
    ]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Why a grant is there and what hangs on it. `now` and `without` are tiers' slugs: what its application (or the
    whole workspace) stands on, and what it would stand on if this grant ended. Of a model, `open_without` says
    whether it would stay open. `limits`: those that it has in
    place of the tier's, by their names."""

    row: Row
    request: AccessRequest | None
    events: list[AuditEvent]
    others: list[Row]
    now: str
    without: str
    open_without: bool
    limits: list[tuple[str, int]]


def provenance(grant: Grant, now: datetime) -> Provenance:
    neighbours = Grant.objects.select_related("workspace", "tier", "model").filter(workspace=grant.workspace_id)
    if grant.application_id is not None:
        neighbours = neighbours.filter(Q(application_id=None) | Q(application_id=grant.application_id))
    shown = rows([grant, *neighbours.exclude(pk=grant.pk).order_by("-id")[:MOST_NAMED]], now)
    facts = {row.grant.pk: snapshot.grant_facts(row.grant) for row in shown}
    catalogue = snapshot.load()
    left = [fact for pk, fact in facts.items() if pk != grant.pk]
    return Provenance(
        row=shown[0],
        request=_request(grant),
        events=_events(grant),
        others=[row for row in shown[1:] if row.phase in {Phase.LIVE, Phase.SUSPENDED, Phase.NOT_STARTED}],
        now=standing(catalogue, facts.values(), grant.application_id, now).tier.slug,
        without=standing(catalogue, left, grant.application_id, now).tier.slug,
        open_without=_still_open(catalogue, left, grant, now),
        limits=named(grant.limit_facts),
    )


def _still_open(catalogue: Catalogue, left: list[GrantFacts], grant: Grant, now: datetime) -> bool:
    if grant.model is None:
        return False
    model, application = catalogue.models[grant.model.name], grant.application_id
    permission = max(grant.permissions, key=lambda name: name == GrantPermission.DOWNLOAD)
    return isinstance(holding(catalogue, left, model, application=application, permission=permission, now=now), Held)


def _request(grant: Grant) -> AccessRequest | None:
    if grant.source != GrantSource.REQUEST:
        return None
    return (
        AccessRequest.objects.select_related("applicant", "decided_by", "decided_rule__rule")
        .filter(public_id=grant.source_id)
        .first()
    )


def _events(grant: Grant) -> list[AuditEvent]:
    """What was done to the grant itself, oldest first."""
    found = AuditEvent.objects.filter(subject_type="Grant", subject_id=grant.public_id)
    return list(found.select_related("actor").order_by("id")[:MOST_NAMED])
