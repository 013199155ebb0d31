"""The run directory: what a running site keeps on disk while it runs, and the lock that only one may hold."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from portico.errors import UserError

LONGEST_SOCKET = 100  # bytes; the kernels allow 107 (Linux) and 103 (macOS)
ROOM_FOR_NAMES = 16  # later reloads may add apps with names up to this long
MEMORY = Path("/dev/shm")  # noqa: S108 - Linux's file system in memory
ROOM_IN_MEMORY = 128_000_000  # bytes: twice what the front may keep there


class RunDirectory:
    """The paths in a run directory and the few ways in which files are written there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sockets = path / "sockets"
        self.starting = path / "starting"
        self.crashed = path / "crashed"
        self.nginx = path / "nginx"
        self.cache = path / "cache"
        self.lines = (
            path / "lines"
        )  # stays when the site stops: the gate reads the last ones at the next start
        self.site_json = path / "site.json"
        self.pids = path / "pids.json"
        self.control = path / "control.sock"
        self._checks = path / "nginx" / "checks"
        self._lock = -1

    def socket(self, name: str) -> Path:
        """Where the front connects to reach an app or the gate."""
        return self.sockets / f"{name}.sock"

    def clean(self) -> None:
        """Remove what an earlier run left (sockets, markers, nginx's files) and make the folders anew."""
        self._forget_checks()
        for folder in (self.sockets, self.starting, self.crashed, self.nginx, self.cache):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.control.unlink(missing_ok=True)

    @contextlib.contextmanager
    def checks_in_memory(self) -> Iterator[None]:
        """Let the front keep the gate's answers in memory: on a full disk nginx would hang up on everybody signed in.

        Where there is no such place, or little room in it, they stay in `nginx`.
        """
        with contextlib.suppress(OSError):
            if shutil.disk_usage(MEMORY).free >= ROOM_IN_MEMORY:
                self._checks.symlink_to(tempfile.mkdtemp(prefix="portico-", dir=MEMORY))
        try:
            yield
        finally:
            self._forget_checks()

    def _forget_checks(self) -> None:
        if self._checks.is_symlink():
            shutil.rmtree(self._checks.readlink(), ignore_errors=True)
            self._checks.unlink(missing_ok=True)

    def lock(self) -> None:
        """Hold the site for this process. UserError with the other's pid when it is being served already."""
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pid = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise UserError(
                f"this site is being served already, by process {pid}; `portico stop` ends it, "
                "`portico reload` rereads portico.toml"
            ) from None
        os.ftruncate(descriptor, 0)
        with contextlib.suppress(OSError):  # on a full disk the lock holds without the number
            os.write(descriptor, f"{os.getpid()}\n".encode())
        self._lock = descriptor

    def locked(self) -> bool:
        """Whether a supervisor is running here, this process's own lock included."""
        try:
            descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return False

    def unlock(self) -> None:
        """Let the next one in."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def write_whole(path: Path, text: str) -> None:
    """Write a file so that readers see the old or the new text, never half of it."""
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def find(wanted: Path) -> RunDirectory:
    """The run directory of the site whose run folder this is, wherever a running supervisor put it."""
    return RunDirectory(wanted.resolve())


def make(wanted: Path, names: Sequence[str]) -> RunDirectory:
    """Make the run directory of a site with apps of these names.

    It is `wanted` (Site.run_folder), or, where socket paths below that would be too long for the kernel, a short
    folder under /tmp with `wanted` as a symbolic link to it. UserError: it cannot be made or written.
    """
    try:
        wanted.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = wanted if _fits(wanted, names) else _short(wanted)
        if path == wanted:
            if wanted.is_symlink():
                wanted.unlink()
            wanted.mkdir(mode=0o700, exist_ok=True)
        else:
            _link(wanted, path)
        _refuse_strangers(path)
        return RunDirectory(path)
    except OSError as error:
        raise write_error(error, wanted) from error


def write_error(error: OSError, place: Path) -> UserError:
    """A failed write as one line for a person."""
    where = error.filename or str(place)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UserError(f"{where}: the disk is full; free some space, then start again")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return UserError(
            f"{where}: no permission to write here; make it writable for this user, "
            "or set `state` (PORTICO_STATE) to a folder that is"
        )
    return UserError(f"{where}: {error.strerror or error}")


def _fits(run: Path, names: Sequence[str]) -> bool:
    longest = max([ROOM_FOR_NAMES, *(len(name) for name in names)])
    return len(os.fsencode(run / "sockets" / ("x" * longest + ".sock"))) <= LONGEST_SOCKET


def _short(wanted: Path) -> Path:
    key = hashlib.sha256(os.fsencode(wanted.parent.resolve() / wanted.name)).hexdigest()[:12]
    parent = Path("/tmp") / f"portico-{os.getuid()}"  # noqa: S108 - short; owner and mode are checked
    parent.mkdir(mode=0o700, exist_ok=True)
    _refuse_strangers(parent)
    path = parent / key
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def _link(wanted: Path, path: Path) -> None:
    if wanted.is_symlink() and wanted.readlink() == path:
        return
    if wanted.is_dir() and not wanted.is_symlink():
        shutil.rmtree(wanted)
    wanted.unlink(missing_ok=True)
    wanted.symlink_to(path)


def _refuse_strangers(path: Path) -> None:
    """UserError unless `path` is a real folder of this user that nobody else can write to."""
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise UserError(
            f"{path}: not a folder of this user; remove it or set `run_folder` (PORTICO_RUN) to another folder"
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        path.chmod(0o700)
