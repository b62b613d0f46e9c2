"""What every test has: real servers, and a Redis as empty as a new one."""

import gc
import os
from collections.abc import Iterator
from functools import cache

import pytest
import redis
from hypothesis import HealthCheck, settings
from pytest_django import DjangoDbBlocker

from tests.environment import HOLDING

# The same examples each time, however slow the machine: what fails has been changed, and fails again.
settings.register_profile("tests", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")

pytest_plugins = ["tests.fixtures.browsers", "tests.fixtures.deciding", "tests.fixtures.workers"]


def pytest_configure() -> None:
    from django.test import TransactionTestCase

    from tests.fixtures.emptying import empty

    TransactionTestCase._fixture_teardown = empty


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the collector need not walk through it again and again, as it else does."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take longest begin first, or one process would be left alone with them at the end: those with servers,
    then those with a browser, which would keep the servers of the others from their processor."""
    servers = {item.path for item in items if item.get_closest_marker("server")}
    servers |= {item.path for item in items if item.path.match("tests/access/test_matrix.py")}
    browsers = {item.path for item in items if item.get_closest_marker("browser")}
    items.sort(key=lambda item: 0 if item.path in servers else 1 if item.path in browsers else 2)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """By the process that led the others, once they have ended."""
    if session.config.getoption("numprocesses", None) and not hasattr(session.config, "workerinput"):
        from tests.fixtures import template_database

        template_database.drop()


def pytest_unconfigure() -> None:
    HOLDING.close()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: DjangoDbBlocker, testrun_uid: str
) -> None:
    """Several processes share what the migrations made; one alone makes its own."""
    from tests.fixtures import template_database

    if "PYTEST_XDIST_WORKER" in os.environ:
        with django_db_blocker.unblock():
            template_database.provide(testrun_uid)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The partitions of usage are there, as they are in production: to make one locks the tables that others may be
    using. Sessions that threads of tests left behind must not keep the test database from being dropped."""
    from django.db import connection

    from tests.factories import usage

    with django_db_blocker.unblock():
        usage.make_partitions()
    yield

    with django_db_blocker.unblock():
        _close_pool()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        # The pool may hold one that was just ended, and would hand it to whoever drops the database.
        _close_pool()


def _close_pool() -> None:
    from django.db import connection

    connection.close()
    connection.close_pool()


@pytest.fixture(autouse=True)
def _default_language() -> Iterator[None]:
    """What the last caller of one test reads is not the language of the next."""
    from django.utils import translation

    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """How long decisions usually took in one test is not told to the applicants of the next."""
    from tokens.selectors import usual_times

    usual_times.forget()


@pytest.fixture(autouse=True)
def _clean_redis() -> None:
    """Counters, passes and caches of one test are not seen by the next."""
    _redis().flushdb()


@cache
def _redis() -> redis.Redis:
    """To connect anew for each test takes longer than to empty it. One that was cut is made again by itself."""
    return redis.Redis.from_url(os.environ["REDIS_URL"])
