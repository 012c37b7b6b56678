"""The key of this user on this machine, by which devkeel knows what it wrote itself. The first write makes it."""

from __future__ import annotations

import errno
import fcntl
import os
import pwd
import secrets
import stat
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["KeyUnusable", "folder_of_user", "make_key", "open_folder", "read_key"]

_NAME = "key"
_BYTES = 32
_OTHERS_READ = 0o077
_OTHERS_WRITE = 0o022
_MAY_NOT = frozenset({errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.EEXIST, errno.ELOOP, errno.ENXIO})
# what a file system without hard links answers
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK})
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class KeyUnusable(Exception):
    """The key cannot be had, or not be trusted. why: a clause; remedy: a sentence."""

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(why)
        self.why = why
        self.remedy = remedy


def folder_of_user() -> Path:
    """Return devkeel's folder in the state directory of this user, by the rules of platformdirs.

    Not platformdirs itself: it takes as long to load as all that a command reads of a history.
    """
    given = os.environ.get("XDG_STATE_HOME", "").strip()
    # XDG Base Directory Specification: a relative path is invalid, and is not to be followed.
    if given and not Path(given).is_absolute():
        raise KeyUnusable("XDG_STATE_HOME is no absolute path", "Give XDG_STATE_HOME an absolute path, or unset it.")
    if given:
        return Path(given, "devkeel")
    own = "~/Library/Application Support" if sys.platform == "darwin" else "~/.local/state"
    found = Path(os.path.expanduser(own), "devkeel")  # noqa: PTH111 - Path.expanduser raises where there is no home
    if not found.is_absolute():
        raise KeyUnusable("this user has no home directory", _ELSEWHERE)
    return found


_ELSEWHERE = "Set XDG_STATE_HOME to a directory of this user that can be written and is outside of the project."


@contextmanager
def open_folder(root: Path, *, create: bool = False) -> Iterator[int | None]:
    """Open the user's folder; None where there is none. root: of the project, in which no key is believed.

    Raises KeyUnusable; OSError for what fails without saying that it may not be.
    """
    path = folder_of_user()
    if create:
        _make(path)
    try:
        descriptor = os.open(path, _DIRECTORY)
    except FileNotFoundError:
        yield None
        return
    except OSError as error:
        raise _closed(error, f"{path} cannot be opened", _ELSEWHERE) from error
    try:
        info = os.fstat(descriptor)
        if info.st_uid != os.geteuid():
            raise KeyUnusable(f"{path} belongs to another user", _ELSEWHERE)
        # inode(7): the bits of the group and of others. As sshd looks at its users' files before it believes them
        # (sshd_config(5), StrictModes).
        if info.st_mode & _OTHERS_WRITE:
            raise KeyUnusable(f"others may write in {path}", f"chmod 700 {path}, once you know what is in it.")
        if _is_within(path, root) and not _is_within(Path(_home_of_account()), root):
            raise KeyUnusable(f"{path} is inside the project, and could have come with it", _ELSEWHERE)
        yield descriptor
    finally:
        _let_go(descriptor)


def _let_go(descriptor: int) -> None:
    with suppress(OSError):  # nothing was written through it
        os.close(descriptor)


def _closed(error: OSError, what: str, remedy: str, *, making: bool = False) -> Exception:
    """Return the error about a place that this user may not use; another failure says nothing about the place."""
    read_only = making and error.errno == errno.EROFS
    told = KeyUnusable(f"{what}: {os.strerror(error.errno or 0)}", remedy)
    return told if read_only or error.errno in _MAY_NOT else error


def _is_within(path: Path, root: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))


def _home_of_account() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_dir or "/"
    except KeyError:
        return "/"


def _make(path: Path) -> None:
    above = next(item for item in path.parents if os.path.lexists(item))
    try:
        if os.geteuid() == 0 and above.stat().st_uid != 0:
            # as with `sudo` that keeps HOME: the user could not read it afterwards
            raise KeyUnusable(f"{above} belongs to another user", _ELSEWHERE)
        # XDG Base Directory Specification: what is missing is made with 0700; with `parents` pathlib gives that to the
        # last directory alone.
        for item in (*reversed(path.parents), path):
            if not os.path.lexists(item):
                item.mkdir(mode=0o700, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise _closed(error, f"{path} cannot be made", _ELSEWHERE, making=True) from error


def read_key(root: Path) -> bytes | None:
    """Return the key, None where there is none yet. Makes nothing. Raises KeyUnusable."""
    with open_folder(root) as folder:
        return None if folder is None else _read(folder)


def _read(folder: int) -> bytes | None:
    path = folder_of_user() / _NAME
    try:
        descriptor = os.open(_NAME, _READ, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _closed(error, f"{path} cannot be read", _anew(path)) from error
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode) or info.st_uid != os.geteuid():
            raise KeyUnusable(f"{path} is no file of this user", _anew(path))
        if info.st_mode & _OTHERS_READ:
            remedy = f"chmod 600 {path} if no one else can have seen it, otherwise replace it. {_anew(path)}"
            raise KeyUnusable(f"others than this user may read or write {path}", remedy)
        # Two hexadecimal digits a byte and a newline; more than that is no key.
        text = os.read(descriptor, 4 * _BYTES)
    finally:
        _let_go(descriptor)
    try:
        found = bytes.fromhex(text.decode())
    except ValueError:
        found = b""
    if len(found) != _BYTES:
        raise KeyUnusable(f"{path} is no key", _anew(path))
    return found


def _anew(path: Path) -> str:
    return f"Remove {path}: the next write makes another one, and {do('adopt')} takes over a history of the old one."


def make_key(root: Path) -> bytes:
    """Return the key, made where there is none: of two that make one at once, both get the same.

    Raises KeyUnusable.
    """
    with open_folder(root, create=True) as folder:
        if folder is None:
            raise KeyUnusable("the state directory of this user was removed meanwhile", "Repeat the call.")
        found = _read(folder)
        if found is not None:
            return found
        try:
            _write(folder)
        except OSError as error:
            raise _closed(error, f"no key can be made in {folder_of_user()}", _ELSEWHERE, making=True) from error
        found = _read(folder)
    if found is None:
        raise KeyUnusable("the key was removed meanwhile", "Repeat the call.")
    return found


def _write(folder: int) -> None:
    temporary = f".{_NAME}-{secrets.token_hex(8)}"
    descriptor = os.open(temporary, _CREATE, 0o600, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            # Not left to the umask, which only takes bits away, also those of this user (umask(2)).
            os.fchmod(file.fileno(), 0o600)
            file.write(f"{secrets.token_hex(_BYTES)}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        _name(folder, temporary)
        # fsync(2): the name needs its own. Without the key all that was sealed with it would be foreign.
        os.fsync(folder)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)


def _name(folder: int, temporary: str) -> None:
    """Give the key its name unless one has it: a second name is made by one alone, whoever else tries."""
    try:
        # link(2): EEXIST where the name is taken, unlike rename(2), which would replace the key that another process
        # has just made.
        os.link(temporary, _NAME, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        return
    except (OSError, NotImplementedError) as error:
        if isinstance(error, OSError) and error.errno not in _NO_LINKS:
            raise
        fcntl.flock(folder, fcntl.LOCK_EX)
        if _read(folder) is None:
            os.rename(temporary, _NAME, src_dir_fd=folder, dst_dir_fd=folder)
        fcntl.flock(folder, fcntl.LOCK_UN)
