"""Redis on an event loop, against real servers: in order, in time, and back once it is back."""

import asyncio
import socket
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import hiredis
import pytest
import uvloop

from accounts.pipeline import Pipeline
from accounts.wire import REST, TIMEOUT, pack
from tests.fixtures import redis_servers
from tests.fixtures.redis_servers import DEBIAN, EMBEDDED, Server

pytestmark = pytest.mark.server
READY = pack("PING")


def on_a_loop(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """The server's kind, on a thread of its own, since a browser's loop may run on this one."""

    async def timed() -> None:
        await asyncio.wait_for(test(), 60)

    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: uvloop.run(timed())).result()


async def answers(pipeline: Pipeline, *commands: bytes) -> list[Any]:
    """To commands of one moment; each of them None where it was not sent, or not answered."""
    loop = asyncio.get_running_loop()
    futures = [loop.create_future() for _ in commands]
    for command, future in zip(commands, futures, strict=True):
        if not pipeline.ask(command, future.set_result):
            future.set_result(None)
    return list(await asyncio.gather(*futures))


async def connected(pipeline: Pipeline) -> None:
    while (await answers(pipeline, READY)) != [b"PONG"]:
        await asyncio.sleep(0.01)


def test_commands_of_one_moment_are_answered_in_their_order(own_redis: Server) -> None:
    async def test() -> None:
        pipeline = Pipeline(own_redis.url.replace("/0", "/3"), asyncio.get_running_loop())
        assert await answers(pipeline, READY) == [None]
        await connected(pipeline)
        found = await answers(pipeline, pack("SET", "a", "x" * 300_000), pack("NOPE"), pack("GET", "a"), READY)
        assert (found[0], found[2], found[3]) == (b"OK", b"x" * 300_000, b"PONG")
        assert isinstance(found[1], hiredis.ReplyError)
        assert (own_redis.client.exists("a"), own_redis.client.info("keyspace").keys()) == (0, {"db3"})

    on_a_loop(test)


def test_a_redis_that_hangs_is_waited_for_no_longer_than_its_time(own_redis: Server) -> None:
    async def test() -> None:
        loop = asyncio.get_running_loop()
        pipeline = Pipeline(own_redis.url, loop)
        await connected(pipeline)
        own_redis.client.execute_command("CLIENT", "PAUSE", 3_000)
        assert await answers(pipeline, READY, READY) == [None, None]
        assert not pipeline.ask(READY, print), "nothing is sent to it for a while"

    on_a_loop(test)


def test_a_process_that_stood_still_itself_reads_what_came_meanwhile(own_redis: Server) -> None:
    """Behind whatever else came on a socket, since what is left of that turn of the loop is timers."""

    def stand_still() -> None:
        here.recv(1)
        time.sleep(TIMEOUT * 2)

    async def test() -> None:
        loop = asyncio.get_running_loop()
        loop.add_reader(here, stand_still)
        pipeline = Pipeline(own_redis.url, loop)
        await connected(pipeline)
        for _turn in range(5):
            asked = asyncio.ensure_future(answers(pipeline, READY))
            await asyncio.sleep(0)
            loop.call_soon(there.send, b".")
            assert await asked == [b"PONG"]

    here, there = socket.socketpair()
    with here, there:
        on_a_loop(test)


def test_a_redis_that_comes_back_is_asked_again(own_redis: Server) -> None:
    async def test() -> None:
        pipeline = Pipeline(own_redis.url, asyncio.get_running_loop())
        await connected(pipeline)
        await asyncio.to_thread(own_redis.kill)
        assert await answers(pipeline, READY) == [None]
        await asyncio.to_thread(own_redis.start)
        await connected(pipeline)

    on_a_loop(test)


@pytest.mark.parametrize("version", [EMBEDDED, DEBIAN])
def test_a_cluster_is_left_to_the_threads(version: str, tmp_path: Path) -> None:
    """Who meets a slot of another node learns so, and nobody asks here again."""

    async def test(node: Server) -> None:
        pipeline = Pipeline(node.url, asyncio.get_running_loop())
        await connected(pipeline)
        found = await answers(pipeline, *(pack("GET", f"{{{number}}}") for number in range(20)))
        moved = [str(reply) for reply in found if isinstance(reply, hiredis.ReplyError)]
        assert moved
        assert moved[0].startswith("MOVED ")
        await asyncio.sleep(REST * 2)
        assert await answers(pipeline, READY) == [None]

    with redis_servers.cluster(tmp_path, version) as nodes:
        on_a_loop(lambda: test(nodes[0]))
