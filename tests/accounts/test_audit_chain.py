"""The audit's promises: whole under concurrency, append-only, and honest about tampering."""

import threading
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.db.utils import DatabaseError

from accounts import audit, audit_chain
from accounts.actions.erasure import erase_origin
from accounts.actions.workspaces import rename_workspace, suspend_workspace
from accounts.audit import Origin, Task
from accounts.models import AuditCheckpoint, AuditEvent, AuditOrigin, Platform, PlatformRole
from accounts.models.audit import DIGEST
from tests.accounts.people import person, personal_workspace

BY = Task("test")
REMOVE = """
    WITH gone AS (DELETE FROM accounts_auditevent WHERE workspace_id IS NULL AND seq = {seq} RETURNING id)
    DELETE FROM accounts_auditorigin WHERE event_id IN (SELECT id FROM gone)
"""


def record(subject, workspace, **fields) -> AuditEvent:
    with transaction.atomic():
        return audit.record("thing.done", subject, by=BY, workspace=workspace, **fields)


def tamper(sql: str, *values: object) -> None:
    """What only a superuser can do: write with the triggers switched off."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, values)


def together(*works: Callable[[], object]) -> None:
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        barrier.wait()
        try:
            work()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_chains_stay_whole_when_many_write_at_once():
    ada, bob = person(), person()
    places = [personal_workspace(ada), personal_workspace(bob), None]

    def write() -> None:
        for place in places * 5:
            record(ada, place)

    together(*[write] * 6)
    assert AuditEvent.objects.filter(action="thing.done").count() == 90
    assert audit_chain.verify() == []
    assert AuditEvent.objects.filter(workspace=None).count() == Platform.objects.get().audit_seq == 30


@pytest.mark.django_db(transaction=True)
def test_checkpoints_miss_no_event_of_a_slow_transaction():
    ada = person()
    wrote, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            audit.record("slow.done", ada, by=BY, workspace=None)
            wrote.set()
            go_on.wait(60)

    def quick() -> None:
        wrote.wait(60)
        record(ada, personal_workspace(ada))  # A newer id, committed first.
        assert audit_chain.checkpoint() is None
        go_on.set()

    together(slow, quick)
    made = audit_chain.checkpoint()
    assert made is not None
    assert made.events == AuditEvent.objects.count()
    assert audit_chain.verify() == []


@pytest.mark.django_db
def test_checkpoints_chain_only_what_is_new():
    ada = person()
    first = audit_chain.checkpoint()
    assert first is not None
    assert audit_chain.checkpoint() is None
    record(ada, None)
    second = audit_chain.checkpoint()
    assert second is not None
    assert (second.events, second.previous_hash) == (1, first.hash)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE accounts_auditevent SET reason = 'other'",
        "DELETE FROM accounts_auditevent",
        "UPDATE accounts_auditcheckpoint SET events = 7",
        "DELETE FROM accounts_auditcheckpoint",
    ],
)
def test_nothing_written_can_be_changed_or_removed(sql):
    person()
    audit_chain.checkpoint()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.django_db(transaction=True)
def test_the_table_cannot_be_emptied():
    person()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL trellis.allow_truncate = 'off'")
        with pytest.raises(DatabaseError, match="cannot be removed"), transaction.atomic():
            cursor.execute("TRUNCATE accounts_auditevent CASCADE")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("UPDATE accounts_auditevent SET reason = 'bribed' WHERE seq = 2", {"altered"}),
        ("UPDATE accounts_auditevent SET at = at - interval '1 day' WHERE seq = 2", {"altered"}),
        ("UPDATE accounts_auditorigin SET address = '10.0.0.1'", {"origin_altered"}),
        ("DELETE FROM accounts_auditorigin", {"origin_altered"}),
        (REMOVE.format(seq=2), {"missing_before"}),
        (REMOVE.format(seq=3), {"head_differs"}),
        ("UPDATE accounts_platform SET audit_head = repeat('0', 64)", {"head_differs"}),
    ],
)
def test_tampering_is_found(sql, what):
    ada = person()
    for _ in range(3):
        record(ada, None)
    record(ada, personal_workspace(ada))
    assert audit_chain.verify() == []
    audit_chain.checkpoint()
    tamper(sql)
    found = {found.what for found in audit_chain.verify()}
    assert what <= found
    with pytest.raises(CommandError, match="broken"):
        call_command("verify_audit")


@pytest.mark.django_db
def test_a_whole_chain_rewritten_with_good_digests_is_found_by_the_checkpoint():
    ada = person()
    record(ada, None)
    audit_chain.checkpoint()

    tamper("UPDATE accounts_auditevent SET reason = 'never asked' WHERE workspace_id IS NULL")
    digest = DIGEST.format(row="a")
    tamper(f"UPDATE accounts_auditevent a SET hash = {digest} WHERE workspace_id IS NULL")  # noqa: S608
    tamper(
        "UPDATE accounts_platform SET audit_head = (SELECT hash FROM accounts_auditevent WHERE workspace_id IS NULL)"
    )
    assert {found.what for found in audit_chain.verify()} == {"checkpoint_differs"}


@pytest.mark.django_db
def test_an_event_and_its_change_stand_or_fall_together():
    ada = person()
    before = AuditEvent.objects.count()

    def fail_after_recording() -> None:
        with transaction.atomic():
            audit.record("thing.done", ada, by=BY, workspace=None)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_recording()
    assert AuditEvent.objects.count() == before
    assert audit_chain.verify() == []


@pytest.mark.django_db
def test_origins_can_be_erased_and_the_chain_stays_whole(capsys):
    ada = person("ada@example.com")
    with audit.origin(Origin("req", "2001:db8::1")), transaction.atomic():
        audit.record("thing.done", ada, by=ada, workspace=None)
    assert audit_chain.verify() == []
    assert erase_origin(person=ada, reason="asked to be forgotten", by=BY) == 2
    assert not AuditOrigin.objects.filter(email="ada@example.com").exists()
    assert not AuditOrigin.objects.filter(address="2001:db8::1").exists()
    event = AuditEvent.objects.get(action="person.origin_erased")
    assert event.after == {"events": 2}
    call_command("verify_audit")
    assert "whole" in capsys.readouterr().out
    assert AuditCheckpoint.objects.count() == 0


@pytest.mark.django_db
def test_an_event_holds_no_part_of_an_address():
    ada = person("ada.byron@example.com")
    admin = person("root@example.com", role=PlatformRole.ADMINISTRATOR)
    suspend_workspace(workspace=personal_workspace(ada), reason="Resold access", by=admin)
    rename_workspace(workspace=personal_workspace(ada), name="Engines", by=ada)
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(a::text, ' ') FROM accounts_auditevent a")
        assert "byron" not in cursor.fetchone()[0]  # No hash and no public id holds it by chance.
