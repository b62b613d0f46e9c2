"""What the pages of applications read. Each function makes a fixed number of queries."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, Q, QuerySet

from accounts.models import Workspace
from accounts.paging import Page, page
from tiers.entitlements import Standing
from tiers.facts import Catalogue, GrantFacts
from tiers.models import Grant
from tokens.models import AccessRequest, Application, RequestState, Token
from tokens.models.requests import OPEN
from tokens.selectors import tokens as token_selectors
from tokens.selectors import usage
from tokens.selectors.standings import grants_of, standings

PAGE_SIZE = 20
TOKENS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class ApplicationRow:
    """An application in a list: where it stands, its live tokens, and what it has asked for."""

    application: Application
    stands: Standing
    tokens: list[Token]
    more_tokens: int
    open_request: AccessRequest | None


@dataclass(frozen=True, slots=True)
class ApplicationPage:
    """`sparks`: the calls a day of each token that is shown, by its primary key."""

    rows: list[ApplicationRow]
    sparks: dict[int, list[int]]
    before: str = ""
    after: str = ""


def applications(
    workspace: Workspace, catalogue: Catalogue, now: datetime, *, after: str = "", before: str = ""
) -> ApplicationPage:
    """A page of a workspace's applications, newest first, with what a list shows of each."""
    found: Page[Application] = page(_listed(workspace, now), ("-id",), size=PAGE_SIZE, after=after, before=before)
    stands = standings(catalogue, grants_of(workspace), found.rows, now)
    asked = open_requests(found.rows)
    rows = [
        ApplicationRow(
            application=application,
            stands=stands[application.pk],
            tokens=list(application.tokens.all())[:TOKENS_SHOWN],
            more_tokens=max(0, len(application.tokens.all()) - TOKENS_SHOWN),
            open_request=asked.get(application.pk),
        )
        for application in found.rows
    ]
    sparks = usage.by_token([token for row in rows for token in row.tokens], now.date())
    return ApplicationPage(rows, sparks, found.before, found.after)


def _listed(workspace: Workspace, now: datetime) -> QuerySet[Application]:
    live = token_selectors.with_secrets(Token.objects.all()).filter(token_selectors.is_live(now)).order_by("-id")
    return Application.objects.filter(workspace=workspace).prefetch_related("domains", Prefetch("tokens", live))


def open_requests(found: Iterable[Application]) -> dict[int, AccessRequest]:
    """The newest open access request of each, by the application's primary key; a draft only where none is sent."""
    rows = (
        AccessRequest.objects.filter(application__in=list(found), state__in=OPEN)
        .select_related("tier", "model", "claimed_by", "application")
        .order_by("id")
    )
    drafts_first = sorted(rows, key=lambda row: row.state != RequestState.DRAFT)
    return {row.application_id: row for row in drafts_first}


def applications_row(
    application: Application, catalogue: Catalogue, grants: Iterable[GrantFacts], now: datetime
) -> ApplicationRow:
    """One application as a list shows it, without its tokens."""
    stands = standings(catalogue, grants, [application], now)[application.pk]
    return ApplicationRow(application, stands, [], 0, open_requests([application]).get(application.pk))


def requests_of(application: Application) -> QuerySet[AccessRequest]:
    return (
        AccessRequest.objects.filter(application=application)
        .select_related("tier", "model", "granted_tier", "decided_by")
        .order_by("-id")[:20]
    )


def grants_in_force(application: Application, now: datetime) -> QuerySet[Grant]:
    """What the application holds, its own grants and the workspace's, ended ones left out."""
    return (
        Grant.objects.filter(
            Q(application_id=None) | Q(application_id=application.pk),
            Q(ends_at=None) | Q(ends_at__gt=now),
            workspace=application.workspace_id,
            revoked_at=None,
        )
        .select_related("tier", "model")
        .order_by("-id")
    )
