"""What an applicant's pages of access requests read."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User, Workspace
from accounts.paging import Page, page
from tiers.facts import Catalogue, TierFacts
from tiers.limit_rules import NAMES
from tiers.models import LIMITS, AIModel, Grant, GrantSource, Tier
from tokens.models import AccessRequest, Application, RequestState, Token
from tokens.models.requests import TO_DECIDE
from tokens.selectors.review_filters import PENDING, in_tab
from tokens.selectors.standings import callable_models, grants_of, standings
from tokens.selectors.usual_times import in_words

PAGE_SIZE = 30


def joined() -> QuerySet[AccessRequest]:
    return AccessRequest.objects.select_related(
        "workspace",
        "application",
        "applicant",
        "tier",
        "model",
        "granted_tier",
        "claimed_by",
        "decided_by",
        "decided_rule__rule",
        "previous",
    )


def access_requests(workspace: Workspace, *, after: str = "", before: str = "") -> Page[AccessRequest]:
    """A page of a workspace's access requests, newest first."""
    return page(joined().filter(workspace=workspace), ("-id",), size=PAGE_SIZE, after=after, before=before)


def own_draft(
    user: User, application: Application, public_id: str, tier: Tier | None, model: AIModel | None
) -> AccessRequest | None:
    """This person's draft in the workspace: the one of that id, else the one for the same thing."""
    drafts = joined().filter(workspace=application.workspace_id, applicant=user, state=RequestState.DRAFT)
    return (
        drafts.filter(public_id=public_id).first()
        or drafts.filter(application=application, tier=tier, model=model).first()
    )


@dataclass(frozen=True, slots=True)
class Check:
    """Something that reviewers look at. None of it is a condition."""

    label: Promise
    passed: bool


def checks(application: Application) -> list[Check]:
    """What an applicant can see to before sending. Two queries."""
    proved = application.domains.filter(proved_at__isnull=False).exists()
    seen = Token.objects.filter(application=application).aggregate(
        used=Count("pk", filter=Q(last_used_at__isnull=False)),
        exposed=Count("pk", filter=Q(seen_in_query_at__isnull=False)),
    )
    return [
        Check(_("The application is described"), bool(application.description)),
        Check(_("A domain is proved"), proved),
        Check(_("It has made calls already"), bool(seen["used"])),
        Check(_("No secret token was seen in a query string"), not seen["exposed"]),
    ]


def waiting() -> int:
    """How many access requests wait for a reviewer."""
    return AccessRequest.objects.filter(state__in=TO_DECIDE).count()


def usual(tiers: list[str]) -> list[tuple[str, str]]:
    """Within which time these tiers, and models, are usually decided, where that is known."""
    kinds = [*((slug, f"tier:{slug}") for slug in tiers), ("model", "model")]
    return [(label, time) for label, kind in kinds if (time := in_words(kind))]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a waiting request stands: `number` of `of`, as reviewers have them before them."""

    number: int
    of: int


def place_in_line(asked: AccessRequest, now: datetime) -> Place | None:
    """None for one that does not wait for a reviewer. What was put off is not counted, but for the one that is asked
    about. Two queries."""
    if asked.state not in TO_DECIDE or asked.due_at is None:
        return None
    others = in_tab(PENDING, now).exclude(pk=asked.pk)
    earlier = others.filter(Q(due_at__lt=asked.due_at) | Q(due_at=asked.due_at, pk__lt=asked.pk))
    return Place(earlier.count() + 1, others.count() + 1)


def given_by(asked: AccessRequest) -> list[Grant]:
    """What its last approval gave, whether or not it holds: the tier first. Not what an earlier one had given, before
    the request was reopened."""
    if asked.decided_at is None:
        return []
    # By the workspace they are found: a source that gives no more has no index.
    found = Grant.objects.filter(workspace=asked.workspace_id, source=GrantSource.REQUEST, source_id=asked.public_id)
    return list(found.filter(created_at__gte=asked.decided_at).select_related("tier", "model").order_by("id"))


def own_limits(grants: Sequence[Grant]) -> list[tuple[str, int]]:
    """The limits that were granted in place of the tier's, by name."""
    values = [(str(NAMES[column]), getattr(grant, column)) for grant in grants for column in LIMITS]
    return [(name, value) for name, value in values if value is not None]


def holds(grant: Grant, now: datetime) -> bool:
    """Whether it has effect at this instant."""
    begun, ended = grant.starts_at <= now, grant.ends_at is not None and grant.ends_at <= now
    return begun and not ended and grant.suspended_at is None and grant.revoked_at is None


@dataclass(frozen=True, slots=True)
class Opening:
    """What a tier opens beyond another: models by name, and the limits."""

    tier: TierFacts
    now: TierFacts
    models: list[str]
    models_now: int

    @property
    def models_then(self) -> int:
        return self.models_now + len(self.models)


def opening(
    catalogue: Catalogue, stands: TierFacts, slug: str, held: Collection[str], moment: datetime
) -> Opening | None:
    """What a tier would open to somebody who stands on `stands` and may call the models `held`, by name. None for a
    tier that is not there, or not higher."""
    tier = catalogue.tiers.get(slug)
    if tier is None or tier.rank <= stands.rank:
        return None
    ranks = {
        model.name: catalogue.tiers[model.tier].rank
        for model in catalogue.models.values()
        if model.tier and not model.is_retired(moment) and not model.in_early_access(moment)
    }
    more = [name for name, rank in ranks.items() if stands.rank < rank <= tier.rank and name not in held]
    return Opening(tier, stands, sorted(more), len(held))


def stands(application: Application, catalogue: Catalogue, now: datetime) -> tuple[TierFacts, set[str]]:
    """The tier on which an application stands at this instant, and the models that it may call, by name."""
    grants = grants_of(application.workspace)
    held = {model.name for model in callable_models(catalogue, grants, application.pk, now)}
    return standings(catalogue, grants, [application], now)[application.pk].tier, held


def askable_tiers(free: int) -> QuerySet[Tier]:
    """The tiers above the rank that needs no request, lowest first."""
    return Tier.objects.filter(rank__gt=free).order_by("rank")


def askable_model(catalogue: Catalogue, name: str) -> AIModel | None:
    """The model of that public name. Whether asking can open it, the policies say."""
    if name not in catalogue.models:
        return None
    return AIModel.objects.select_related("tier").filter(name=name).first()
