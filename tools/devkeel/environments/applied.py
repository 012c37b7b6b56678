"""The record of an environment: what was made of which declaration, kept beside it with what holds it.

Every environment has a directory by its name in `.devkeel/envs`, with generations of which one is in use; the record of
that one has what a command in it sees. Devkeel 0.1 kept the environment without a name elsewhere: it is read as the
default environment, where it was, until that is made again.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, to_builtins

from devkeel.backends.backend import Applied
from devkeel.backends.installed import Installed
from devkeel.backends.registry import BACKENDS, backend_named
from devkeel.environments.names import home_of
from devkeel.errors import Busy
from devkeel.state import directory as state_directory
from devkeel.state.files import forget, lock, make_directory, read_record
from devkeel.state.origin import ASIDE
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.backends.generations import Home
    from devkeel.project.root import Project, Reader

__all__ = [
    "Good",
    "applying",
    "forget_older",
    "has_older",
    "is_here",
    "is_there",
    "is_unsealed",
    "older_keep",
    "read_good",
    "remember",
]

_KNOWN = ("operation", "revision", "lock_revision", "time", "root", "inode")
_OLDER, _OLDER_VERSION, _OLDER_KEEPS = "applied.json", 1, "gc"


class Good(Struct, frozen=True):
    """An environment as it was made last.

    operation: id of the newest operation then, None without a history. revision, lock_revision: of the files then;
    None for one that devkeel 0.1 made by a name. time: UTC, ISO 8601. root: where the project was then. inode: of the
    directory that holds the generation, which no copy has. older: devkeel 0.1 made it, and it is where that left it.
    """

    name: str
    applied: Applied
    operation: int | None = None
    revision: str | None = None
    lock_revision: str | None = None
    time: str | None = None
    root: str | None = None
    inode: int | None = None
    older: bool = False

    def is_of(self, revisions: tuple[str, str | None], project: Reader) -> bool:
        """Return whether it was made of files of these revisions, and of no input from elsewhere.

        What does not say of which it was made counts as made of these.
        """
        same = self.revision is None or (self.revision, self.lock_revision) == revisions
        if not same or self.applied.overridden:
            return False
        return self.applied.installed is None or self.applied.installed.is_made_of(project)

    def unlike(self) -> str:
        """Return how an environment that `is_of` these files is not differs from what is declared, as a predicate."""
        if self.applied.overridden:
            return f"was made with another {', '.join(self.applied.overridden)} than is declared"
        return f"is revision {self.revision}, not what is declared"


def read_good(project: Project, name: str, default: str) -> Good | None:
    """Return an environment by its name, or None. default: the name of the default environment."""
    home = home_of(project, name)
    found = home.in_use()
    if found is not None and "applied" in found:
        return _recorded(project, home, name, found)
    older = _older(project, name) if name == default else None
    return older or _unrecorded(home, name)


def _recorded(project: Project, home: Home, name: str, found: dict[str, Any]) -> Good | None:
    applied = _applied(found["applied"])
    if applied is None:
        return None
    backend = backend_named(applied.backend)
    if found.get("root") != str(project.root) and backend.named and home.current:
        applied = backend.applied_at(home.current)  # the project was moved, and the environment with it
        found["root"] = str(project.root)
    known: dict[str, Any] = {item: found.get(item) for item in _KNOWN}
    return Good(name, applied, **known)


def _unrecorded(home: Home, name: str) -> Good | None:
    """Return an environment that devkeel 0.1 made by a name: it kept no more of it than the backend."""
    current, backend = home.current, str(home.record().get("backend", "venv"))
    if current is None or backend not in BACKENDS or not backend_named(backend).named:
        return None
    return Good(name, backend_named(backend).applied_at(current), inode=(home.in_use() or {}).get("inode"), older=True)


def _older(project: Project, name: str) -> Good | None:
    found = read_record(project.state / _OLDER)
    if found is None or found.get("version") != _OLDER_VERSION:
        return None
    applied = _applied(found.get("applied"))
    known: dict[str, Any] = {item: found.get(item) for item in _KNOWN}
    return None if applied is None else Good(name, applied, **known, older=True)


def _applied(found: object) -> Applied | None:
    names = Applied.__struct_fields__
    try:
        known = {name: value for name, value in found.items() if name in names}  # type: ignore[attr-defined]
        lists = {name: tuple(value) for name, value in known.items() if isinstance(value, list)}
        installed = Installed.of_record(known.get("installed"))
        applied = Applied(**(known | lists | {"installed": installed}))
    except (AttributeError, TypeError):
        return None
    # A devkeel that is older than the record may lack the backend.
    return applied if applied.backend in BACKENDS else None


def is_there(project: Project, good: Good) -> bool:
    """Return whether an environment is still there, and this project's."""
    return is_here(project, good) and backend_named(good.applied.backend).alive(good.applied)


def is_here(project: Project, good: Good) -> bool:
    """Return whether an environment is this project's.

    The records of a copied project name the environment of the one that it was copied from, which changes with that.
    """
    return good.root in (None, str(project.root)) and (not good.older or _kept_here(project.state, good))


def _kept_here(state: Path, good: Good) -> bool:
    """Return whether an environment is in the Nix store, or beneath the state directory."""
    homes = [folder for folder in Path(good.applied.prefix).parents if folder.name == state.name]
    try:
        return not homes or any(folder.samefile(state) for folder in homes)
    except OSError:
        return False


def remember(
    project: Project,
    name: str,
    applied: Applied,
    operation: int | None,
    revisions: tuple[str, str | None],
) -> Good:
    """Put the generation that was made in use, with its record, and let go of what was in use before."""
    home = home_of(project, name)
    time = datetime.now(UTC).isoformat(timespec="seconds")
    good = Good(name, applied, operation, *revisions, time, str(project.root))
    record = to_builtins(good)
    # What the store has can be built again; a prefix cannot be brought back as quickly.
    home.switch(home.path / str(applied.generation), record, keeps=backend_named(applied.backend).named)
    return good


def is_unsealed(project: Project, name: str, default: str) -> bool:
    """Return whether an environment was made by this name, or without one, that has no seal of this user's.

    An older devkeel made it, or it came with a clone: it is not entered, wherever it lies by now.
    """
    home, state = home_of(project, name), project.state
    if home.in_use() is not None or has_older(project):
        return False
    aside = state / ASIDE
    places = (state, *(aside / item for item in state_directory.names(aside)))
    own = Path(*home.path.relative_to(state).parts, "current")
    left = [own, *((Path(_OLDER), Path(_OLDER_KEEPS)) if name == default else ())]
    return any(state_directory.status(place / item) is not None for place in places for item in left)


def has_older(project: Project) -> bool:
    """Return whether devkeel 0.1 left a record of the environment without a name."""
    return read_record(project.state / _OLDER) is not None


def older_keep(project: Project) -> str | None:
    """Return the directory in `.devkeel/gc` that holds what devkeel 0.1 applied."""
    found = read_record(project.state / _OLDER) or {}
    return str(found["keep"]) if "keep" in found else None


def forget_older(project: Project) -> None:
    """Remove what devkeel 0.1 applied without a name: it was made again as the default environment."""
    forget(project.state / _OLDER)
    if state_directory.is_folder(project.state / _OLDER_KEEPS):
        state_directory.discard(project.state / _OLDER_KEEPS)


@contextmanager
def applying(state: Path) -> Iterator[None]:
    """Be the one that applies. Raises Busy `apply_busy`."""
    make_directory(state, begins=False)
    with lock(state / "apply.lock") as held:
        if not held:
            raise Busy(
                "apply_busy",
                "The environment of this project is being applied already.",
                remedy=f"Wait for that job: {do('job')} lists what runs.",
            )
        yield
