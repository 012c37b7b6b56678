"""Which Python libraries a project names without a devenv.nix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.errors import DevkeelError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PYTHON", "declared_libraries"]

# The files of Python itself that name libraries, the most specific first.
PYTHON = ("pyproject.toml", "requirements.in", "requirements.txt")


def declared_libraries(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the Python libraries that a project without devenv.nix names, as it writes them."""
    if "devenv.nix" in files or not files:
        return ()
    from devkeel.libraries.manifests import conda_file, pyproject, requirements_file  # noqa: PLC0415  (38 ms with packaging)

    found: list[str] = []
    for name, data in files.items():
        try:
            if name in conda_file.NAMES:
                found += conda_file.specifications(conda_file.load(data, name))
            elif name == pyproject.PYPROJECT:
                found += pyproject.requirements_of(data)
            elif requirements_file.is_requirements_file(name):
                found += requirements_file.requirements_in(data)
        except (DevkeelError, ValueError):
            continue
    return tuple(dict.fromkeys(found))
