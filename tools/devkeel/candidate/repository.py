"""Git's own directory without what is only its owner's: no configuration beyond the format, no hooks, no logs.

A repository's configuration has tokens in its remotes, headers and helpers for credentials, and names programs that git
starts (filters, fsmonitor, diff drivers). Who evaluates needs the objects, the references and the index.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from contextlib import suppress
from pathlib import Path

__all__ = ["KEPT", "cleaned", "find_repository", "make_clean", "moved_since", "other_worktrees"]

KEPT = frozenset(
    {
        *("HEAD", "objects", "refs", "packed-refs", "reftable", "index", "shallow"),
        *("config", "modules", "worktrees"),
    }
)
"""What of a git directory is left in view; its `config` only as `cleaned` makes it."""

_LARGEST = 1024 * 1024
_DEEPEST = 40
_SECTION = re.compile(r"^\s*\[\s*([A-Za-z]+)\s*\]\s*(.*)$")
_ENTRY = re.compile(r"^\s*([A-Za-z][A-Za-z0-9-]*)\s*=\s*\"?([A-Za-z0-9./_ -]*?)\"?\s*$")
_FORMAT = {
    # git-config(1): what of `core` says how files lie in the work tree. All that names a program is left out:
    # fsmonitor, hooksPath, sshCommand, pager, editor, gitProxy, askPass.
    "core": frozenset(
        {
            "repositoryformatversion",
            "filemode",
            "bare",
            "ignorecase",
            "symlinks",
            "precomposeunicode",
            "autocrlf",
            "eol",
        }
    ),
    # git-config(1), `extensions`: a Git that does not know one of them refuses the repository, so each is a matter of
    # format.
    "extensions": frozenset({"objectformat", "compatobjectformat", "refstorage", "relativeworktrees"}),
}
_WORKTREE = re.compile(r"^\tworktree = (.+)$", re.MULTILINE)
_INWARDS = re.compile(r"(?:\.\./)+[\w./ -]+")


def cleaned(config: bytes) -> bytes:
    """Return what of a repository's configuration says how its files are laid out, and nothing else."""
    kept: dict[str, list[str]] = {}
    section = ""
    for line in config.decode("utf-8", "replace").splitlines():
        text = line
        if found := _SECTION.match(line):
            section, text = found[1].lower(), found[2]
        elif line.lstrip().startswith("["):
            section = ""
        entry = _ENTRY.match(text)
        if entry and _describes(section, entry[1].lower(), entry[2]):
            kept.setdefault(section, []).append(f"\t{entry[1]} = {entry[2]}\n")
    return "".join(f"[{name}]\n{''.join(lines)}" for name, lines in kept.items()).encode()


def _describes(section: str, name: str, value: str) -> bool:
    if (section, name) == ("core", "worktree"):  # a submodule's; elsewhere there is none
        return _INWARDS.fullmatch(value) is not None
    return name in _FORMAT.get(section, frozenset())


def find_repository(root: Path) -> tuple[Path, Path] | None:
    """Return the git directory that a directory belongs to and the one that it shares, wherever they are; or None."""
    for folder in (root, *root.parents):
        place = folder / ".git"
        with suppress(OSError, ValueError):
            info = place.lstat()
            if stat.S_ISDIR(info.st_mode):
                return place, _shared(place)
            if stat.S_ISREG(info.st_mode) and info.st_size < _LARGEST:
                # gitrepository-layout(5): of a further work tree and of a submodule `.git` is a file that names the
                # directory.
                found = folder / place.read_text().removeprefix("gitdir:").strip()
                return (found, _shared(found)) if _points_back(found, place) else None
    return None


def other_worktrees(root: Path) -> list[Path]:
    """Return where the same directory lies in the other work trees of its repository, those that are there."""
    top = next((folder for folder in (root, *root.parents) if os.path.lexists(folder / ".git")), None)
    found = find_repository(root) if top else None
    if top is None or found is None:
        return []
    # gitrepository-layout(5), worktrees/<id>/gitdir: the `.git` of each further one; the first has the repository.
    shared = Path(os.path.realpath(found[1]))
    places = [shared]
    for folder in sorted((shared / "worktrees").glob("*")):
        with suppress(OSError, ValueError):
            places.append(Path(os.path.realpath(folder / (folder / "gitdir").read_text().strip())))
    here, way = Path(os.path.realpath(top)), root.relative_to(top)
    trees = [tree for tree in dict.fromkeys(place.parent for place in places) if tree != here]
    # os.path.isdir: of a directory that only another user may enter it is no error.
    return [tree / way for tree in trees if os.path.isdir(tree / way) and _shares(tree, shared)]  # noqa: PTH112


def _shares(tree: Path, shared: Path) -> bool:
    """Return whether a directory is a work tree of a repository: what is moved away leaves its place to others."""
    found = find_repository(tree) if os.path.lexists(tree / ".git") else None
    return found is not None and os.path.realpath(found[1]) == str(shared)


def moved_since(root: Path, time: float) -> bool:
    """Return whether HEAD may have become another commit since then (seconds of the epoch), as far as times show."""
    found = find_repository(root)
    times = [0.0]
    for name in ("HEAD", "logs/HEAD") if found else ():
        with suppress(OSError):
            times.append((found[0] / name).stat().st_mtime if found else 0.0)
    return max(times) >= time


def _points_back(repository: Path, place: Path) -> bool:
    """Return whether a git directory elsewhere is that of the place that names it: a file may name any."""
    with suppress(OSError, ValueError):  # a further work tree
        # gitrepository-layout(5), worktrees/<id>/gitdir: the path back to the `.git` of the work tree; since Git 2.48
        # it may be relative to the directory that it is in (git-config(1), worktree.useRelativePaths).
        back = repository / (repository / "gitdir").read_text().strip()
        return os.path.realpath(back) == os.path.realpath(place)
    with suppress(OSError, ValueError):  # a submodule
        found = _WORKTREE.search(cleaned((repository / "config").read_bytes()[:_LARGEST]).decode())
        return found is not None and os.path.realpath(repository / found[1]) == os.path.realpath(place.parent)
    return False


def _shared(repository: Path) -> Path:
    """Return what a further work tree shares: the repository that it lies in, as git makes it, and no other."""
    with suppress(OSError, ValueError):
        # gitrepository-layout(5), commondir: relative to the directory that it is in.
        found = repository / (repository / "commondir").read_text().strip()
        if os.path.realpath(found / "worktrees") == os.path.realpath(repository.parent):
            return found
    return repository


def make_clean(source: Path, target: Path) -> None:
    """Make a git directory at `target` that shares the objects of the one that `source` belongs to, cleaned.

    Where there is none nothing is made. What cannot be read is left out.
    """
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target, ignore_errors=True)
    else:
        target.unlink(missing_ok=True)
    found = find_repository(source) if os.path.lexists(source / ".git") else None
    if found is None:
        return
    own, shared = found
    (target / "objects" / "info").mkdir(parents=True)
    (target / "refs").mkdir()
    if not (shared / "objects").is_symlink():
        # gitrepository-layout(5): objects are looked for there too, so that none is copied.
        (target / "objects" / "info" / "alternates").write_text(f"{os.path.realpath(shared / 'objects')}\n")
    with suppress(OSError):
        (target / "config").write_bytes(cleaned((shared / "config").read_bytes()[:_LARGEST]))
    for folder, names in ((shared, ("packed-refs", "shallow", "refs", "reftable")), (own, ("HEAD", "index"))):
        for name in names:
            with suppress(OSError, shutil.Error):
                _take(folder / name, target / name)


def _take(source: Path, target: Path) -> None:
    if source.is_symlink():
        return
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, ignore=_links, dirs_exist_ok=True)
    else:
        shutil.copyfile(source, target, follow_symlinks=False)


def _links(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if os.path.islink(os.path.join(folder, name))]  # noqa: PTH114, PTH118
