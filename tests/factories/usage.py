"""Calls of a token, as the fold has counted them."""

from datetime import date
from itertools import count

from dateutil.relativedelta import relativedelta

from accounts.clock import now
from tokens.gateway import folding, partitions
from tokens.gateway.folding import Batch
from tokens.gateway.usage import DAY
from tokens.models import Token

_numbers = count(1)
MONTHS_AGO = 3


def make_partitions() -> None:
    """Those for calls of today, of the months before that tests look at, and of the months ahead."""
    today = now().date()
    partitions.make(today - relativedelta(months=months) for months in range(1, MONTHS_AGO + 1))
    partitions.make_ahead()


def calls(
    token: Token, number: int = 1, *, code: str = "ok", days_ago: int = 0, pack: str = "", of_pack: int = 0
) -> None:
    """So many of them, each for one call of the allowance; of those that are paid by a pack `of_pack`."""
    day = (now().date() - date(1970, 1, 1)).days - days_ago
    units = number * 1000 if code == "ok" else 0
    counted = [pack, False, day, number, units, of_pack * 1000, float(day * DAY)]
    row = [token.public_id, "gpt-4o-mini", "chat_completion", code, *counted]
    folding.add([Batch("factory", next(_numbers), [row], {})])
