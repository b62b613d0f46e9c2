"""A process that buys: it sends a signed webhook, is told of the commit by PostgreSQL itself, and calls at once.

It reads one JSON object on standard input and writes what it saw, one JSON object a purchase. It needs no Django, so
that nothing of it delays the call: `LISTEN` wakes it up within a fraction of a millisecond of the commit."""

import http.client
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import psycopg
from standardwebhooks.webhooks import Webhook

PATIENCE = 30  # seconds


def buy(lane: dict[str, Any], purchases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One after another; the first ones, that find servers still loading, do not count.

    The gateway's connection stays with one process, which so has refused the token before."""
    shop = http.client.HTTPConnection("127.0.0.1", lane["web"], timeout=PATIENCE)
    gateway = http.client.HTTPConnection("127.0.0.1", lane["gateway"], timeout=PATIENCE)
    with psycopg.connect(lane["database"], autocommit=True) as listening:
        results = []
        for one in purchases:
            results.append(_purchase(lane, one, shop, gateway, listening))
            time.sleep(lane["between"])
    return results[lane["warm"] :]


def _purchase(
    lane: dict[str, Any],
    one: dict[str, Any],
    shop: http.client.HTTPConnection,
    gateway: http.client.HTTPConnection,
    listening: psycopg.Connection,
) -> dict[str, Any]:
    ask = json.dumps({"token": one["token"], "model": one["model"], "endpoint": "/v1/chat/completions"}).encode()
    if _allowed(gateway, ask, lane["headers"]):
        raise RuntimeError("allowed before anything was bought")
    listening.execute(f"LISTEN granted_{one['workspace']}")
    body, headers = _message(lane["secret"], one)
    sent = time.time()
    shop.request("POST", lane["path"], body, headers)
    committed = next(float(told.payload) for told in listening.notifies(timeout=PATIENCE, stop_after=1))
    begun, refusals = time.time(), 0
    while not _allowed(gateway, ask, lane["headers"]):
        refusals += 1
        if time.time() - begun > PATIENCE:
            raise RuntimeError("what was bought was never allowed")
        time.sleep(lane["pause"])
    allowed = time.time()
    answer = shop.getresponse()
    answer.read()
    if answer.status // 100 != 2:
        raise RuntimeError(f"the webhook was answered {answer.status}")
    listening.execute(f"UNLISTEN granted_{one['workspace']}")
    return {"sent": sent, "committed": committed, "begun": begun, "allowed": allowed, "refusals": refusals}


def _message(secret: str, one: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    now = datetime.now(UTC)
    named = {"workspace": one["workspace"], "product": one["product"], "amount": 500, "currency": "USD"}
    data = {"id": one["order"], **named}
    body = json.dumps({"type": "order.paid", "timestamp": now.isoformat(), "data": data})
    headers = {
        "webhook-id": f"msg_{one['order']}",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(f"msg_{one['order']}", now, body),
        "Content-Type": "application/json",
    }
    return body.encode(), headers


def _allowed(gateway: http.client.HTTPConnection, ask: bytes, headers: dict[str, str]) -> bool:
    gateway.request("POST", "/v1/decisions", ask, headers)
    found = json.loads(gateway.getresponse().read())
    if found["code"] not in {"ok", "approval_required"}:
        raise RuntimeError(f"refused by {found['code']}, which is not what this measures")
    return bool(found["allow"])


def main() -> None:
    given = json.load(sys.stdin)
    lanes = given["lane"]["lanes"]
    shares = [given["purchases"][number::lanes] for number in range(lanes)]
    with ThreadPoolExecutor(lanes) as pool:
        for results in pool.map(lambda share: buy(given["lane"], share), shares):
            for result in results:
                sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
