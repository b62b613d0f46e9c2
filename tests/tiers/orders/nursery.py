"""Raises servers that deliver, for a test that kills them: `python -m tests.tiers.orders.nursery`.

Django is loaded once. For each line of standard input, a JSON list of deliveries, it forks a process that makes them
one after the other, over and over, through the real view and saying "delivered" after each; says its number, and
waits until that process is dead."""

import json
import os
import sys
from itertools import cycle
from typing import Any, NoReturn

import django


def main() -> None:
    django.setup()
    from django.test import Client

    Client().get("/webhooks/standard/nobody")  # 405, without the database: all code is loaded before the fork.
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            deliver(json.loads(line))
        print(child, flush=True)
        os.waitpid(child, 0)
        print("over", flush=True)


def deliver(deliveries: list[dict[str, Any]]) -> NoReturn:
    from django.test import Client

    client = Client(raise_request_exception=False)
    for one in cycle(deliveries):
        client.post(one["path"], one["body"], content_type="application/json", headers=one["headers"])
        print("delivered", flush=True)
    raise SystemExit


if __name__ == "__main__":
    main()
