"""Whole calls through nginx with the shipped configurations, to a model server that answers at once."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests import factories
from tests.benchmarks import cores, load
from tests.benchmarks.figures import Figure
from tests.benchmarks.load import Ask, Subject
from tests.benchmarks.place import HELLO, granian, place
from tests.benchmarks.platforms import CHAT, MODEL, Platform, platform
from tests.benchmarks.scale import Scale
from tests.fixtures import proxies
from tokens.actions.gateways import add_gateway

BODY = f'{{"model":"{MODEL}","messages":[{{"role":"user","content":"Hello."}}]}}'
# name → the configuration, which header names a model, and the call
WAYS = {
    "nginx_accel": (
        "nginx-accel.conf",
        "X-Model",
        Ask("POST", CHAT, {"Authorization": "Bearer $", "Content-Type": "application/json"}, BODY),
    ),
    "nginx_auth_request": (
        "nginx-auth-request.conf",
        "",
        Ask("GET", f"/prompt/hello?model={MODEL}", {"Authorization": "Bearer $"}),
    ),
}


def measure(scale: Scale) -> Iterator[Figure]:
    if not load.installed():
        return
    if shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None:
        sys.stderr.write("  not measured: nginx is not installed (Debian: apt-get install nginx-light)\n")
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        here = stack.enter_context(place())
        admin = factories.administrator()
        keys = {
            name: add_gateway(name=name.replace("_", "-"), kind="nginx", model_header=header, by=admin).text
            for name, (_configuration, header, _ask) in WAYS.items()
        }
        stack.enter_context(cores.data_servers_beside())
        made = stack.enter_context(platform(here, scale.few, 1, folder))
        server = stack.enter_context(made.serve_apart())
        models = stack.enter_context(granian(HELLO, made.place.environment, before=cores.beside()))
        subjects = [made.decisions("direct", server)]
        for name, key in keys.items():
            front = stack.enter_context(_nginx(folder, name, key, server.port, models.port))
            subjects.append(_subject(name, made, front))
        load.each_once(subjects[0], scale.few, scale.warm_seconds)
        found = load.in_turn(subjects, scale.rounds, scale.seconds)
    for name in keys:
        about = f"whole calls through nginx ({WAYS[name][0]}), allowed; nginx beside the load"
        yield Figure(f"{name}_per_s", round(found[name].per_second, 1), about)
        yield Figure(f"{name}_p99_ms", round(found[name].p99_ms, 2), "of the same")


def _subject(name: str, made: Platform, port: int) -> Subject:
    return Subject(name, port, WAYS[name][2], made.tokens)


@contextmanager
def _nginx(folder: Path, name: str, key: str, trellis: int, models: int) -> Iterator[int]:
    places = {"127.0.0.1:8000": f"127.0.0.1:{trellis}", "127.0.0.1:9000": f"127.0.0.1:{models}"}
    kept = os.sched_getaffinity(0)
    # What is started is where its starter is.
    os.sched_setaffinity(0, cores.OTHERS)
    try:
        front = proxies.nginx(folder / name, WAYS[name][0], {**places, "trl_gw_CHANGE": key})
        with front as port:
            yield port
    finally:
        os.sched_setaffinity(0, kept)
