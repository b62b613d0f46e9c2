"""Confirming on an event loop, with the real PostgreSQL: whoever asks is told, whatever becomes of the connection."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from tests import factories
from tokens.gateway.confirming import Confirmed
from tokens.gateway.confirming_on_loop import Confirmer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.server]


async def told(confirmer: Confirmer, *asked: Any) -> list[Confirmed | None]:
    """To asks of one moment; None for those that are not confirmed, or not asked."""
    loop = asyncio.get_running_loop()
    futures = [loop.create_future() for _ in asked]
    for rights, future in zip(asked, futures, strict=True):
        if not confirmer.ask(rights, future.set_result):
            future.set_result(None)
    return list(await asyncio.wait_for(asyncio.gather(*futures), 30))


async def confirmed(confirmer: Confirmer, rights: Any) -> Confirmed:
    while (said := (await told(confirmer, rights))[0]) is None:
        await asyncio.sleep(0.02)
    return said


def terminate(pid: int) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 30000)", [pid])
    finally:
        connection.close()


def test_all_who_ask_are_told_also_when_the_connection_is_lost() -> None:
    factories.catalogue()
    workspace = factories.token().token.application.workspace
    workspace.refresh_from_db()
    newest: Any = SimpleNamespace(workspace=workspace.public_id, rights_version=workspace.rights_version)
    older: Any = SimpleNamespace(workspace=workspace.public_id, rights_version=workspace.rights_version - 1)
    unknown: Any = SimpleNamespace(workspace="000000000000", rights_version=1)

    async def test() -> None:
        confirmer = Confirmer(asyncio.get_running_loop(), threads)
        for at_the_server in (True, False):
            await confirmed(confirmer, newest)
            said = await told(confirmer, *[newest] * 40, older, unknown)
            assert [one is not None for one in said] == [True] * 40 + [False] * 2
            kept = confirmer._connection
            assert kept is not None
            if at_the_server:
                await asyncio.to_thread(terminate, kept.info.backend_pid)
            else:
                kept.close()
            assert len(await told(confirmer, newest, older)) == 2
        assert (await confirmed(confirmer, newest)).catalogue_version >= 1

    with ThreadPoolExecutor(2) as threads, ThreadPoolExecutor(1) as apart:
        apart.submit(lambda: asyncio.run(asyncio.wait_for(test(), 60))).result()
