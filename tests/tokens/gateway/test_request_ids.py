"""Names of asks: no two alike, whichever threads and processes make them."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor

from tokens.gateway import request_ids


def _made(number: int) -> list[str]:
    return [request_ids.new() for _ in range(number)]


def test_no_two_are_alike() -> None:
    """A free try is taken once for one name. Children of a fork begin with what their parent had made ahead."""
    request_ids.new()
    with ThreadPoolExecutor(8) as pool:
        made = [name for names in pool.map(_made, [2000] * 8) for name in names]
    with multiprocessing.get_context("fork").Pool(3) as processes:
        made += [name for names in processes.map(_made, [200] * 6, chunksize=2) for name in names]
    made += _made(300)
    assert len(set(made)) == len(made) == 16_000 + 1200 + 300
    assert all(request_ids.is_one(name) for name in made)
