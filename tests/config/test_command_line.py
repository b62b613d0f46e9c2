"""Commands start the servers that they need, and a URL that is wrong is one line that names it."""

import os
import subprocess
import sys
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings

from tests.config.embedded import PROJECT


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "DEMO": "on", **variables}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def assert_one_line(done: subprocess.CompletedProcess[str], name: str) -> None:
    assert done.returncode == 1
    assert done.stderr.startswith(f"trellis: {name} ")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://trellis:secret@127.0.0.1:1/trellis", "refused"),
        ("postgresql://trellis@/trellis?host=/nowhere", "No such file"),
        ("postgresql://127.0.0.1", "names no database"),
        ("oracle://127.0.0.1/trellis", "is not valid"),
    ],
)
def test_a_wrong_database_url_is_named(url: str, reason: str) -> None:
    done = manage("showmigrations", DATABASE_URL=url, REDIS_URL="redis://127.0.0.1:1")
    assert_one_line(done, "DATABASE_URL")
    assert reason in done.stderr


def test_a_database_or_a_user_that_is_not_there_is_named() -> None:
    parts = urlsplit(settings.DATABASE_URL)
    wrong_user = parts._replace(netloc=parts.netloc.replace(parts.username or "", "missing", 1))
    for url in (parts._replace(path="/missing").geturl(), wrong_user.geturl()):
        done = manage("showmigrations", DATABASE_URL=url, REDIS_URL="redis://127.0.0.1:1")
        assert_one_line(done, "DATABASE_URL")
        assert "missing" in done.stderr


def test_a_run_names_a_redis_that_is_not_there() -> None:
    done = manage("run", REDIS_URL="redis://127.0.0.1:1", PORT="18473")
    assert done.returncode == 1
    assert done.stderr.startswith("trellis: REDIS_URL cannot be used")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["PORT", "SITE_URL", "REDIS_URL", "DATABASE_URL", "TOKEN_KEYS", "DEMO"])
def test_a_malformed_variable_stops_every_command_in_one_line(name: str) -> None:
    assert_one_line(manage("check", **{name: "?"}), name)


def test_the_services_command_prints_urls_that_work() -> None:
    running = subprocess.Popen(
        [sys.executable, "manage.py", "services"],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], "DEMO": "on", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    try:
        lines = [running.stdout.readline().strip() for _ in range(2)]
        urls = dict(line.split("=", 1) for line in lines)
        psycopg.connect(urls["DATABASE_URL"]).close()
        assert urls["REDIS_URL"].startswith("unix://")
    finally:
        running.terminate()
    assert running.wait(timeout=90) == 0
