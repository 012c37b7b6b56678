"""Which kit is meant: one that comes with devkeel, a directory, or what a flake reference names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.errors import UsageError
from devkeel.system.reading_room import Room
from devkeel.templates.folder import KitFolder
from devkeel.templates.kit import MANIFEST, read_kit
from devkeel.templates.references import fetched, is_reference
from devkeel.text.actions import do
from devkeel.text.wording import nearest

if TYPE_CHECKING:
    from devkeel.context import Context
    from devkeel.templates.kit import Kit

__all__ = ["built_in", "find_kit", "folder_of"]

_KITS = Path(__file__).parent / "kits"
_PATH = "path:"


def built_in() -> list[Kit]:
    """Return the kits that come with devkeel, by their names."""
    return [read_kit(KitFolder(_KITS, name), name) for name in _names()]


def find_kit(context: Context, source: str, *, anywhere: bool) -> Kit:
    """Return the kit that a source means; see `folder_of`. Raises ProjectError `bad_template` too."""
    folder, revision = folder_of(context, source, anywhere=anywhere)
    return read_kit(folder, source, revision)


def folder_of(context: Context, source: str, *, anywhere: bool) -> tuple[KitFolder, str | None]:
    """Return the directory of a kit, and the revision of what was fetched.

    source: the name of one that comes with devkeel, a directory beneath the work tree of the project, or a flake
    reference. anywhere: an absolute directory may be elsewhere, as a person names it. Raises UsageError
    `unknown_template`, ProjectError `outside_root`, and what `fetched` raises.
    """
    if is_reference(source):
        return fetched(context, source)
    path = source.removeprefix(_PATH)
    if path == source and "/" not in source and not source.startswith("."):
        if source in _names():
            return KitFolder(_KITS, source), None
        raise _unknown(source)
    if path.startswith("/") and anywhere:
        return KitFolder(Path(path)), None
    place = context.project.directory(path)
    if not place.there:
        raise _unknown(source)
    return KitFolder(place.top, "/".join(place.parts)), None


def _names() -> list[str]:
    room = Room(_KITS)
    return [name for name in room.names() if room.status(f"{name}/{MANIFEST}") is not None]


def _unknown(source: str) -> UsageError:
    return UsageError(
        "unknown_template",
        "There is no such template.",
        seen=source[:200],
        remedy=f"Name one that {do('templates')} has, or a directory with a {MANIFEST}.",
        alternatives=tuple(nearest(source, _names())),
    )
