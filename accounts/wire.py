"""Redis for the hot path: hiredis packs and parses, one socket a thread, one round trip a call.

redis-py, which everything else uses, costs more than all the rest of a decision. Follows a Redis Cluster by its
redirections: slots are learnt as they are met, so a cluster needs no setting. A call takes a quarter of a second at
most; after a failure nothing is tried for half a second, so that a Redis that is away or hangs delays few.
"""

import binascii
import hashlib
import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import hiredis
import redis
import structlog
from redis.connection import SSLConnection, UnixDomainSocketConnection, parse_url

log = structlog.get_logger(__name__)
TIMEOUT: Final = 0.25  # seconds, of connecting and of each answer
REST: Final = 0.5  # seconds in which nothing is tried after a failure
_SLOTS: Final = 16384
_READ: Final = 1 << 13
_MOST_REDIRECTIONS: Final = 5
_AT_ONCE: Final = 100
_AWAY: Final = frozenset({"LOADING", "CLUSTERDOWN", "MASTERDOWN", "READONLY", "OOM", "MISCONF", "NOREPLICAS", "BUSY"})
# What a script met within, as Redis 6.2 wraps it in an error of its own.
_MET: Final = ("-READONLY ", "-OOM ", "-MISCONF ", "-NOREPLICAS ")

Value = bytes | str | int
Node = tuple[str, int]


class Away(redis.RedisError):
    """Redis cannot be reached in time; what was asked of it may have been done all the same."""


@dataclass(frozen=True, slots=True)
class Script:
    """A Lua script, sent once and then called by its hash."""

    text: str
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest())


class Wire:
    """A Redis, or a cluster, by the URL of one of its nodes."""

    def __init__(self, url: str, timeout: float = TIMEOUT) -> None:
        self._options = options_of(url)
        self._timeout = timeout
        self._local = threading.local()
        self._slots: dict[int, Node] = {}
        self._rests_until = 0.0
        # A fork must not talk on the sockets of its parent.
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._local = threading.local()

    def rest(self) -> None:
        """Try nothing for a while: others have found it away."""
        self._rests_until = time.monotonic() + REST

    def run(self, script: Script, keys: Sequence[str], arguments: Sequence[Value]) -> Any:
        """Run a script on keys of one slot. Raises Away, or redis.ResponseError for a mistake of ours."""
        reply = self.call("EVALSHA", script.digest, len(keys), *keys, *arguments, key=keys[0])
        if isinstance(reply, hiredis.ReplyError) and str(reply).startswith("NOSCRIPT"):
            reply = self.call("EVAL", script.text, len(keys), *keys, *arguments, key=keys[0])
        if isinstance(reply, hiredis.ReplyError):
            raise redis.ResponseError(str(reply))
        return reply

    def ask(self, packed: bytes) -> Any:
        """Send one packed command to the one Redis that nearly every installation has, in as few steps as can be. None
        where there is more to it (the first call of a thread, a cluster, an error): then nothing came of it, and `run`
        does it. Raises Away."""
        connection: _Connection | None = getattr(self._local, "usual", None)
        if connection is None or self._slots or self._rests_until:
            return None
        try:
            reply = connection.exchange(packed)
        except _Closed:
            self._drop(None)
            return None
        except OSError as error:
            self._drop(None)
            raise self._away(str(error)) from error
        return None if isinstance(reply, hiredis.ReplyError) else reply

    def run_all(self, script: Script, calls: Sequence[tuple[Sequence[str], Sequence[Value]]]) -> None:
        """Run a script on many keys, whatever it answers, in one go where there is one Redis. Raises Away."""
        if not calls:
            return
        commands = [pack("EVALSHA", script.digest, len(keys), *keys, *arguments) for keys, arguments in calls]
        replies = [] if self._slots else self._exchange_all(commands)
        for number, (keys, arguments) in enumerate(calls):
            # A script that is not known there, and a slot that lies elsewhere, are found out one by one.
            if number >= len(replies) or isinstance(replies[number], hiredis.ReplyError):
                self.run(script, keys, arguments)

    def _exchange_all(self, commands: list[bytes]) -> list[Any]:
        if self._rests_until and time.monotonic() < self._rests_until:
            raise Away("Redis was away a moment ago.")
        try:
            return self._connection(None, fresh=False).exchange_all(commands)
        except _Closed:
            # While it was idle: they are sent one by one, on another connection.
            self._drop(None)
            return []
        except OSError as error:
            self._drop(None)
            raise self._away(str(error)) from error

    def call(self, *command: Value, key: str) -> Any:
        """One command; an error that Redis answers is returned as it is. Raises Away."""
        if self._rests_until and time.monotonic() < self._rests_until:
            raise Away("Redis was away a moment ago.")
        packed = pack(*command)
        slot = _slot(key) if self._slots else None
        node, asking = self._slots.get(slot) if slot is not None else None, False
        for _redirection in range(_MOST_REDIRECTIONS):
            reply = self._exchange(node, packed, asking=asking)
            if not isinstance(reply, hiredis.ReplyError):
                self._rests_until = 0.0
                return reply
            kind, _, rest = str(reply).partition(" ")
            if kind not in {"MOVED", "ASK"}:
                return self._refused(reply, kind)
            node, asking = _node(rest), kind == "ASK"
            if kind == "MOVED":
                self._slots[_slot(key)] = node
        raise self._away("The cluster sends us round in circles.")

    def _refused(self, reply: Any, kind: str) -> Any:
        """What Redis says while it starts, fails over, or is full is being away too."""
        if kind == "TRYAGAIN":
            # One slot is being moved; all others answer.
            raise Away(str(reply))
        if kind in _AWAY or (kind == "ERR" and any(error in str(reply) for error in _MET)):
            raise self._away(str(reply))
        return reply

    def _exchange(self, node: Node | None, packed: bytes, *, asking: bool) -> Any:
        """A connection that the server closed while it was idle is opened anew, once."""
        for fresh in (False, True):
            try:
                connection = self._connection(node, fresh=fresh)
                if asking:
                    connection.exchange(pack("ASKING"))
                return connection.exchange(packed)
            except _Closed as error:
                self._drop(node)
                if fresh:
                    raise self._away("Redis closes the connection.") from error
            except OSError as error:
                self._drop(node)
                raise self._away(str(error)) from error
        raise AssertionError("unreachable")

    def _connection(self, node: Node | None, *, fresh: bool) -> "_Connection":
        connections: dict[Node | None, _Connection] | None = getattr(self._local, "connections", None)
        if connections is None:
            connections = self._local.connections = {}
        connection = None if fresh else connections.get(node)
        if connection is None:
            connection = connections[node] = _Connection(self._options, node, self._timeout)
            if node is None:
                self._local.usual = connection
        return connection

    def _drop(self, node: Node | None) -> None:
        connection = getattr(self._local, "connections", {}).pop(node, None)
        if connection is not None:
            connection.close()
        if node is None:
            self._local.usual = None
        else:
            self._slots = {slot: other for slot, other in self._slots.items() if other != node}

    def _away(self, why: str) -> Away:
        """Logged here: those who are told so while it rests say nothing new, and there may be thousands a second."""
        log.warning("redis_away", error=why)
        self.rest()
        return Away(why)


@cache
def connected(url: str) -> Wire:
    """The one wire of this process to that Redis."""
    return Wire(url)


class _Closed(Exception):
    """The server has closed the connection."""


class _Connection:
    """One socket, used by one thread."""

    def __init__(self, options: dict[str, Any], node: Node | None, timeout: float) -> None:
        self._socket = _open(options, node, timeout)
        self._reader = hiredis.Reader()
        try:
            self._greet(options, node)
        except BaseException:
            self.close()
            raise

    def _greet(self, options: dict[str, Any], node: Node | None) -> None:
        for command in greeting(options, of_a_cluster=node is not None):
            self._must(*command)

    def _must(self, *command: Value) -> None:
        reply = self.exchange(pack(*command))
        if isinstance(reply, hiredis.ReplyError):
            raise OSError(str(reply))

    def exchange(self, packed: bytes) -> Any:
        """Raises _Closed, or OSError. After either the connection must be dropped: an answer may be on its way."""
        try:
            self._socket.sendall(packed)
            self._reader.feed(self._read())
            return self._answer()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise _Closed from error

    def _answer(self) -> Any:
        while (reply := self._reader.gets()) is False:
            self._reader.feed(self._read())
        return reply

    def _read(self) -> bytes:
        read = self._socket.recv(_READ)
        if not read:
            raise _Closed
        return read

    def exchange_all(self, commands: list[bytes]) -> list[Any]:
        """Raises as `exchange` does. Both sides' buffers hold what is sent at once."""
        replies: list[Any] = []
        for start in range(0, len(commands), _AT_ONCE):
            some = commands[start : start + _AT_ONCE]
            replies.append(self.exchange(b"".join(some)))
            replies.extend(self._answer() for _ in some[1:])
        return replies

    def close(self) -> None:
        self._socket.close()


def _open(options: dict[str, Any], node: Node | None, timeout: float) -> socket.socket:
    kind = options.get("connection_class")
    if kind is UnixDomainSocketConnection and node is None:
        opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        opened.settimeout(timeout)
        opened.connect(options["path"])
    else:
        host, port = node or (options.get("host", "localhost"), options.get("port", 6379))
        opened = socket.create_connection((host, port), timeout)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if kind is SSLConnection:
            return ssl.create_default_context().wrap_socket(opened, server_hostname=host)
    # The kernel keeps the time: Python would poll before each read and write.
    opened.settimeout(None)
    wait = struct.pack("ll", int(timeout), int(timeout % 1 * 1e6))
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, wait)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, wait)
    return opened


def options_of(url: str) -> dict[str, Any]:
    """Of a connection, as redis-py reads them."""
    return dict(parse_url(url))  # type: ignore[no-untyped-call]


def greeting(options: dict[str, Any], *, of_a_cluster: bool = False) -> list[tuple[Value, ...]]:
    """The commands that come before all others on a new connection. A node of a cluster has one database."""
    password, username = options.get("password"), options.get("username")
    found: list[tuple[Value, ...]] = []
    if password:
        found.append(("AUTH", username, password) if username else ("AUTH", password))
    if not of_a_cluster and options.get("db"):
        found.append(("SELECT", options["db"]))
    return found


def pack(*command: Value) -> bytes:
    """As Redis reads it."""
    text: bytes = hiredis.pack_command(command)  # type: ignore[arg-type]  # Its stub knows commands of one word.
    return text


def _slot(key: str) -> int:
    """The cluster's slot of a key with a hash tag."""
    tag = key[key.find("{") + 1 : key.find("}")]
    return binascii.crc_hqx(tag.encode(), 0) % _SLOTS


def _node(rest: str) -> Node:
    """Of `<slot> <host>:<port>`."""
    host, _, port = rest.partition(" ")[2].rpartition(":")
    return host, int(port)
