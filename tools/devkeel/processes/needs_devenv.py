"""What only devenv's own command runs, refused by the option's name and its file before anything is started."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel.errors import DevkeelError, Place, Unavailable
from devkeel.processes.plan import OnlyDevenv
from devkeel.processes.task_graph import PROCESS, is_process
from devkeel.project.root import DECLARATION, LOCK
from devkeel.source import nix
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from devkeel.processes.plan import Beyond

__all__ = ["only_devenv", "require_native", "require_runnable", "require_startable"]

_IMPLEMENTATION = ("process", "manager", "implementation")
# Below the settings of a process: what is set, and what devenv does with it (devenv, devenv-processes/src/manager.rs).
_ONLY_DEVENV: dict[tuple[str, ...], str] = {
    ("watch", "paths"): "starts a process anew when files change",
    ("listen",): "opens the sockets that a process is handed",
    ("linux", "capabilities"): "gives a process capabilities of the kernel",
}


def require_native(files: Mapping[str, bytes], implementation: str | None) -> None:
    """Refuse another process manager than the one whose rules devkeel knows. files: of the declaration."""
    if implementation == "native":
        return
    place = _place(files, _IMPLEMENTATION)
    if place is None:
        why = f"The devenv that {LOCK} pins has processes run by {implementation or 'a program of its own'}."
        remedy = f"Install devenv (https://devenv.sh/getting-started), or pin a newer one with {do('lock')}."
    else:
        why = f"The declaration has its processes run by {implementation}."
        remedy = (
            "Install devenv 2 (https://devenv.sh/getting-started), or set process.manager.implementation to native."
        )
    raise Unavailable(
        "needs_devenv",
        f"{why} devkeel runs what is declared for `native`, and devenv's command, which runs the others, is not "
        "installed.",
        place=place,
        seen=implementation or ".".join(_IMPLEMENTATION),
        remedy=remedy,
    )


def require_runnable(files: Mapping[str, bytes], tasks: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse processes with settings that devkeel does not act on, all of them in one answer."""
    found = only_devenv(files, tasks)
    if found:
        raise _refused(found, ())


def require_startable(beyond: Mapping[str, Beyond], asked: Iterable[str], others: Iterable[str] = ()) -> None:
    """Refuse what is asked for, and only that, where devkeel cannot start it.

    asked: names; none of them for all that starts by itself. others: what starts by itself and can be started. Raises
    Unavailable `needs_devenv`.
    """
    names = [*asked] or [name for name, item in beyond.items() if item.starts]
    found = tuple(dict.fromkeys(option for name in names if name in beyond for option in beyond[name].options))
    if found:
        raise _refused(found, tuple(name for name in others if name not in beyond))


def only_devenv(files: Mapping[str, bytes], tasks: Mapping[str, Mapping[str, Any]]) -> tuple[OnlyDevenv, ...]:
    """Return the settings of processes that devkeel does not act on, each with its place. files: of the declaration."""
    found = [(path, does) for name, task in tasks.items() if is_process(task) for path, does in _options(name, task)]
    places = [(path, does, _place(files, path) or Place(DECLARATION)) for path, does in found]
    return tuple(OnlyDevenv(".".join(path), does, place.file, place.line, place.column) for path, does, place in places)


def _refused(found: Sequence[OnlyDevenv], others: Sequence[str]) -> Unavailable:
    reasons = ", ".join(dict.fromkeys(item.does for item in found))
    places = [Place(item.file, item.line, item.column) for item in found]
    beside = f", or start the others by name: {do('start', names=[*others])}" if others else ""
    out = "take the option out" if len(found) == 1 else "take these options out"
    return Unavailable(
        "needs_devenv",
        f"Only devenv's own command {reasons}, and it is not installed. Nothing was started.",
        place=places[0],
        seen=", ".join(item.option for item in found),
        remedy=f"Install devenv 2 (https://devenv.sh/getting-started), {out}{beside}."
        if beside
        else f"Install devenv 2 (https://devenv.sh/getting-started), or {out}.",
        details={
            "options": [{"option": item.option, "place": str(place)} for item, place in zip(found, places, strict=True)]
        },
    )


def _options(name: str, task: Mapping[str, Any]) -> list[tuple[tuple[str, ...], str]]:
    group = ("processes", name.removeprefix(PROCESS)) if name.startswith(PROCESS) else ("tasks", name, "process")
    settings = task.get("process") or {}
    return [((*group, *path), does) for path, does in _ONLY_DEVENV.items() if _inside(settings, path)]


def _inside(settings: object, path: tuple[str, ...]) -> object:
    for name in path:
        settings = settings.get(name) if isinstance(settings, dict) else None
    return settings


def _place(files: Mapping[str, bytes], path: tuple[str, ...]) -> Place | None:
    """Return where an option is set, or the nearest thing to it that the text has; None where it has nothing of it."""
    nearest, found = 0, None
    for name, data in files.items():
        if not name.endswith(".nix"):
            continue
        document = nix.Document(data, name)
        try:
            definitions = document.definitions
        except DevkeelError:
            continue
        for item in definitions:
            shared = _shared(item.path, path)
            if shared > nearest:
                nearest, found = shared, document.place(item.node.start_byte)
    return found


def _shared(written: tuple[str, ...], path: tuple[str, ...]) -> int:
    """Return how many names a definition has in common with a path, 0 where it is about something else."""
    common = min(len(written), len(path))
    return common if written[:common] == path[:common] else 0
