"""Every task names its queue: what changes rights never waits behind mail."""

import ast

from config.celery import QUEUES, SCHEDULE
from tests.guards.sources import STOREYS, sources


def test_every_task_names_one_of_the_queues() -> None:
    wrong = []
    for source in sources(*STOREYS):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                wrong += [
                    f"{source.path}::{node.name}"
                    for decorator in node.decorator_list
                    if _is_task(decorator) and _queue(decorator) not in QUEUES
                ]
    assert wrong == []


def _is_task(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name in {"shared_task", "task", "periodic_task"}


def _queue(decorator: ast.expr) -> object:
    keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
    return next((k.value.value for k in keywords if k.arg == "queue" and isinstance(k.value, ast.Constant)), None)


def test_every_periodic_task_exists() -> None:
    from config.celery import app

    app.loader.import_default_modules()
    assert {entry["task"] for entry in SCHEDULE.values()} <= set(app.tasks)
