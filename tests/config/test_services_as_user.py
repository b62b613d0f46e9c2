"""The embedded servers of an ordinary user with a private home, whoever runs the tests."""

import os
import pwd
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.embedded import folders
from config.environment import ConfigurationError
from tests.config.embedded import Runner

FORGET = "import shutil; services.stop(clone); shutil.rmtree(services.locate(clone).sockets)"
PRINT_URL = "place = services.ensure(clone); print(place.database_url, place.redis_url, place.data, sep='\\n')"


@pytest.fixture(scope="module")
def runner() -> Runner:
    """As root an ordinary user, with an interpreter that it can reach; otherwise oneself."""
    if os.geteuid() != 0:
        return Runner()
    daemon = pwd.getpwnam("daemon")
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        if Path(python).exists() and Runner(python, daemon).works():
            return Runner(python, daemon)
    pytest.skip("this clone and its Python lie where no other user can reach them")


@pytest.fixture
def home(runner: Runner) -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="trellis-home-"))
    (path / "a clone").mkdir()
    if runner.user:
        for folder in (path, path / "a clone"):
            os.chown(folder, runner.user.pw_uid, runner.user.pw_gid)
    yield path
    shutil.rmtree(path)


def said(runner: Runner, clone: Path, code: str) -> list[str]:
    out, problem = runner.start(code, clone).communicate(timeout=180)
    assert problem == ""
    return out.splitlines()


def test_servers_live_in_the_clone_under_a_private_home(home: Path, runner: Runner) -> None:
    clone = home / "a clone"
    try:
        _, _, data = said(runner, clone, PRINT_URL)
        assert data == str(clone / "var")
        assert (clone / "var" / "postgresql" / "PG_VERSION").exists()
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        assert (clone / "var" / "postgresql").stat().st_uid == (runner.user.pw_uid if runner.user else os.geteuid())
    finally:
        said(runner, clone, FORGET)


def test_a_folder_that_another_user_made_first_is_refused(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    with pytest.raises(ConfigurationError, match="not a private folder"):
        folders.private_folder(tmp_path / "open", 0o700)
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(ConfigurationError, match="not a private folder"):
        folders.private_folder(tmp_path / "link", 0o700)
