"""Every task has its queue: what changes rights never waits behind mail."""

import pytest

from config.celery import QUEUES, ROUTES, SCHEDULE, app
from tests.guards.sources import STOREYS


@pytest.fixture(scope="module")
def tasks() -> set[str]:
    app.loader.import_default_modules()
    return {name for name in app.tasks if name.split(".")[0] in STOREYS}


def test_every_task_has_one_of_the_queues(tasks: set[str]) -> None:
    assert set(ROUTES) == tasks
    assert {route["queue"] for route in ROUTES.values()} == set(QUEUES)


def test_a_task_is_sent_where_the_table_says() -> None:
    sent = {name: app.amqp.router.route({}, name)["queue"].name for name in ROUTES}
    assert sent == {name: route["queue"] for name, route in ROUTES.items()}


def test_every_periodic_task_exists(tasks: set[str]) -> None:
    assert {entry["task"] for entry in SCHEDULE.values()} <= tasks
