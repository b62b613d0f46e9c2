"""What payment providers and GitHub deliver. They are paths of ours, not callbacks to others."""

from collections.abc import Sequence
from typing import Any, Final

from tiers.models import InboxState
from tiers.payments.order_payload import KINDS
from tokens.gateway.http import JSON, PROBLEM
from tokens.gateway.openapi.answers import answer
from tokens.gateway.openapi.asking import NOBODY, header
from tokens.gateway.openapi.shapes import PUBLIC_ID, Schema, integer, listed, moment, one_of, ref, text, thing

TAG: Final = {
    "name": "Webhooks",
    "description": "Signed messages. A good one is stored first, then applied, and answered 2xx once all is committed; "
    "what cannot be applied yet is kept, and answered 500. A bad signature, or one older than five minutes, stores "
    "nothing.",
}
# Status → codes. A test compares them with the views.
REFUSALS: Final = {
    400: ("not_understood", "other_repository"),
    401: ("bad_signature", "keys_away"),
    413: ("body_too_large", "too_many_matches"),
    500: ("not_applied",),
    503: ("unavailable",),
}


def paths() -> dict[str, Any]:
    return {
        "/webhooks/stripe": {"post": _stripe()},
        "/webhooks/standard/{source}": {"parameters": [_source()], "post": _standard()},
        "/webhooks/github/secret-scanning": {"post": _github()},
        "/webhooks/github/issues/{public_id}": {"parameters": [_import()], "post": _issues()},
    }


def schemas() -> dict[str, Schema]:
    states = one_of(InboxState.values, "What became of the message.")
    codes = [code for held in REFUSALS.values() for code in held]
    return {
        "OrderEvent": _order_event(),
        "Received": thing({"event": text("Its id in the event inbox.", pattern=PUBLIC_ID), "state": states}),
        "NotReceived": thing({"status": one_of(REFUSALS), "code": one_of(codes), "title": text()}),
    }


def _post(
    operation: str,
    summary: str,
    headers: list[dict[str, Any]],
    schema: Schema,
    found: Schema,
    statuses: Sequence[int] = (401, 413, 500, 503),
) -> dict[str, Any]:
    return {
        "operationId": operation,
        "tags": [TAG["name"]],
        "summary": summary,
        "security": NOBODY,
        "parameters": headers,
        "requestBody": {"required": True, "content": {JSON: {"schema": schema}}},
        "responses": {"200": answer("Stored, and applied.", found), **_refusals(statuses)},
    }


def _refusals(statuses: Sequence[int]) -> dict[str, Any]:
    return {
        str(status): {
            "description": " ".join(f"`{code}`" for code in codes),
            "content": {PROBLEM: {"schema": ref("NotReceived")}},
        }
        for status, codes in REFUSALS.items()
        if status in statuses
    }


def _stripe() -> dict[str, Any]:
    signature = header("Stripe-Signature", "As Stripe signs: `t=…,v1=…`.", text())
    return _post("receiveStripe", "Stripe's events", [signature], {}, ref("Received"))


def _standard() -> dict[str, Any]:
    signed = [
        header("webhook-id", "The message's id; the same message has the same.", text()),
        header("webhook-timestamp", "Seconds since 1970.", text()),
        header("webhook-signature", "`v1,` and the signature in base64; several with blanks between.", text()),
    ]
    found = _post("receiveStandard", "Orders, by Standard Webhooks", signed, ref("OrderEvent"), ref("Received"))
    found["responses"]["404"] = {"description": "Not a source's name.", "content": {"text/html": {"schema": text()}}}
    return found


def _source() -> dict[str, Any]:
    schema = text(pattern="^[-a-zA-Z0-9_]+$")
    return {"name": "source", "in": "path", "required": True, "schema": schema, "example": "shop"}


def _order_event() -> Schema:
    """What it must hold besides is in docs/payments.md: whatever is signed is stored, and judged when it is applied."""
    money = {"amount": integer("In the currency's smallest unit."), "currency": text(examples=["USD"])}
    data = {
        "id": text("Your id of the order.", examples=["ord_1"]),
        "version": integer("Orders the status of a subscription."),
        "workspace": text("The buyer's workspace: its public id."),
        "product": text("The product's slug."),
        **money,
        "refund": thing({"id": text(), "amount": integer("Of this refund alone.")}),
        "dispute": thing({"id": text(), "outcome": one_of(["won", "lost"])}, optional=("outcome",)),
        "period_end": moment("Of a renewal."),
    }
    optional = [name for name in data if name != "id"]
    return thing({"type": text(examples=list(KINDS)), "timestamp": moment(), "data": thing(data, optional=optional)})


def _github() -> dict[str, Any]:
    signed = [
        header("Github-Public-Key-Identifier", "Which of GitHub's keys signed it.", text()),
        header("Github-Public-Key-Signature", "ECDSA with SHA-256, in base64.", text()),
    ]
    report = listed(thing({"token": text(), "type": text(), "url": text(), "source": text()}, optional=("source",)))
    feedback = listed(thing({"token_hash": text(), "token_type": text(), "label": _label()}))
    return _post("receiveLeaks", "Tokens that GitHub found in public", signed, report, feedback)


def _issues() -> dict[str, Any]:
    signed = [
        header("X-Hub-Signature-256", "`sha256=` and the HMAC of the body under the import's secret.", text()),
        header("X-GitHub-Event", "`issues` or `issue_comment`; `ping` is heard, all others are ignored.", text()),
        header("X-GitHub-Delivery", "The message's id; the same message has the same.", text()),
    ]
    states = one_of(dict.fromkeys(["heard", "ignored", *InboxState.values]))
    found = thing(
        {"event": text("Its id in the event inbox.", pattern=PUBLIC_ID), "state": states}, optional=("event",)
    )
    told = _post("receiveIssues", "Access requests filed as GitHub issues", signed, {}, found, (400, 401, 413, 500))
    told["responses"]["404"] = {"description": "Not an import's id.", "content": {"text/html": {"schema": text()}}}
    return told


def _import() -> dict[str, Any]:
    schema = text(pattern="^[-a-zA-Z0-9_]+$")
    return {"name": "public_id", "in": "path", "required": True, "schema": schema, "example": "0123456789ab"}


def _label() -> Schema:
    return one_of(["true_positive", "false_positive"])
