"""What one instant decides: real threads, real connections, real locks."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connections

from accounts.errors import DomainError


def at_once(*doings: Callable[[], object]) -> list[object]:
    """All begin together. The result of each, or what it was refused with; anything else that is raised is a fault."""
    barrier = Barrier(len(doings))

    def run(do: Callable[[], object]) -> object:
        barrier.wait(timeout=60)
        try:
            return do()
        except DomainError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(doings)) as pool:
        return list(pool.map(run, doings))


def refused(results: list[object]) -> list[DomainError]:
    return [result for result in results if isinstance(result, DomainError)]
