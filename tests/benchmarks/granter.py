"""A process that gives grants: each to a workspace whose token a gateway has just refused, and whose first call it
makes as soon as the commit has returned.

It reads one JSON object on standard input, and writes one a grant."""

import http.client
import json
import sys
import time
from typing import Any

import django


def main() -> None:
    django.setup()
    from accounts.audit import Task
    from accounts.models import Workspace
    from tiers.actions.grants import give_grant
    from tiers.models import AIModel, GrantSource
    from tokens import keys

    given = json.load(sys.stdin)
    model = AIModel.objects.get(name=given["model"])
    gateway = http.client.HTTPConnection("127.0.0.1", given["gateway"], timeout=30)
    for token in given["tokens"]:
        key = keys.parse_token(token)
        assert key is not None
        workspace = Workspace.objects.get(public_id=key.owner)
        if _allowed(gateway, token, given):
            raise RuntimeError("allowed before anything was granted")
        give_grant(workspace=workspace, model=model, source=GrantSource.RULE, source_id="bench", by=Task("bench"))
        committed = time.monotonic_ns()
        refusals = 0
        begun = time.monotonic_ns()
        while not _allowed(gateway, token, given):
            refusals += 1
            if refusals > 1000:
                raise RuntimeError("what was granted was never allowed")
        told = {"begun_ms": (begun - committed) / 1e6, "ms": (time.monotonic_ns() - committed) / 1e6}
        sys.stdout.write(json.dumps({**told, "refusals": refusals}) + "\n")


def _allowed(gateway: http.client.HTTPConnection, token: str, given: dict[str, Any]) -> bool:
    ask = json.dumps({"token": token, "model": given["model"], "endpoint": "/v1/chat/completions"})
    gateway.request("POST", "/v1/decisions", ask, given["headers"])
    found = json.loads(gateway.getresponse().read())
    if found["code"] not in {"ok", "approval_required"}:
        raise RuntimeError(f"refused by {found['code']}, which is not what this measures")
    return bool(found["allow"])


if __name__ == "__main__":
    main()
