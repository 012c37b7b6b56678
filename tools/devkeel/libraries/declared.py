"""Which Python libraries a project names without a devenv.nix."""

from __future__ import annotations

import json
import posixpath
from typing import TYPE_CHECKING, Any

from devkeel.errors import DevkeelError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["PYTHON", "asks_otherwise", "declared_libraries"]

# The files of Python itself that name libraries, the most specific first.
PYTHON = ("pyproject.toml", "requirements.in", "requirements.txt")

# Keys of a package.json that no resolver reads (npm docs, package.json).
_OF_NO_RESOLVER = frozenset({"scripts", "description", "keywords", "author", "license", "homepage", "main"})


def declared_libraries(files: Mapping[str, bytes], read: Callable[[str], bytes | None]) -> tuple[str, ...]:
    """Return the Python libraries that a project without devenv.nix names, as it writes them.

    read: the files that a requirements file or the list below pip includes.
    """
    if "devenv.nix" in files or not files:
        return ()
    from devkeel.libraries.manifests import conda_file, pyproject, requirements_file  # noqa: PLC0415  (38 ms with packaging)

    found: list[str] = []
    for name, data in files.items():
        try:
            if name in conda_file.NAMES:
                model = conda_file.load(data, name)
                found += [*conda_file.specifications(model), *conda_file.below_pip(model, name, read)]
            elif name == pyproject.PYPROJECT:
                found += pyproject.requirements_of(data)
            elif requirements_file.is_requirements_file(name):
                included = requirements_file.lines_included(name, data, read)
                found += requirements_file.requirements_in(data)
                found += [str(line.requirement) for line in included if line.requirement]
        except (DevkeelError, ValueError):
            continue
    return tuple(dict.fromkeys(found))


def asks_otherwise(manifest: str, before: bytes, after: bytes) -> bool:
    """Return whether two texts of a manifest may ask a resolver for something else."""
    from devkeel.source import toml_document  # noqa: PLC0415  (4 ms that an edit of Nix does not need)

    name = posixpath.basename(manifest)
    try:
        if name == "pyproject.toml":
            return _resolved(toml_document.loads(before)) != _resolved(toml_document.loads(after))
        if name == "package.json":
            old, new = (dict(json.loads(data.decode("utf-8-sig"))) for data in (before, after))
            return any(old.get(key) != new.get(key) for key in (old.keys() | new.keys()) - _OF_NO_RESOLVER)
    except (DevkeelError, ValueError, TypeError, AttributeError):
        return True  # it does not parse, or did not
    return before != after


def _resolved(model: dict[str, Any]) -> list[object]:
    """Return the tables of a pyproject.toml that decide what is resolved."""
    tools = model.get("tool", {})
    tables = [model.get(name) for name in ("project", "dependency-groups", "build-system")]
    return [*tables, *(tools.get(name) for name in ("uv", "poetry", "pdm", "hatch", "setuptools"))]
