"""Decisions over HTTP beside the peers and a bare hello: one process on one core each, the same load in turn, another
credential at each call."""

import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.benchmarks import cores, load
from tests.benchmarks.figures import Figure
from tests.benchmarks.load import Ask, Round, Subject
from tests.benchmarks.peers import installed
from tests.benchmarks.place import HELLO, Server, granian, place
from tests.benchmarks.platforms import GATED, Platform, platform
from tests.benchmarks.scale import Scale

# name of a peer → the figure of how much quicker Trellis is
PEERS = {
    "drf_api_key": "ratio_vs_drf_api_key",
    "knox": "ratio_vs_knox",
    "dot_bearer": "ratio_vs_dot_introspection_bearer",
    "dot_client": "ratio_vs_dot_introspection",
    "litellm": "ratio_vs_litellm",
}
# Among a hundred thousand calls of a token for the first time, a pass may be read anew; a refusal is another matter.
EXPECTED = {"ok", "token_malformed", "approval_required"}


def measure(scale: Scale) -> Iterator[Figure]:
    if not load.installed():
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        here = stack.enter_context(place())
        if not stack.enter_context(cores.data_servers_beside()):
            sys.stderr.write("  PostgreSQL or Redis is not ours: it may run on the core that serves\n")
        others = stack.enter_context(installed.django_peers(scale.tokens, folder))
        others += stack.enter_context(installed.litellm(folder))
        made = stack.enter_context(platform(here, scale.tokens, 1, folder))
        trellis = stack.enter_context(made.serve_apart())
        hello = stack.enter_context(granian(HELLO, made.place.environment, before=cores.apart()))
        ours = _subjects(made, trellis, hello)
        yield from _warmed(made, ours[0], scale)
        before = codes(trellis.port)
        found = load.in_turn([*ours, *others], scale.rounds, scale.seconds, partial(_again, ours[0], scale))
        _check(before, codes(trellis.port), found)
    yield from _figures(found)


def _subjects(made: Platform, server: Server, hello: Server) -> list[Subject]:
    return [
        made.decisions("decisions", server),
        made.forward_auth("forward_auth", server),
        made.forward_auth("new_heads", server, "AUTHORIZATION"),
        made.decisions("malformed", server, tokens=_malformed(made.tokens)),
        made.decisions("confirmed_refusals", server, model=GATED),
        Subject("hello", hello.port, Ask("GET", "/", {"Authorization": "Bearer $"}), made.tokens, hello.pid),
    ]


def _again(subject: Subject, scale: Scale) -> None:
    """Each token once more: while others had their turns, stored passes became too old to be believed, and a load that
    comes in turns must not find what no steady load does."""
    load.run_in(subject, scale.tokens, scale.warm_seconds)


def _malformed(tokens: Path) -> Path:
    """The same with a wrong checksum."""
    path = tokens.with_suffix(".malformed")
    texts = tokens.read_text().splitlines()
    path.write_text("".join(f"{text[:-1]}{'0' if text[-1] != '0' else '1'}\n" for text in texts))
    return path


def _warmed(made: Platform, subject: Subject, scale: Scale) -> Iterator[Figure]:
    """Each token once, so that its pass is stored; what that took of Redis."""
    before = made.redis_bytes()
    called = load.each_once(subject, scale.tokens, scale.warm_seconds)
    used = (made.redis_bytes() - before) / 1e6
    about = f"after one call with each of {called:,} tokens"
    yield Figure("redis_mb_per_100k_passes", round(used / called * 100_000, 1), about)
    load.run(subject, scale.settle_seconds)


def codes(port: int) -> Mapping[str, float]:
    """What the server has answered, by code: every answer is 200, so nothing else tells."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        families = text_string_to_metric_families(answer.read().decode())
    found: dict[str, float] = {}
    for family in families:
        for one in family.samples:
            if one.name == "trellis_decisions_total":
                found[one.labels["code"]] = found.get(one.labels["code"], 0) + one.value
    return found


def _check(before: Mapping[str, float], after: Mapping[str, float], found: Mapping[str, Round]) -> None:
    answered = {code: number - before.get(code, 0) for code, number in after.items() if number > before.get(code, 0)}
    allowed = sum(found[name].answers for name in ("decisions", "forward_auth", "new_heads"))
    if answered.keys() - EXPECTED or answered.get("ok", 0) < allowed:
        raise RuntimeError(f"of {allowed} calls that should be allowed, others were answered: {answered}")


def _figures(found: Mapping[str, Round]) -> Iterator[Figure]:
    ours, hello = found["decisions"], found["hello"]
    slower = min(ours, found["forward_auth"], key=lambda one: one.per_second)
    yield Figure("decisions_per_s", round(ours.per_second, 1), "POST /v1/decisions, allowed and metered, one core")
    yield Figure("decision_p99_ms", round(ours.p99_ms, 2), f"of the same, {load.CONNECTIONS} connections, full load")
    for name, about in (
        ("forward_auth", "GET /v1/forward-auth, allowed and metered"),
        ("new_heads", "the same where no head was read before"),
        ("malformed", "POST /v1/decisions with a wrong checksum"),
        ("confirmed_refusals", "POST /v1/decisions, 402, read again from PostgreSQL"),
    ):
        yield Figure(f"{name}_per_s", round(found[name].per_second, 1), f"{about}, one core")
        yield Figure(f"{name}_p99_ms", round(found[name].p99_ms, 2), "of the same")
    yield Figure(
        "ratio_vs_bare_hello", _over(slower, hello), f"the slower of both over hello ({hello.per_second:,.0f}/s)"
    )
    yield Figure("malformed_vs_bare_hello", _over(found["malformed"], hello), "malformed tokens over the same")
    for name, ratio in PEERS.items():
        if name in found:
            yield Figure(f"{name}_per_s", round(found[name].per_second, 1), "the peer, one core")
            yield Figure(ratio, _over(slower, found[name]), "the slower of decisions and forward-auth over it")
    if "drf_api_key" in found:
        confirmed = _over(found["confirmed_refusals"], found["drf_api_key"])
        yield Figure("confirmed_refusals_vs_drf_api_key", confirmed, "refusals that are confirmed over it")
    yield from _work(found)


def _work(found: Mapping[str, Round]) -> Iterator[Figure]:
    """What a busy machine changes least; waiting for PostgreSQL and Redis, and their work, is not in it."""
    for name, one in found.items():
        yield Figure(f"{name}_cpu_us", round(one.cpu_us, 1), "processor time of the server's processes, a call")


def _over(one: Round, other: Round) -> float:
    return round(one.per_second / other.per_second, 4)
