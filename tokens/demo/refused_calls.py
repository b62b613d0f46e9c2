"""The calls of the demo's tokens that were refused in the last days, for the page that explains them: as gateways would
have noted them, by the decision itself."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Final

from accounts import clock
from tiers import snapshot
from tiers.facts import Catalogue
from tokens.gateway import passes, refusal_log, request_ids
from tokens.gateway.ask import Ask, Decision
from tokens.gateway.decision import decide
from tokens.models import TokenSecret

CHAT: Final = "/v1/chat/completions"
# What people get wrong, the commonest first: model, endpoint.
MISTAKES: Final = (
    ("gpt-4o", CHAT),
    ("gpt-4o-mini", "/v1/completions"),
    ("GPT-4o-mini", CHAT),
    ("flux-pro", "/v1/images/generations"),
    ("gpt-4", CHAT),
    (None, "/v1/embeddings"),
    ("gpt-4o-mini", CHAT),
    ("claude-sonnet-4-5", "/v1/mesages"),
)
# Of one token, of all that is kept for a week.
MOST: Final = 4
HOURS: Final = 140


def make() -> None:
    """Of each token that was used. They are no part of the database, so Redis forgets them in a week; without Redis
    there are none."""
    now, catalogue = clock.now(), snapshot.load()
    rows = TokenSecret.objects.filter(ends_at=None, token__workspace__demo=True, token__last_used_at__isnull=False)
    for secret in rows.select_related("token__application").order_by("pk"):
        token, application = secret.token, secret.token.application
        ids = {"workspace": token.workspace.public_id, "application": application.public_id, "token": token.public_id}
        for decision in _refusals(token.name, bytes(secret.hash), catalogue, now):
            refusal_log.note(decision, **ids)
    refusal_log.flush()


def _refusals(name: str, digest: bytes, catalogue: Catalogue, now: datetime) -> Iterator[Decision]:
    """The same each time for a token of the same name; some of them came several times."""
    chance = random.Random(name)  # noqa: S311
    rights, left = passes.read([digest]).rights, MOST
    hosts = rights.application.hosts if rights and rights.publishable else ()
    origins = [f"https://{host.replace('*', 'www')}" for host in hosts]
    for model, endpoint in MISTAKES:
        at = now - timedelta(hours=chance.uniform(0.2, HOURS))
        address = ip_address(f"203.0.113.{chance.randint(1, 254)}")
        # A page that is tried on its developer's machine is the commonest foreign one.
        origin = chance.choice([*origins, *origins, "http://localhost:3000"]) if origins else None
        ask = Ask(endpoint, model=model, origin=origin, address=address, request_id=request_ids.new())
        decision = decide(catalogue, rights, ask, at)
        if decision.allow or not left:
            continue
        left -= 1
        yield from [decision] * chance.choice((1, 1, 2, 3, 7))
