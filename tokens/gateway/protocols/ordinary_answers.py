"""How an ordinary call is answered: what `native.py` and `forward_auth.py` tell, with less work. What is the same for
all calls under one limit is put together once, and the figures are filled in."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from time import time
from typing import Any, Final, NamedTuple

import msgspec
from django.conf import settings
from django.utils import translation

from tokens.gateway import languages, metering, refusals, service, store
from tokens.gateway.ask import Ask, LimitState
from tokens.gateway.express import Allow
from tokens.gateway.http import ALWAYS, Headers, Ready, head_of
from tokens.gateway.limits import CALL
from tokens.gateway.protocols import presentation
from tokens.gateway.protocols.forward_auth import quoted

_encode = msgspec.json.Encoder().encode
_SOME_ID: Final = "req_-"
_ALWAYS: Final = head_of(ALWAYS)


def decision(allow: Allow) -> Ready:
    """As `POST /v1/decisions` answers it."""
    found, (head, limits) = allow.identity, _limits(allow, in_body=True)
    body = (
        '{"allow":true,"status":200,"code":"ok","type":null,"param":null,"message":"Allowed.","remedies":[],"also":[],'
        f'"request_id":"{allow.ask.request_id}","rights_version":{found.rights_version},'
        f'"evaluated_at":"{_time(allow.at)}","workspace":"{found.workspace}","application":{_text(found.slug)},'
        f'"tier":{_tier_text(allow.verdict.tier.slug)},"granted_by":{_granted_by(allow)}{limits}}}'
    ).encode()
    return Ready(f"{_ALWAYS}Content-Length: {len(body)}\r\n{head}", body)


def forward_auth(allow: Allow, more: Headers = ()) -> Ready:
    """As `GET /v1/forward-auth` answers it, with `more` that the proxy wants."""
    found, (head, _in_body) = allow.identity, _limits(allow, in_body=False)
    return Ready(
        f"{_ALWAYS}Content-Length: 0\r\nX-Trellis-Request-Id: {allow.ask.request_id}\r\n"
        f"X-Trellis-Application: {found.slug if _is_plain(found.slug) else quoted(found.slug)}\r\n"
        f"X-Trellis-Workspace: {found.workspace}\r\n{_tier_line(allow.verdict.tier.slug)}{head}"
        f"{head_of(more) if more else ''}"
    )


def malformed(request_id: str, accept_language: str) -> Ready:
    """As `POST /v1/decisions` answers a token of wrong form."""
    head, before, between, after = _malformed(languages.preferred(accept_language), settings.SITE_URL)
    body = f"{before}{request_id}{between}{_time(time())}{after}".encode()
    return Ready(f"{_ALWAYS}Content-Length: {len(body)}\r\n{head}", body)


@lru_cache(maxsize=64)
def _malformed(language: str, _site: str) -> tuple[str, str, str, str]:
    """The headers, and the body around its request's id and its time."""
    with translation.override(language):
        refused = service.refused(Ask("", request_id=_SOME_ID), refusals.token_malformed())
        body = _json(presentation.full(refused))
    before, _id, rest = body.partition(_SOME_ID)
    between, _at, after = rest.partition(presentation.timestamp(refused.at))
    return head_of(presentation.rate_limit_headers(refused)), before, between, after


def _granted_by(allow: Allow) -> str:
    place = allow.verdict.grant
    return "null" if place is None else _opened_by(*allow.identity.grants[place])


@lru_cache(maxsize=4096)
def _opened_by(source: str, source_id: str, ends_at: float | None) -> str:
    """A rule opens the same to thousands."""
    until = "null" if ends_at is None else f'"{presentation.timestamp(datetime.fromtimestamp(ends_at, UTC))}"'
    return f'{{"source":"{source}","id":{_text(source_id)},"until":{until}}}'


# --- Limits -----------------------------------------------------------------------------------------------


_Pick = Callable[[tuple[int, ...]], tuple[int, ...]]


class _Form(NamedTuple):
    """How what is left of the limits of one scope is told: texts in which figures are filled in, and which of the
    figures of minute, day and month each wants."""

    head: str
    of_head: _Pick
    body: str
    of_body: _Pick


def _limits(allow: Allow, *, in_body: bool) -> tuple[str, str]:
    """The headers, and the last member of the body if there is one."""
    if len(allow.states) != 1:
        limits = metering.states(allow.states, allow.identity.counters, allow.at)
        if not limits:
            return "", ""
        return head_of(presentation.fields(limits)), f',"limits":{_json(presentation.limits(limits))}'
    rate, left, reset, day, day_left, month, month_left = allow.states[0]
    form = _form(rate, day, month)
    if form is None:
        return "", ""
    day_ends, month_ends = store.seconds_left(allow.at)
    figures = (left, reset, day_left // CALL, day_ends, month_left // CALL, month_ends)
    return form.head % form.of_head(figures), form.body % form.of_body(figures) if in_body else ""


@lru_cache(maxsize=4096)
def _form(rate: int, day: int, month: int) -> _Form | None:
    """-1: no such limit. Day and month in units."""
    limits = {metering.MINUTE: rate, metering.DAY: day // CALL, metering.MONTH: month // CALL}
    names = [name for name, limit in limits.items() if limit >= 0]
    if not names:
        return None
    policy, _left, *per_minute = presentation.fields([LimitState(name, limits[name], 0, 0, "") for name in names])
    left = ", ".join(f'"{presentation.POLICIES[name][0]}";r=%d;t=%d' for name in names)
    head = head_of((policy, ("RateLimit", left), *per_minute[:1]))
    if rate >= 0:
        head += "X-RateLimit-Remaining-Requests: %d\r\nX-RateLimit-Reset-Requests: %ds\r\n"
    body = ",".join(f'"{name}":{{"limit":{limits[name]},"remaining":%d,"reset":%d}}' for name in names)
    places = [place for at, name in enumerate(limits) if name in names for place in (2 * at, 2 * at + 1)]
    minute = (0, 1) if rate >= 0 else ()
    return _Form(head, itemgetter(*places, *minute), f',"limits":{{{body}}}', itemgetter(*places))


# --- Texts ------------------------------------------------------------------------------------------------


def _time(at: float) -> str:
    second = int(at)
    return f"{_to_the_second(second)}.{int((at - second) * 1e6):06d}Z"


@lru_cache(maxsize=8)
def _to_the_second(second: int) -> str:
    return presentation.timestamp(datetime.fromtimestamp(second, UTC))[:-1]


def _text(text: str) -> str:
    return f'"{text}"' if _is_plain(text) else _json(text)


@lru_cache(maxsize=1024)
def _tier_text(slug: str) -> str:
    return _text(slug)


@lru_cache(maxsize=1024)
def _tier_line(slug: str) -> str:
    return head_of((("X-Trellis-Tier", slug),))


def _is_plain(name: str) -> bool:
    """Whether a name is written alike in JSON, in a header and in an address: ASCII letters, digits and hyphens."""
    return name.isascii() and name.replace("-", "0").isalnum()


def _json(value: Any) -> str:
    return _encode(value).decode()
