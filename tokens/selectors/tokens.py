"""What the pages of tokens read."""

from datetime import datetime, timedelta

from django.db.models import Prefetch, Q, QuerySet

from accounts.models import AuditEvent, Workspace
from accounts.paging import Page, page
from tokens.models import Application, Token, TokenSecret
from tokens.policies.tokens import live

PAGE_SIZE = 50
LIVE, ENDED = "live", "ended"
# What ends within this is flagged.
SOON = timedelta(days=14)

is_live = live


def with_secrets(tokens: QuerySet[Token]) -> QuerySet[Token]:
    """Each with its secrets, the current one first."""
    secrets = TokenSecret.objects.order_by("-id")
    return tokens.select_related("application", "workspace").prefetch_related(Prefetch("secrets", secrets))


def tokens(
    workspace: Workspace,
    now: datetime,
    *,
    tab: str = LIVE,
    find: str = "",
    application: Application | None = None,
    after: str = "",
    before: str = "",
) -> Page[Token]:
    """A page of a workspace's tokens, newest first. `find` looks in names and last four characters."""
    found = with_secrets(Token.objects.filter(workspace=workspace))
    found = found.filter(live(now)) if tab == LIVE else found.exclude(live(now))
    if application is not None:
        found = found.filter(application=application)
    if find:
        ending = TokenSecret.objects.filter(last4=find[-4:]).values("token")
        found = found.filter(Q(name__icontains=find) | Q(application__name__icontains=find) | Q(pk__in=ending))
    return page(found, ("-id",), size=PAGE_SIZE, after=after, before=before)


def history(token: Token) -> QuerySet[AuditEvent]:
    """What was done to a token, newest first."""
    return (
        AuditEvent.objects.filter(subject_type="Token", subject_id=token.public_id)
        .select_related("actor")
        .order_by("-id")[:30]
    )
