"""What of a project no run changes: what a person's Git, shell, editor or agent obeys later, by itself and outside.

Git obeys a repository's configuration and hooks at each `git status`, of a submodule too (git-status(1)), and looks for
a repository in the directory itself where none is in `.git` (gitrepository-layout(5)). Everything else of a project
runs when somebody runs it, and is the project's own.
"""

from __future__ import annotations

import os
import re
import shlex
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.errors import Unavailable
from devkeel.project.root import SETTINGS
from devkeel.runtime.enclosure import is_below
from devkeel.runtime.process import run
from devkeel.runtime.programs import looking
from devkeel.sandbox.pins import is_pin
from devkeel.system.reading_room import work_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["OBEYED", "Guarded", "guarded"]

OBEYED = (
    *(".envrc", ".direnv", ".husky", ".githooks", ".pre-commit-config.yaml", "lefthook.yml", ".lefthook.yml"),
    *(".claude", ".codex", ".cursor", ".gemini", ".mcp.json", ".windsurf", ".devcontainer", ".idea", ".vscode", ".zed"),
)
"""Names in a project's root that a shell with direnv, a commit, an editor or an agent's host obeys by itself."""

_SECONDS = 20.0
_LARGEST = 64 * 1024 * 1024
_TEXT = 4096
_LINK = b"160000"
# What Git obeys in a repository, besides its objects and references (gitrepository-layout(5)).
_IN_GIT = ("config", "config.worktree", "hooks", "info")
_MOST_NAMES = 2000  # that are looked at for links
# Keys of git-config(1) whose value is a file that Git reads or runs.
_NAMING = ("hookspath", "path", "fsmonitor", "clean", "smudge", "process", "textconv", "command", "driver", "program")
_SAID = re.compile(
    rf"^[ \t]*(?:\[[^\]\n]*\][ \t]*)?(?:{'|'.join(_NAMING)})[ \t]*=[ \t]*(.+)$", re.IGNORECASE | re.MULTILINE
)


class Guarded(Struct, frozen=True):
    """What is read-only in a project. read: what is there. absent: what must not come to be, outer ones first.

    through: directories between these and the root, each of which is mounted too: what is mounted is renamed by no one
    in there (rename(2), EBUSY), and what is above it can be.
    """

    read: tuple[str, ...]
    absent: tuple[str, ...]
    through: tuple[str, ...]


def guarded(root: Path) -> Guarded:
    """Return what no run of a project may change. Raises Unavailable `not_sandboxed` where that cannot be held."""
    top = str(root)
    repositories = [top, *(f"{top}/{name}" for name in _submodules(root, ""))]
    wanted = [f"{place}/.git" for place in repositories]
    if not _is_repository(f"{top}/.git"):
        wanted.append(f"{top}/HEAD")
        if all(os.path.exists(f"{top}/{name}") for name in ("objects", "refs")) and os.path.isfile(f"{top}/HEAD"):  # noqa: PTH110, PTH113
            raise _cannot("The project's directory is itself a Git repository, all of which Git obeys.", top)
    for place in (*wanted, f"{top}/{SETTINGS}"):
        if os.path.islink(place):  # noqa: PTH114  (as text)
            raise _cannot("A link could be exchanged in a sandbox: only what it leads to can be held there.", place)
    named = [place for each in repositories for place in _named_by(top, each) if os.path.lexists(place)]
    for place in named:
        if os.path.realpath(place) != os.path.realpath(top) + place.removeprefix(top):
            raise _cannot("Git's configuration names a way through a link, which could be exchanged.", place)
    further = [f"{top}/{name}" for name in (SETTINGS, *OBEYED)] + named
    of_git = [f"{own}/{name}" for each in repositories for own in _of_git(each) for name in _IN_GIT]
    further += _led_to(top, (*further, *of_git))
    read = [place for place in wanted if os.path.lexists(place) and not is_pin(place)]
    read += [place for place in further if os.path.exists(place) and not os.path.islink(place)]  # noqa: PTH110, PTH114
    absent = [place for place in wanted if not os.path.lexists(place) or is_pin(place)]
    missing = [above for place in absent for above in _between(top, place) if not os.path.lexists(above)]
    outermost = [
        place for place in dict.fromkeys(read) if not any(place != one and is_below(place, one) for one in read)
    ]
    through = {above for place in (*outermost, *absent) for above in _between(top, place)}
    return Guarded(tuple(outermost), tuple(dict.fromkeys((*sorted(missing), *absent))), tuple(sorted(through)))


def _between(top: str, place: str) -> Iterator[str]:
    """Yield the directories between the root and a place in it, the outermost first."""
    parts = os.path.relpath(place, top).split("/")[:-1]
    yield from (f"{top}/{'/'.join(parts[: number + 1])}" for number in range(len(parts)))


def _is_repository(place: str) -> bool:
    """Return whether Git takes a `.git` for one, so that it looks no further; see setup.c, is_git_directory()."""
    if os.path.isfile(place):  # noqa: PTH113
        return True
    own = all(os.path.exists(f"{place}/{name}") for name in ("objects", "refs"))  # noqa: PTH110
    return os.path.lexists(f"{place}/HEAD") and (own or os.path.isfile(f"{place}/commondir"))  # noqa: PTH113


def _submodules(root: Path, below: str) -> Iterator[str]:
    """Yield the directories of submodules, as the index has them, with theirs."""
    place = root / below
    if not os.path.lexists(work_tree(place) / ".git") or (below and not _is_repository(f"{place}/.git")):
        return
    with suppress(Unavailable), looking():
        found = run(("git", "-C", str(place), "ls-files", "--stage", "-z"), timeout=_SECONDS, limit=_LARGEST)
        for entry in found.stdout.split(b"\0") if found.returncode == 0 else ():
            facts, _, name = entry.partition(b"\t")
            # In a directory that belongs to another repository Git lists that one's own entry for it, as `./`.
            if facts.startswith(_LINK) and name.strip(b"./"):
                path = f"{below}/{os.fsdecode(name)}".lstrip("/")
                if not any(os.path.islink(one) for one in (f"{root}/{path}", *_between(str(root), f"{root}/{path}"))):  # noqa: PTH114
                    yield path
                    yield from _submodules(root, path)


def _of_git(repository: str) -> tuple[Path, ...]:
    """Return the directory in which Git keeps a repository, and the one that it shares with other work trees."""
    own = Path(repository, ".git")
    with suppress(OSError, ValueError):
        if own.is_file():  # gitrepository-layout(5): of a submodule it names the directory
            own = Path(repository, own.read_text()[:_TEXT].removeprefix("gitdir:").strip())
    with suppress(OSError, ValueError):
        return own, own / (own / "commondir").read_text()[:_TEXT].strip()
    return (own,)


def _led_to(top: str, places: Iterable[str]) -> Iterator[str]:
    """Yield what in the project links lead to: places that are one, and those in directories that they are.

    `.git/hooks`, or a hook in it, is often a link to what is kept with the sources: Git obeys it there.
    """
    waiting, seen = list(places), set[str]()
    while waiting:
        place = waiting.pop()
        found = os.path.realpath(place)
        if found in seen or not os.path.exists(found):  # noqa: PTH110  (as text)
            continue
        seen.add(found)
        inside = found != top and is_below(found, top)
        if inside and found != place:
            yield found
        if inside or found == place:
            waiting += _links_in(found)


def _links_in(directory: str) -> Iterator[str]:
    number = 0
    for folder, folders, files in os.walk(directory):
        for name in (*folders, *files):
            number += 1
            if number > _MOST_NAMES:
                return
            if os.path.islink(place := f"{folder}/{name}"):  # noqa: PTH114  (as text)
                yield place


def _named_by(top: str, repository: str) -> Iterator[str]:
    """Yield the places in the project that a repository's own configuration names: hooks, filters, what it includes."""
    own = _of_git(repository)[0]
    text = ""
    for name in ("config", "config.worktree"):
        with suppress(OSError):
            text += f"{(own / name).read_text('utf-8', 'replace')}\n"
    for value in _SAID.findall(text):
        try:
            words = shlex.split(value)
        except ValueError:
            words = value.split()
        for word in words:
            for base in (repository, str(own)):
                place = os.path.normpath(os.path.join(base, word))  # noqa: PTH118  (as text)
                if place != top and is_below(place, top) and not is_below(place, f"{repository}/.git"):
                    yield place


def _cannot(message: str, seen: str) -> Unavailable:
    return Unavailable(
        "not_sandboxed",
        message,
        seen=seen,
        remedy="Put the file or the directory itself in its place, or run it without a sandbox.",
    )
