"""Reserving, settling and cancelling, in few words."""

from typing import Any

from tests.tokens.gateway.calls import CHAT, Client, Reply
from tokens.actions.tokens import Minted

DAY = "requests_per_day"


def reserve(client: Client, seed: Minted | None, name: str = "call-1", **ask: Any) -> Reply:
    given = {"endpoint": CHAT, "model": "gpt-4o-mini", "cost": 4, "request_id": name, **ask}
    return client.post("/v1/usage/reserve", given | ({"token": seed.text} if seed else {}))


def settle(client: Client, cost: float, name: str = "call-1", **more: Any) -> Reply:
    return client.post("/v1/usage/settle", {"request_id": name, "cost": cost, **more})


def cancel(client: Client, name: str = "call-1", **more: Any) -> Reply:
    return client.post("/v1/usage/cancel", {"request_id": name, **more})


def left(client: Client, seed: Minted) -> int:
    """Whole calls left of the day, after one of a thousandth that is made for it."""
    reply = client.decide(token=seed.text, model="gpt-4o-mini", cost=0.001)
    return int(reply.json["limits"][DAY]["remaining"])
