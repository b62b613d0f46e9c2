"""The calls of the demo's tokens in the last weeks, so that plots and allowances have something to show."""

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from accounts import clock
from accounts.ids import new_public_id
from accounts.models import Workspace
from tiers import snapshot
from tiers.facts import Catalogue, ModelFacts
from tiers.models import Grant
from tokens.gateway import folding
from tokens.gateway.folding import Batch
from tokens.gateway.limits import CALL
from tokens.gateway.usage import DAY
from tokens.models import Token
from tokens.selectors.standings import callable_models, grants_of, standings

DAYS: Final = 34
# Of a day's allowance, at most: the demo's applications go on to be served.
SHARE: Final = 0.9
# How many of a thousand calls are refused so, on an ordinary day.
REFUSED: Final = {"tier_required": 14, "wrong_endpoint": 8, "model_not_found": 5, "rate_limited": 3}
MOST: Final = 50_000
# token, model, operation, code, pack, whether in a query, day, calls, units, of the pack, last at: as a batch has them.
Row = list[Any]


def make() -> None:
    """For every token that was used, up to when it was last used."""
    now, catalogue = clock.now(), snapshot.load()
    for workspace in Workspace.objects.filter(demo=True):
        used = Token.objects.filter(workspace=workspace, last_used_at__isnull=False).select_related("application")
        rows = [row for token in used for row in _rows(token, catalogue, now)]
        if rows:
            folding.add([Batch(new_public_id(), 1, _paid_by_pack(workspace, rows), {})])


def _rows(token: Token, catalogue: Catalogue, now: datetime) -> Iterator[Row]:
    """The same each time for a token of the same name, with quieter weekends and a day now and then that is busy."""
    chance = random.Random(token.name)  # noqa: S311
    grants = grants_of(token.workspace)
    tier = standings(catalogue, grants, [token.application], now)[token.application_id].tier
    models = [model for model in callable_models(catalogue, grants, token.application_id, now) if _may(token, model)]
    if not models:
        return
    most = SHARE * (tier.requests_per_day or MOST) / (2 * max(model.cost for model in models[:3]))
    usual = min(chance.randint(120, 2600), most / 1.6)
    for day in _days(token, now):
        weight = chance.uniform(0.75, 1.15) * (0.55 if day.weekday() > 4 else 1)
        busy = 1.6 if chance.random() < 0.06 else 1
        calls = int(min(usual * weight * busy, most) * _part(day, now))
        yield from _of_day(token, chance, chance.choice(models[:3]), day, calls)


def _may(token: Token, model: ModelFacts) -> bool:
    return (not token.allowed_models or model.name in token.allowed_models) and bool(_operations(token, model))


def _operations(token: Token, model: ModelFacts) -> list[str]:
    return sorted(set(token.allowed_operations or model.operations) & model.operations)


def _days(token: Token, now: datetime) -> list[date]:
    first = max(token.created_at, now - timedelta(days=DAYS)).date()
    last = token.last_used_at or now
    return [first + timedelta(days=number) for number in range((last.date() - first).days + 1)]


def _part(day: date, now: datetime) -> float:
    """Of today only what is over has had calls."""
    return (now - datetime.combine(day, time(), now.tzinfo)) / timedelta(days=1) if day == now.date() else 1.0


def _of_day(token: Token, chance: random.Random, model: ModelFacts, day: date, calls: int) -> Iterator[Row]:
    if calls:
        yield _row(token, model, "ok", day, calls)
    storm = 8 if chance.random() < 0.08 else 1
    for code, of_thousand in REFUSED.items():
        refused = int(calls * of_thousand * chance.uniform(0.2, 1.8) / 1000) * (storm if code == "rate_limited" else 1)
        if refused:
            yield _row(token, model, code, day, refused)


def _row(token: Token, model: ModelFacts, code: str, day: date, calls: int) -> Row:
    units = calls * model.cost * CALL if code == "ok" else 0
    number, name = (day - date(1970, 1, 1)).days, "" if code == "model_not_found" else model.name
    last = min((token.last_used_at or token.created_at).timestamp(), (number + 0.9) * DAY)
    return [token.public_id, name, _operations(token, model)[0], code, "", False, number, calls, units, 0, last]


def _paid_by_pack(workspace: Workspace, rows: list[Row]) -> list[Row]:
    """Of a pack, where there is one, up to a third is spent: since it began, packs pay for what was called."""
    pack = Grant.objects.filter(workspace=workspace, revoked_at=None).exclude(calls=None).order_by("pk").first()
    if pack is None or pack.calls is None:
        return rows
    left = pack.calls * CALL // 3
    for row in rows:
        if row[3] == "ok" and row[10] > pack.starts_at.timestamp():
            paid = min(left, row[8])
            row[4], row[9], left = pack.public_id, paid, left - paid
    return rows
