"""Random catalogues, grants, passes and asks, small enough that they often meet."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

import msgspec
from hypothesis import strategies as st

from tiers.facts import (
    AskedAgain,
    Catalogue,
    GrantFacts,
    ModelFacts,
    OperationFacts,
    OrderFacts,
    ProductFacts,
    TierFacts,
    TriesFacts,
)
from tokens.gateway.ask import ApplicationFacts, Ask, OpenRequest, Pass
from tokens.gateway.stored import StoredPass

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TIERS = ("anonymous", "seed", "flower")
MODELS = ("m1", "m2", "m3", "m4")
ENDPOINTS = {
    "chat": ("POST /v1/chat", "POST /v1/models/{model}/chat"),
    "image": ("POST /v1/image", "GET /image/{prompt}"),
    "embed": ("POST /v1/embed",),
}
APPLICATION = 7
# What a publishable token's refusal must not tell.
WORKSPACE, REQUEST, REASON, SOURCE = "workspace0id", "request0id", "reason given", "source0id"
ORDER = "order0id"
# As one is stored, for those to whom it is all the same which.
A_PASS = msgspec.msgpack.encode(StoredPass("t", WORKSPACE, "a", "app", False, 1, ("ta",), b"", []))

moments = st.sampled_from([NOW + timedelta(days=days) for days in (-200, -91, -89, -1, 0, 1, 200)])
names = st.sampled_from(MODELS)
permissions = st.sampled_from(("generate", "generate", "download"))


def optional(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.none() | strategy


def some(values: tuple[str, ...]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values))


@st.composite
def models(draw: st.DrawFn, name: str) -> ModelFacts:
    gated = draw(st.booleans())
    start = draw(optional(moments))
    end = draw(moments.filter(lambda at: at > start)) if start and start < NOW + timedelta(days=200) else None
    return ModelFacts(
        name=name,
        operations=draw(some(tuple(ENDPOINTS))),
        tier=None if gated else draw(st.sampled_from(TIERS)),
        gated=gated,
        aliases=(f"{name}-alias",) if draw(st.booleans()) else (),
        early_access_from=start if end else None,
        early_access_until=end,
        goal_reached_at=draw(st.none() | st.none() | moments) if end else None,
        free_tries=draw(st.integers(0, 2)),
        retired_at=draw(optional(moments)),
        successor=draw(optional(names)),
    )


@st.composite
def catalogues(draw: st.DrawFn) -> Catalogue:
    tiers = {
        slug: TierFacts(slug=slug, name=slug.title(), rank=i, requests_per_minute=1) for i, slug in enumerate(TIERS)
    }
    operations = {
        slug: OperationFacts(
            slug=slug,
            label=slug.title(),
            endpoints=endpoints,
            sends=draw(st.sampled_from(("", "messages", "prompt"))),
            default_model=draw(optional(names)),
        )
        for slug, endpoints in ENDPOINTS.items()
    }
    products = {slug: (draw(products_called(slug)),) for slug in draw(some(("p1", "p2")))}
    return Catalogue(1, tiers, {name: draw(models(name)) for name in MODELS}, operations, products)


@st.composite
def products_called(draw: st.DrawFn, slug: str) -> ProductFacts:
    kind = draw(st.sampled_from(("tier", "model", "early_access", "pack")))
    recurs = draw(st.booleans())
    return ProductFacts(
        slug=slug,
        kind=kind,
        name=slug,
        amount=draw(st.integers(1, 10**9)),
        currency=draw(st.sampled_from(("USD", "EUR", "JPY", "KWD"))),
        sale_from=draw(moments),
        sale_until=draw(optional(moments)),
        interval=draw(st.sampled_from(("month", "year"))) if recurs else "",
        lasts_days=None if recurs else draw(optional(st.integers(1, 400))),
        window_until=draw(optional(moments)) if kind == "early_access" else None,
        **draw(subjects(kind)),
    )


@st.composite
def subjects(draw: st.DrawFn, kind: str) -> dict[str, object]:
    """What is sold, in the words of products, orders and grants."""
    if kind == "pack":
        return {"calls": 100}
    if kind == "tier":
        return {"tier": draw(st.sampled_from(TIERS))}
    return {
        "model": draw(names),
        "permissions": draw(st.sampled_from((frozenset({"generate"}), frozenset({"generate", "download"})))),
    }


@st.composite
def orders(draw: st.DrawFn) -> OrderFacts:
    kind = draw(st.sampled_from(("tier", "model", "early_access")))
    return OrderFacts(
        id=ORDER,
        kind=kind,
        since=NOW - timedelta(hours=draw(st.sampled_from((0, 23, 24, 14 * 24 - 1, 14 * 24)))),
        pending=draw(st.booleans()),
        window_until=draw(optional(moments)) if kind == "early_access" else None,
        **draw(subjects(kind)),
    )


@st.composite
def tries(draw: st.DrawFn, model: str) -> TriesFacts:
    asked = AskedAgain(NOW - timedelta(minutes=draw(st.sampled_from((0, 4, 5)))), draw(st.integers(1, 5)))
    taken = draw(st.integers(0, 3))
    return TriesFacts(model, taken, {"req_1": asked} if taken and draw(st.booleans()) else {})


@st.composite
def grants(draw: st.DrawFn) -> GrantFacts:
    return GrantFacts(
        id="grant0id",
        source=draw(st.sampled_from(("rule", "manual", "request", "order", "early_access"))),
        source_id=SOURCE,
        application=draw(st.sampled_from((None, APPLICATION, 8))),
        starts_at=draw(moments),
        ends_at=draw(optional(moments)),
        suspended_at=draw(optional(st.just(NOW))),
        disputed_at=draw(st.sampled_from((None, None, NOW))),
        revoked_at=draw(optional(st.just(NOW))),
        **draw(st.sampled_from(("tier", "model", "pack")).flatmap(subjects)),
    )


live_grants = grants().map(lambda grant: _live(grant))


def _live(grant: GrantFacts) -> GrantFacts:
    return replace(
        grant, starts_at=NOW - timedelta(days=1), ends_at=None, suspended_at=None, disputed_at=None, revoked_at=None
    )


@st.composite
def open_requests(draw: st.DrawFn) -> OpenRequest:
    to_tier = draw(st.booleans())
    states = ("draft", "submitted", "in_review", "changes_requested")
    tier, model = (draw(st.sampled_from(TIERS)), None) if to_tier else (None, draw(names))
    return OpenRequest(REQUEST, draw(st.sampled_from(states)), tier, model, NOW)


@st.composite
def passes(draw: st.DrawFn) -> Pass:
    networks = draw(st.sampled_from(((), (ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")))))
    application = ApplicationFacts(
        pk=APPLICATION,
        id="application0",
        slug="chat",
        name="Chat",
        secret_in_query=draw(st.booleans()),
        suspended_reason=draw(st.sampled_from((None, None, None, "", REASON))),
        hosts=draw(st.sampled_from(((), ("example.com", "*.example.org")))),
    )
    return Pass(
        token="token0id",
        publishable=draw(st.booleans()),
        workspace=WORKSPACE,
        application=application,
        rights_version=3,
        workspace_suspended_reason=draw(st.sampled_from((None, None, None, "", REASON))),
        ends_at=draw(optional(moments)),
        rotated=draw(st.booleans()),
        revoked_at=draw(st.sampled_from((None, None, None, NOW))),
        revoked_reason=REASON,
        leaked=draw(st.booleans()),
        allowed_models=draw(st.just(frozenset()) | some(MODELS)),
        allowed_operations=draw(st.just(frozenset()) | some(tuple(ENDPOINTS))),
        allowed_permissions=draw(st.just(frozenset()) | some(("generate", "download"))),
        allowed_networks=networks,
        allowed_hosts=draw(st.sampled_from(((), (), ("example.com",)))),
        grants=tuple(draw(st.lists(grants(), max_size=4))),
        open_requests=tuple(draw(st.lists(open_requests(), max_size=2))),
        orders=tuple(draw(st.lists(orders(), max_size=2))),
        tries=tuple(draw(tries(model)) for model in draw(some(MODELS))),
    )


paths = st.sampled_from(
    ("/v1/chat", "/v1/image", "/v1/embed", "/v1/models/m1/chat", "/image/a%20b", "/v1/chat/", "//v1/chat", "/V1/chat")
)
addresses = st.sampled_from(("192.0.2.1", "203.0.113.1", "2001:db8::1")).map(ip_address)
origins = st.sampled_from(("https://example.com", "https://a.example.org", "https://evil-example.com", "null", ""))


@st.composite
def asks(draw: st.DrawFn) -> Ask:
    return Ask(
        endpoint=draw(paths | paths | st.text(max_size=30)),
        token="given",
        model=draw(optional(names | names | st.sampled_from(("m1-alias", "M1")) | st.text(max_size=10))),
        method=draw(st.sampled_from(("POST", "POST", "GET", "")) | st.text(max_size=8)),
        origin=draw(optional(origins | st.text(max_size=20))),
        address=draw(optional(addresses)),
        permission=draw(permissions),
        request_id="req_1",
        token_in_query=draw(st.booleans()),
    )


@st.composite
def meetings(draw: st.DrawFn) -> tuple[Catalogue, Pass, Ask]:
    """Nothing stands in the way of the call but, perhaps, that its model is not held."""
    catalogue, rights = draw(catalogues()), draw(passes())
    first = catalogue.models["m1"]
    if draw(st.booleans()):
        day = timedelta(days=1)
        first = replace(first, early_access_from=NOW - day, early_access_until=NOW + day, goal_reached_at=None)
    first = replace(first, operations=frozenset({"chat"}), retired_at=None)
    clear = {"revoked_at": None, "ends_at": None, "workspace_suspended_reason": None, "publishable": False}
    free = {f"allowed_{what}": () for what in ("models", "operations", "permissions", "networks", "hosts")}
    at_hand = replace(rights.application, suspended_reason=None)
    return (
        replace(catalogue, models={**catalogue.models, "m1": first}),
        replace(rights, application=at_hand, **clear, **free),
        Ask("/v1/chat", token="given", model="m1", permission=draw(permissions), request_id="req_1"),
    )
