"""What may be wrong with a call before any decision: every code of a `Fault`, with its statuses. Refusals are in
`reasons.py`. A test compares this table with the places that raise."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FaultKind:
    code: str
    statuses: tuple[int, ...]
    when: str


_ROWS = [
    FaultKind("invalid_request", (400,), "the call itself cannot be read"),
    FaultKind("invalid_json", (400,), "the body is not JSON in UTF-8, has a key twice, or is nested too deep"),
    FaultKind("invalid_ask", (400,), "a field is missing or of wrong form; `param` names it"),
    FaultKind("ask_ambiguous", (400,), "the call names two models, or one in a way that others may read otherwise"),
    FaultKind("gateway_unauthorized", (401, 500), "the gateway's own key is wrong, or may not ask this, or from there"),
    FaultKind("metrics_unauthorized", (401,), "the figures are for who has METRICS_TOKEN, as a bearer"),
    FaultKind("metrics_local_only", (403,), "without METRICS_TOKEN, the figures are for the server's own machine"),
    FaultKind("not_found", (404,), "there is no such address"),
    FaultKind("method_not_allowed", (405,), "the address takes other methods; `Allow` lists them"),
    FaultKind("reservation_unknown", (404,), "no reservation of this request id is known, or no longer"),
    FaultKind("request_id_reused", (409,), "the request id is that of another call"),
    FaultKind("reservation_settled", (409,), "the call was settled, perhaps with another cost"),
    FaultKind("reservation_cancelled", (409,), "the call was cancelled"),
    FaultKind("reservation_expired", (409,), "the reservation's time was over before the call was settled"),
    FaultKind("version_ahead", (409,), "`at_least` is above every rights version that was committed"),
    FaultKind("too_large", (413,), "the body is too long"),
    FaultKind("unsupported_media_type", (415,), "the body is of another type, or compressed"),
    FaultKind("method_unknown", (501,), "HTTP has no method of that name"),
    FaultKind("rate_limited", (429,), "a token may ask of itself sixty times a minute; with `Retry-After`"),
    FaultKind("internal_error", (500,), "a fault of ours"),
    FaultKind("unavailable", (503,), "the database or, of reservations, Redis cannot be reached; with `Retry-After`"),
]
FAULTS: dict[str, FaultKind] = {row.code: row for row in _ROWS}
