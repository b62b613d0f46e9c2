"""Calls of a token, as the fold has counted them."""

from datetime import date
from itertools import count

from accounts.clock import now
from tokens.gateway import folding
from tokens.gateway.folding import Batch
from tokens.gateway.usage import DAY
from tokens.models import Token

_numbers = count(1)


def calls(
    token: Token, number: int = 1, *, code: str = "ok", days_ago: int = 0, pack: str = "", of_pack: int = 0
) -> None:
    """So many of them, each for one call of the allowance; of those that are paid by a pack `of_pack`."""
    day = (now().date() - date(1970, 1, 1)).days - days_ago
    units = number * 1000 if code == "ok" else 0
    counted = [pack, False, day, number, units, of_pack * 1000, float(day * DAY)]
    row = [token.public_id, "gpt-4o-mini", "chat_completion", code, *counted]
    folding.add([Batch("factory", next(_numbers), [row], {})])
