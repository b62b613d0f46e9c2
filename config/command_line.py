"""Runs a management command with the servers that it needs, and says in one line what a server's URL is wrong about."""

import os
from pathlib import Path

import kombu.exceptions
import psycopg
import redis
from django.core.management import execute_from_command_line

from config import environment, services

CLONE = Path(__file__).resolve().parent.parent
# Commands that need no database, or that see to the servers themselves.
SERVERLESS = frozenset(
    {
        "help", "version", "run", "services", "check", "collectstatic", "compile_translations", "compilemessages",
        "diffsettings", "findstatic", "makemessages", "startapp",
    }
)  # fmt: skip
CONNECT_SECONDS = 5


def execute(arguments: list[str]) -> None:
    """Raises ConfigurationError naming DATABASE_URL or REDIS_URL where that server cannot be used."""
    command = arguments[1] if len(arguments) > 1 else "help"
    if command in SERVERLESS or command.startswith("-") or "--help" in arguments or "-h" in arguments:
        execute_from_command_line(arguments)
        return
    with services.hold(CLONE, services.missing()):
        check_database()
        try:
            execute_from_command_line(arguments)
        except (redis.ConnectionError, kombu.exceptions.OperationalError) as error:
            environment.fail("REDIS_URL", f"cannot be used: {_first_line(error)}")


def check_database() -> None:
    """Connect once to the server that DATABASE_URL names; the embedded one has just been seen to."""
    url = os.environ.get("DATABASE_URL", "").strip()
    if not url:
        return
    environment.database(url)
    try:
        psycopg.connect(url, connect_timeout=CONNECT_SECONDS).close()
    except psycopg.Error as error:
        environment.fail("DATABASE_URL", f"cannot be used: {_first_line(error)}")


def check_redis() -> None:
    url = os.environ.get("REDIS_URL", "").strip()
    if not url:
        return
    try:
        redis.Redis.from_url(url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=CONNECT_SECONDS).ping()
    except (redis.RedisError, ValueError) as error:
        environment.fail("REDIS_URL", f"cannot be used: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
