"""Every refusal there is: code, status, type. `docs/refusals.md` is generated from this table.

402 means that something can be obtained; 403 that nothing the caller could obtain would change the answer.
"""

from dataclasses import dataclass

TYPE_OF_STATUS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "insufficient_access",
    403: "permission_error",
    404: "invalid_request_error",
    409: "invalid_request_error",
    410: "invalid_request_error",
    413: "invalid_request_error",
    415: "invalid_request_error",
    429: "rate_limit_error",
    500: "api_error",
    503: "api_error",
}
REMEDY_KINDS = {
    "apply": "ask for it: make a token, or send an access request that the link has filled in",
    "buy": "buy what opens it",
    "pay": "settle an order that exists already",
    "wait": "do nothing: it opens at `until`, or once what is under way is done; the link shows its state",
    "use": "call another `model` or `endpoint`; the link lists what can be called",
    "rotate": "take the token's newer secret, or make one",
    "edit": "change a setting of the token or the application",
    "contact": "ask a person",
}
OBTAINS = frozenset({"apply", "buy", "pay", "wait"})


@dataclass(frozen=True, slots=True)
class Reason:
    """`param` is the default one; a refusal may name a more exact one."""

    code: str
    status: int
    param: str | None
    when: str

    @property
    def type(self) -> str:
        return TYPE_OF_STATUS[self.status]


_ROWS = [
    Reason("token_malformed", 401, "token", "wrong form or checksum, or two tokens that differ"),
    Reason("token_unknown", 401, "token", "well-formed, not one of ours"),
    Reason("token_revoked", 401, "token", "its holder or we ended it"),
    Reason("token_expired", 401, "token", "its end has passed, or it was rotated and its overlap has passed"),
    Reason("rate_limited", 429, None, "more calls a minute, or at once, than a limit allows; with `Retry-After`"),
    Reason("workspace_suspended", 403, "token", "the workspace is suspended"),
    Reason("application_suspended", 403, "token", "the application is suspended"),
    Reason("origin_not_allowed", 403, "origin", "the browser's origin is not one of the application's domains"),
    Reason("ip_not_allowed", 403, "ip", "the address is not in the networks this token is restricted to"),
    Reason("endpoint_unknown", 404, "endpoint", "no operation matches method and path"),
    Reason("model_missing", 400, "model", "the operation needs a model"),
    Reason("model_not_found", 404, "model", "no model of that name"),
    Reason("model_retired", 410, "model", "the model is no longer served"),
    Reason("token_scope", 403, None, "the holder restricted this token to other models, operations or permissions"),
    Reason("token_missing", 401, "token", "no token, and the anonymous tier does not open the model"),
    Reason("payment_pending", 402, "model", "an order that would open it is not settled yet; with `Retry-After`"),
    Reason("grant_suspended", 402, "model", "the grant that opens it is suspended, by staff or while it is disputed"),
    Reason("grant_not_started", 402, "model", "the grant that opens it has not started"),
    Reason("grant_expired", 402, "model", "the grant that opened it ended less than 90 days ago"),
    Reason("trial_used_up", 402, "model", "in early access, and the workspace's free tries of it are used up"),
    Reason("early_access", 402, "model", "only holders of early access may use it until its window ends"),
    Reason("approval_required", 402, "model", "the model opens by an approved access request alone"),
    Reason("tier_required", 402, "model", "the model opens to a higher tier"),
    Reason("wrong_endpoint", 404, "endpoint", "the model is held, but not served on this endpoint"),
    Reason("allowance_used_up", 429, None, "the calls of the day or the month are used up; says until when"),
    Reason("unavailable", 503, None, "the truth could not be read"),
]
REASONS: dict[str, Reason] = {reason.code: reason for reason in _ROWS}
