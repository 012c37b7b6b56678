"""The stage: the project as it would be, for checks that need files on disk.

Two ways. A *namespace*: the candidate is a layer in memory over the project's own directory, in mounts that one
command alone sees, so that every path means what it means in the project; it goes with the command. A *copy*: one
stable directory in the user's cache, kept in step by size and time, for systems without such namespaces; paths in it
differ. Nothing is written in the project. Where nothing differs from the disk and nothing will be written, the project
itself serves.
"""

from __future__ import annotations

import os
import shlex
import stat
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from devkeel.candidate.mirror import mirror
from devkeel.candidate.repository import make_clean
from devkeel.candidate.stage_folder import COPY, held, new_stage
from devkeel.candidate.withheld import Withheld, withhold
from devkeel.errors import Unavailable
from devkeel.project.root import LOCK
from devkeel.runtime import find_program, run
from devkeel.system.beneath import enter, opened, put, remove
from devkeel.system.mechanisms import usable
from devkeel.system.namespaces import NAMESPACES
from devkeel.transaction.system_errors import explain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from devkeel.project.root import Project

__all__ = ["Stage", "StageOpener", "namespaces_work", "open_stage"]

_NEW = 0o644
_LAYER_BYTES = 256 * 1024 * 1024
_PROGRAMS = ("unshare", "mount", "umount", "mknod", "chmod", "cp", "sh")
# What mount options and their escapes cannot carry.
# Commas part the options of mount(8), colons the lower layers of an overlay, and a backslash escapes (kernel.org,
# filesystems/overlayfs, "Multiple lower layers").
_AWKWARD = frozenset(',:\\"\n')

# An overlay takes its upper layer from one file system, and a removed file is a whiteout there: a character device 0/0
# (kernel.org, filesystems/overlayfs). It may be mounted in a user namespace since Linux 5.11, tmpfs since 3.9
# (user_namespaces(7)); a distribution may forbid such namespaces, which only trying shows.
# $1 project, $2 stage directory, $3 size, $4 whether in processes of its own; then the command. The state directory is
# whited out: a stage has none.
_ENTER = f"""
root=$1 stage=$2 size=$3 alone=$4; shift 4
trap 'echo "devkeel: the stage could not be laid" >&2' EXIT
mount -t tmpfs -o "size=$size,mode=0700" devkeel "$stage/layer"
mkdir "$stage/layer/work"
cp -R -P --preserve=mode,timestamps "$stage/files" "$stage/layer/up"
chmod --reference="$root" "$stage/layer/up"
gone() {{
  place=$stage/layer/up/$1
  [ -d "${{place%/*}}" ] || mkdir -p "${{place%/*}}"
  [ -e "$place" ] || mknod "$place" c 0 0
}}
gone .devkeel
. "$stage/removed"
if [ "$alone" = yes ]; then
  cp -R -P "$stage/seen/." "$stage/layer/up"
  . "$stage/withheld"
fi
mount -t overlay -o "lowerdir=$root,upperdir=$stage/layer/up,workdir=$stage/layer/work" devkeel "$root"
if [ "$alone" = yes ]; then
  . "$stage/covered"
  mount -t proc proc /proc 2>/dev/null || :
fi
trap - EXIT
set +e
cd "$root" && "$@"
code=$?
cd /
umount -l "$root" && [ -f "$stage/layer/up/{LOCK}" ] && cp -P "$stage/layer/up/{LOCK}" "$stage/kept/"
exit $code
"""


class Stage(Struct, frozen=True):
    """A place where the project has the candidate's files.

    root: the project's directory as a staged command sees it. way: `namespace`, `copy` or `project`. withheld: what an
    evaluation in it does not see, by path. repositories: folders in it that have a Git repository of
    their own. Commands are run as `wrap` returns them, with `root` as their directory.
    """

    root: Path
    way: str
    withheld: tuple[str, ...] = ()
    _prefix: tuple[str, ...] = ()
    _alone: tuple[str, ...] | None = None
    _kept: Path | None = None
    repositories: tuple[str, ...] = ()

    def wrap(self, argv: tuple[str, ...]) -> tuple[str, ...]:
        """Return the command that runs `argv` in the stage. A signal that ends it is an exit code above 128."""
        return (*self._prefix, *argv)

    @property
    def words(self) -> tuple[str, ...]:
        """The words before a command that run it in the stage."""
        return self._prefix

    def alone(self) -> tuple[str, ...] | None:
        """Return the words before a command that run it in the stage and without a network; None where a stage cannot.

        `devkeel.nix_cli.confinement.evaluate` takes them.
        """
        return self._alone

    def lock(self) -> bytes | None:
        """Return what the last command left of `devenv.lock`; None where it left it alone, or this is the project."""
        if self._kept is None:
            return None
        try:
            # A command that was staged wrote it, and could have left a link or a FIFO in its place.
            descriptor = os.open(self._kept / LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return None
        with os.fdopen(descriptor, "rb") as handle:
            return handle.read(_LAYER_BYTES)


class StageOpener(Protocol):
    """Opens a stage; `writes` says whether commands will write in it."""

    def __call__(self, *, writes: bool = False) -> AbstractContextManager[Stage]:
        """Return the stage as a context."""


@contextmanager
def open_stage(
    project: Project, files: Mapping[str, bytes | None], *, writes: bool = False, shown: Iterable[str] = ()
) -> Iterator[Stage]:
    """Open a stage of the project with these files in it; None stands for a file that is gone.

    files: by path relative to the root, also those that are so on the disk as well, because they may be others there
    before a command reads them; none where the project itself is what is asked about. writes: whether commands will
    write in it. shown: files of secrets that an evaluation may read all the same. Raises Unavailable
    `stage_too_large`, Busy `stage_busy`, ProjectError where there is no room for it.
    """
    layers = not _AWKWARD & set(str(project.root)) and namespaces_work()
    with ExitStack() as stack:
        # Who writes is asked to run, and not only looked at.
        withheld = Withheld() if writes else withhold(project.root, frozenset(shown))
        if not files and not writes and layers:
            alone = _layered(project, stack.enter_context(_passing()), {}, withheld).alone()
            yield Stage(project.root, "project", withheld.files, (), alone, None, withheld.repositories)
            return
        if not files and not writes and not (withheld.files or withheld.configs):
            yield Stage(project.root, "project", repositories=withheld.repositories)
            return
        try:
            folder, kept = stack.enter_context(new_stage(project))
            if layers:
                stage = _layered(project, folder, files, withheld)
            else:
                stack.enter_context(held(kept / "copy.lock", wait=False))
                stage = _copied(project, kept / COPY, files, withheld)
        except OSError as error:
            raise explain(error, "the stage") from error
        yield stage


def _layered(project: Project, folder: Path, changed: Mapping[str, bytes | None], withheld: Withheld) -> Stage:
    for name in ("files", "layer", "kept", "seen"):
        (folder / name).mkdir()
    for name, files in (("files", changed), ("seen", withheld.configs)):
        with opened(os.open(folder / name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)) as base:
            for path, data in files.items():
                if data is not None:
                    _put(project, base, path, data)
    _list(folder / "removed", (("gone", name) for name, data in changed.items() if data is None))
    _list(folder / "withheld", (("gone", name) for name in withheld.files))
    covers = enumerate(withheld.outside.items())
    _list(folder / "covered", (_cover(folder / f"cover-{number}", *item) for number, item in covers))
    prefix = _prefix(project.root, folder)
    alone = _prefix(project.root, folder, alone=True) if _works(alone=True) else None
    return Stage(project.root, "namespace", withheld.files, prefix, alone, folder / "kept", withheld.repositories)


def _list(path: Path, commands: Iterable[tuple[str, ...]]) -> None:
    """Write commands for the shell that lays the layer."""
    path.write_text("".join(f"{shlex.join(words)}\n" for words in commands))


def _cover(file: Path, place: str, data: bytes) -> tuple[str, ...]:
    """Return the command that shows other bytes at a place outside of the project."""
    file.write_bytes(data)
    # mount(8): a bind mount is in this namespace alone, and the file below stays as it is.
    return ("mount", "--bind", str(file), place)


def _prefix(root: Path, folder: Path, *, alone: bool = False) -> tuple[str, ...]:
    """Return what runs a command in the layered project, with the caller's own user and group ids.

    alone: without a network, and in processes of its own that end together.
    """
    enter = (
        *(NAMESPACES if alone else ()),
        "--mount",
        # mount_namespaces(7): a mount that is shared shows in the namespace that it was copied from; `private` ends
        # that.
        "--propagation",
        "private",
        "sh",
        "-euc",
        _ENTER,
        "sh",
        str(root),
        str(folder),
        f"{_LAYER_BYTES}",
        "yes" if alone else "no",
    )
    if os.geteuid() == 0:
        return ("unshare", *enter)
    # Only a mapped root may mount; a second namespace gives the ids back and takes the right to unmount away.
    # user_namespaces(7): it has all capabilities in the new one, and none in the one above, whose the mounts are.
    own = ("unshare", f"--map-user={os.geteuid()}", f"--map-group={os.getegid()}", "--")
    return ("unshare", "--map-root-user", *enter, *own)


def _put(project: Project, base: int, name: str, data: bytes) -> None:
    """Write a file of the candidate below an open directory; what is a link there gives way."""
    *parents, last = name.split("/")
    info = project.room.status(name)
    regular = info is not None and stat.S_ISREG(info.st_mode)
    mode = stat.S_IMODE(info.st_mode) & 0o777 if info is not None and regular else _NEW
    with opened(enter(base, parents, make=True)) as folder:
        put(folder, last, data, mode)


def _copied(project: Project, folder: Path, changed: Mapping[str, bytes | None], withheld: Withheld) -> Stage:
    folder.mkdir(exist_ok=True)
    with opened(os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)) as base:
        mirror(project.root, base, frozenset(changed), frozenset(withheld.files))
        make_clean(project.root, folder / ".git")
        for name, seen in withheld.configs.items():
            if not name.startswith(".git/"):
                _put(project, base, name, seen)
        for name, data in changed.items():
            if data is not None:
                _put(project, base, name, data)
                continue
            *parents, last = name.split("/")
            with suppress(FileNotFoundError), opened(enter(base, parents)) as place:
                remove(place, last)
    return Stage(folder, "copy", withheld.files, (), None, folder, withheld.repositories)


@contextmanager
def _passing() -> Iterator[Path]:
    """Make a directory for a layer outside of the project, which a mere look at it leaves alone."""
    with tempfile.TemporaryDirectory(prefix="devkeel-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def namespaces_work() -> bool:
    """Return whether this system lets this user lay a candidate over a directory."""
    return usable("namespaces") and _works(alone=False)


@cache
def _works(*, alone: bool) -> bool:
    """Return whether a layer can be laid, and its network cut where it is to be `alone`, by doing it once."""
    if any(find_program(name) is None for name in _PROGRAMS):
        return False
    with tempfile.TemporaryDirectory(prefix="devkeel-") as place:
        root, folder = Path(place, "root"), Path(place, "stage")
        for path in (root, *(folder / name for name in ("files", "layer", "kept", "seen"))):
            path.mkdir(parents=True)
        (folder / "files" / "probe").write_text("layer")
        for name in ("removed", "withheld", "covered"):
            (folder / name).write_text("gone gone\n" if name == "removed" else "")
        (root / "gone").write_text("")
        see = ("sh", "-c", '[ "$(cat probe)" = layer ] && [ ! -e gone ] && : > new && id -u')
        try:
            found = run((*_prefix(root, folder, alone=alone), *see), timeout=10)
        except Unavailable:
            return False
        seen = found.returncode == 0 and found.stdout.strip() == str(os.geteuid()).encode()
        return seen and not (root / "new").exists()
