"""The embedded servers start once, are found again after any crash, and keep what they were told."""

import json
import os
import stat
from pathlib import Path

import psycopg
import pytest
import redis

from config import services
from config.environment import ConfigurationError
from tests.config.embedded import Clone, clone, start_in_process

__all__ = ["clone"]


def remember(place: services.Embedded) -> None:
    with psycopg.connect(place.database_url, options="-c synchronous_commit=on") as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('kept')")
    redis.Redis.from_url(place.redis_url).set("word", "kept")


def words(place: services.Embedded) -> tuple[object, object]:
    with psycopg.connect(place.database_url) as connection:
        row = connection.execute("SELECT word FROM kept").fetchone()
    return row and row[0], redis.Redis.from_url(place.redis_url).get("word")


def test_they_are_started_once_and_reused(clone: Clone) -> None:
    services.ensure(clone.path)
    before = {process.pid for process in clone.redis()}
    with psycopg.connect(clone.place.database_url) as connection:
        services.ensure(clone.path)
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert {process.pid for process in clone.redis()} == before


def test_they_listen_on_sockets_alone(clone: Clone) -> None:
    services.ensure(clone.path)
    listening = [
        connection
        for process in [*clone.postgres(), *clone.redis()]
        for connection in process.net_connections("inet")
        if connection.status == "LISTEN"
    ]
    assert listening == []
    assert len(str(clone.place.sockets / ".s.PGSQL.5432")) < 104


def test_data_outlive_a_stop(clone: Clone) -> None:
    with services.hold(clone.path) as place:
        remember(place)
    assert (clone.postgres(), clone.redis()) == ([], [])
    with services.hold(clone.path) as place:
        assert words(place) == ("kept", b"kept")


def test_a_crash_is_no_obstacle_and_loses_nothing_committed(clone: Clone) -> None:
    remember(services.ensure(clone.path))
    with redis.Redis.from_url(clone.place.redis_url) as client:
        client.execute_command("CONFIG", "SET", "appendfsync", "always")
        client.set("word", "kept")
    clone.kill()
    assert words(services.ensure(clone.path)) == ("kept", b"kept")


def test_a_pid_file_that_names_another_live_process_is_no_obstacle(clone: Clone) -> None:
    services.ensure(clone.path)
    pid_file = clone.place.data / "postgresql" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    clone.kill()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    os.chown(pid_file, *_owner(pid_file.parent))
    services.ensure(clone.path)
    psycopg.connect(clone.place.database_url).close()


def _owner(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_uid, found.st_gid


def test_sockets_that_were_cleaned_away_are_made_anew(clone: Clone) -> None:
    place = services.ensure(clone.path)
    for path in place.sockets.iterdir():
        path.unlink()
    remember(services.ensure(clone.path))


def test_a_half_made_database_is_made_anew(clone: Clone) -> None:
    half = clone.place.data / "postgresql.new"
    services.ensure(clone.path, ("redis",))
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    remember(services.ensure(clone.path))


def test_two_that_start_at_once_share_one_server(clone: Clone) -> None:
    both = [start_in_process(clone.path, "services.ensure(clone)") for _ in range(2)]
    assert [(process.communicate()[1], process.returncode) for process in both] == [("", 0), ("", 0)]
    assert len(clone.redis()) == 1
    assert len([process for process in clone.postgres() if process.parent() not in clone.postgres()]) == 1


def test_the_last_to_leave_stops_them_and_one_that_was_killed_does_not_count(clone: Clone) -> None:
    holder = "context = services.hold(clone); context.__enter__(); print('held', flush=True); sys.stdin.read()"
    other = start_in_process(clone.path, holder)
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    with services.hold(clone.path):
        pass
    assert clone.redis() != []
    with services.hold(clone.path):
        other.kill()
        other.wait()
    assert (clone.postgres(), clone.redis()) == ([], [])


def test_kept_servers_run_until_they_are_stopped(clone: Clone) -> None:
    services.keep(clone.path)
    with services.hold(clone.path):
        pass
    assert clone.redis() != []
    services.stop(clone.path)
    assert (clone.postgres(), clone.redis()) == ([], [])


def test_no_folder_above_changes(clone: Clone) -> None:
    above = [*clone.path.parents, clone.path, *Path("/var/lib/trellis").parents, *Path("/run/trellis").parents]
    before = [stat.filemode(folder.stat().st_mode) for folder in above]
    services.ensure(clone.path)
    assert [stat.filemode(folder.stat().st_mode) for folder in above] == before
    assert stat.S_IMODE(clone.home.stat().st_mode) == 0o700
    assert stat.S_IMODE(clone.place.sockets.stat().st_mode) == 0o700
    assert stat.S_IMODE((clone.place.data / "postgresql").stat().st_mode) == 0o700


def test_the_record_says_where_all_is(clone: Clone) -> None:
    place = services.ensure(clone.path)
    record = json.loads((clone.path / "var" / "services.json").read_text())
    assert record["data"] == str(place.data)
    assert record["database_url"] == place.database_url
    assert record["redis_url"] == place.redis_url


def test_a_folder_that_cannot_be_written_is_one_line(clone: Clone) -> None:
    (clone.path / "var").write_text("in the way")
    with pytest.raises(ConfigurationError, match="var cannot be made"):
        services.ensure(clone.path)


def test_a_full_disk_is_one_line(clone: Clone) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536)); "
    process = start_in_process(clone.path, limit + "services.ensure(clone)")
    said = process.communicate(timeout=120)[1]
    assert process.returncode == 1
    assert said.startswith("trellis: ")
    assert said.count("\n") == 1
    services.ensure(clone.path)
