"""What an environment of another backend leaves out of a devenv.nix that is there too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.backends.registry import backend_named
from devkeel.project.root import DECLARATION
from devkeel.project.survey import survey

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["left_out"]

_MOST = 5
# What Python's own installers realise, and what declares no part of an environment.
_REALISED = ("languages.python", "imports", "name", "dotenv", "assertions", "warnings", "_module")
_SAID = ("packages", "imports")


def left_out(backend: str, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return what devenv.nix declares and an environment of a backend has not: packages, services, options.

    files: of the declaration. Nothing where the backend realises a devenv.nix too.
    """
    if DECLARATION not in files or backend_named(backend).realises(files):
        return ()
    found = survey(files, None)
    packages = [f"packages {_few(list(found.packages))}"] if found.packages else []
    services = [item for item in found.enabled if not item.startswith(_REALISED)]
    heads = [item.path.split(".")[0] for item in found.definitions if not item.path.startswith(_REALISED)]
    owned = {item.split(".")[0] for item in services}
    others = [head for head in dict.fromkeys(heads) if head not in owned and head not in _SAID and head != "languages"]
    return (*packages, *services, *others)


def _few(names: list[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"{', '.join(names[:_MOST])}{more}"
