"""`/healthz`: this process answers. `/readyz`: so does what it needs."""

import redis
import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor

from tokens.gateway.http import Answer, Call, json_answer

log = structlog.get_logger(__name__)
TIMEOUT_SECONDS = 2

_migrated = False


def healthz(call: Call) -> Answer:
    return json_answer(200, {"status": "ok"})


def readyz(call: Call) -> Answer:
    """503 names what is missing. Migrations cannot be told while PostgreSQL is away, and once applied stay so."""
    found = {"postgresql": _postgresql(), "redis": _redis()}
    if found["postgresql"]:
        found["migrations"] = _migrations()
    missing = [name for name, there in found.items() if not there]
    checks = {name: "ok" if there else "missing" for name, there in found.items()}
    status = "not ready" if missing else "ok"
    return json_answer(503 if missing else 200, {"status": status, "missing": missing, "checks": checks})


def _postgresql() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError) as error:
        log.warning("postgresql_missing", error=str(error))
        return False
    return True


def _redis() -> bool:
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
    )
    try:
        client.ping()
    except redis.RedisError as error:
        log.warning("redis_missing", error=str(error))
        return False
    finally:
        client.close()
    return True


def _migrations() -> bool:
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _migrated
