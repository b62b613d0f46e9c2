"""What limits hold for an application, a workspace or a token, and who says so."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.models import AuditEvent, Workspace
from tiers import snapshot
from tiers.entitlements import Standing, standing
from tiers.facts import NO_LIMITS, LimitFacts
from tiers.limit_rules import NAMES, as_columns
from tiers.models import LIMITS
from tokens.gateway.limits import of_application
from tokens.models import Application, LimitOverride, Token
from tokens.selectors.standings import grants_of


@dataclass(frozen=True, slots=True)
class Row:
    """One limit: what the tier says, the grant and staff, and what holds. `label` is the column's name for people."""

    label: str
    tier: int | None
    grant: int | None
    staff: int | None
    holds: int | None


@dataclass(frozen=True, slots=True)
class Cap:
    """A limit that its holder set for one token; without effect where the application's is as low."""

    label: str
    amount: int
    application: int | None

    @property
    def has_effect(self) -> bool:
        return self.application is None or self.amount < self.application


def override_of(workspace: Workspace, application: Application | None) -> LimitOverride | None:
    found = LimitOverride.objects.select_related("set_by")
    return found.filter(workspace=workspace, application=application).first()


def rows(stands: Standing, staff: LimitFacts) -> list[Row]:
    """All four limits of an application."""
    sources = (stands.tier.limits, stands.grant.limits if stands.grant else NO_LIMITS, staff)
    told = [as_columns(facts) for facts in (*sources, of_application(staff, stands))]
    return [Row(str(NAMES[column]), *(values[column] for values in told)) for column in LIMITS]


def stands_on(application: Application, now: datetime) -> Standing:
    return standing(snapshot.load(), grants_of(application.workspace), application.pk, now)


def caps(token: Token, now: datetime) -> list[Cap]:
    """What its holder set. Without any, nothing is read."""
    if token.limit_facts == NO_LIMITS:
        return []
    override = override_of(token.workspace, token.application)
    staff = override.limit_facts if override else NO_LIMITS
    holds = as_columns(of_application(staff, stands_on(token.application, now)))
    own = as_columns(token.limit_facts)
    return [Cap(str(NAMES[column]), own[column], holds[column]) for column in LIMITS if own[column] is not None]


def named(facts: LimitFacts) -> list[tuple[str, int]]:
    """The limits that say something, by their names for people."""
    return [(str(NAMES[column]), value) for column, value in as_columns(facts).items() if value is not None]


def history(workspace: Workspace, application: Application | None) -> Iterable[AuditEvent]:
    """Who set what before, newest first."""
    subject = application or workspace
    found = AuditEvent.objects.filter(
        subject_type=type(subject).__name__, subject_id=subject.public_id, action__startswith="limits."
    )
    return found.select_related("actor").order_by("-id")[:30]
