"""What the pages of tokens read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Prefetch, Q, QuerySet

from accounts.models import AuditEvent, Workspace
from accounts.paging import Page, page
from tiers.facts import Catalogue, GrantFacts
from tokens.models import Application, GatewaySecret, Token, TokenSecret
from tokens.policies.tokens import live
from tokens.selectors.standings import callable_models

PAGE_SIZE = 50
# What ends within this time is marked.
SOON: Final = timedelta(days=14)
CHAT: Final = "chat_completion"
LIVE, ENDED = "live", "ended"

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


@dataclass(frozen=True, slots=True)
class Counts:
    live: int
    ended: int


def counts(workspace: Workspace, now: datetime) -> Counts:
    """How many tokens there are, by tab. One query."""
    found = Token.objects.filter(workspace=workspace).aggregate(all=Count("pk"), live=Count("pk", filter=live(now)))
    return Counts(found["live"], found["all"] - found["live"])


def current(token: Token) -> str:
    """The last four characters of the secret that no rotation has replaced."""
    return next((secret.last4 for secret in token.secrets.all() if secret.ends_at is None), "")


def closing(token: Token, now: datetime) -> TokenSecret | None:
    """The secret that was rotated and still works."""
    found = [secret for secret in token.secrets.all() if secret.ends_at is not None and secret.ends_at > now]
    return max(found, key=lambda secret: secret.pk, default=None)


def example_model(token: Token, catalogue: Catalogue, grants: Iterable[GrantFacts], now: datetime) -> str:
    """A chat model that this token may call, for the example beside it; "" where there is none."""
    found = [
        model.name
        for model in callable_models(catalogue, grants, token.application_id, now)
        if CHAT in model.operations and (not token.allowed_models or model.name in token.allowed_models)
    ]
    return "gpt-4o-mini" if "gpt-4o-mini" in found else next(iter(found), "")


def history(token: Token) -> QuerySet[AuditEvent]:
    """What was done to a token, newest first."""
    return (
        AuditEvent.objects.filter(subject_type="Token", subject_id=token.public_id)
        .select_related("actor")
        .order_by("-id")[:30]
    )


def known_digests(digests: Iterable[bytes]) -> set[bytes]:
    """Those of them that are of a token or of a gateway's key, whether it still works or not."""
    asked = list(digests)
    found = [
        model.objects.filter(hash__in=asked).values_list("hash", flat=True) for model in (TokenSecret, GatewaySecret)
    ]
    return {bytes(digest) for digests_of_one in found for digest in digests_of_one}
