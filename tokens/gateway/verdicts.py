"""What `decide()` answers to the shape of a pass, remembered: the same few asks come again and again.

Only what the answer depends on is in the key, so a verdict holds for every token of the shape. It holds for one version
of the catalogue, and until the next moment at which time alone changes what the catalogue says.
"""

from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from msgspec import structs

from tiers.facts import Catalogue, TierFacts
from tokens.gateway import endpoints, stored
from tokens.gateway.ask import Ask
from tokens.gateway.decision import Case, decide

_MOST: Final = 20_000
# Longer asks are decided each time, lest the memory be filled with what never comes again.
_LONGEST: Final = 200
ANONYMOUS: Final = b""
_ANY_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)


class Verdict(NamedTuple):
    """An allow. `grant`: the place of the grant that opens it, of those stored; None where everybody may.
    `price`: of one call of this model, in calls."""

    operation: str | None
    model: str | None
    price: int
    tier: TierFacts
    grant: int | None


class Verdicts:
    """Those of one version of the catalogue."""

    def __init__(self, catalogue: Catalogue, now: float) -> None:
        self.catalogue = catalogue
        self.until = _next_change(catalogue, now)
        self._known: dict[tuple[Any, ...], Verdict | None] = {}
        self._prices: dict[tuple[Any, ...], int] = {}
        self._in_paths: dict[tuple[str, str], str | None] = {}

    def of(self, shape: bytes, ask: Ask, now: float) -> Verdict | None:
        """None where the shape does not allow it, or not without a free try."""
        sensitive = shape[0] if shape else 0
        key = (
            shape,
            ask.endpoint,
            ask.model,
            ask.method,
            ask.permission,
            ask.operation,
            ask.token_in_query and not ask.token_in_header,
            ask.origin if sensitive & stored.ORIGIN else None,
            ask.address if sensitive & stored.ADDRESS else None,
        )
        try:
            return self._known[key]
        except KeyError:
            pass
        verdict = self._decided(shape, ask, now)
        if _is_short(ask.endpoint, ask.model, ask.origin):
            _remember(self._known, key, verdict)
        return verdict

    def price(self, ask: Ask) -> int:
        """Of one call, in calls, whether it is allowed or not."""
        key = (ask.endpoint, ask.model, ask.method, ask.operation)
        price = self._prices.get(key)
        if price is None:
            model = Case(self.catalogue, None, ask, _ANY_TIME).model
            price = model.cost if model else 1
            if _is_short(ask.endpoint, ask.model):
                _remember(self._prices, key, price)
        return price

    def model_in_path(self, method: str, endpoint: str) -> str | None:
        """Where the pattern of the operation has a `{model}` segment."""
        key = (method, endpoint)
        try:
            return self._in_paths[key]
        except KeyError:
            found = endpoints.match(self.catalogue.operations, method, endpoint)
        model = found.model if found else None
        if _is_short(endpoint):
            _remember(self._in_paths, key, model)
        return model

    def _decided(self, shape: bytes, ask: Ask, now: float) -> Verdict | None:
        rights = stored.stand_in(shape) if shape else None
        decision = decide(self.catalogue, rights, structs.replace(ask, request_id=""), datetime.fromtimestamp(now, UTC))
        if not decision.allow or decision.tries_left is not None or decision.tier is None:
            return None
        opened = decision.granted_by
        model = self.catalogue.models.get(decision.model or "")
        return Verdict(
            operation=decision.operation,
            model=decision.model,
            price=model.cost if model else 1,
            tier=decision.tier,
            grant=int(opened.source_id) if opened else None,
        )


def _is_short(*texts: str | None) -> bool:
    return sum(len(text) for text in texts if text) <= _LONGEST


def _remember(known: dict[Any, Any], key: Any, value: Any) -> None:
    """What is forgotten is decided again, which costs little."""
    if len(known) >= _MOST:
        known.clear()
    known[key] = value


def _next_change(catalogue: Catalogue, now: float) -> float:
    moments = [
        at.timestamp()
        for model in catalogue.models.values()
        for at in (model.early_access_from, model.early_access_until, model.goal_reached_at, model.retired_at)
        if at is not None
    ]
    return min((at for at in moments if at > now), default=float("inf"))
