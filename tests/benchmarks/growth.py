"""What grows with the number of tokens: calls with a thousand tokens of a small platform and with as many of a large
one, in turn; the memory of a worker; and two workers instead of one."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from tests.benchmarks import cores, load
from tests.benchmarks.figures import Figure
from tests.benchmarks.place import place
from tests.benchmarks.platforms import platform
from tests.benchmarks.scale import Scale


def measure(scale: Scale) -> Iterator[Figure]:
    if not load.installed():
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        here = stack.enter_context(place())
        stack.enter_context(cores.data_servers_beside())
        platforms = {
            "few": stack.enter_context(platform(here, scale.few, 1, folder)),
            "many": stack.enter_context(platform(here, scale.many, 2, folder)),
        }
        servers = {name: stack.enter_context(made.serve_apart()) for name, made in platforms.items()}
        subjects = [
            made.decisions(name, servers[name], tokens=made.some(scale.few)) for name, made in platforms.items()
        ]
        for subject in subjects:
            load.each_once(subject, scale.few, scale.warm_seconds)
        found = load.in_turn(subjects, scale.rounds, scale.seconds)
        yield Figure(
            "ratio_1m_vs_1k_tokens",
            round(found["many"].per_second / found["few"].per_second, 4),
            f"calls with {scale.few:,} of {scale.many:,} tokens over calls with {scale.few:,} of as many",
        )
        every = replace(subjects[1], name="every", credentials=platforms["many"].tokens)
        load.run(every, scale.seconds * scale.rounds)
        for name, server in servers.items():
            about = f"of a worker after the load, {getattr(scale, name):,} tokens in all"
            yield Figure(f"worker_mb_{name}_tokens", round(cores.resident_mb(server.pid), 1), about)
        two = stack.enter_context(platforms["few"].serve_apart(workers=2))
        pair = [replace(subjects[0], name="one"), replace(subjects[0], name="two", port=two.port, pid=two.pid)]
        in_turn = load.in_turn(pair, scale.rounds, scale.seconds)
    more = in_turn["two"].per_second / in_turn["one"].per_second
    about = f"two workers over one, on {len(cores.ALL)} cores that the load, PostgreSQL and Redis share"
    yield Figure("ratio_two_workers_vs_one", round(more, 4), about)
