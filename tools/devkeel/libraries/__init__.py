"""Libraries of a language: which edits of the project's own files ask for one, and whether they resolve."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from devkeel.errors import DevkeelError, UsageError
from devkeel.libraries.request import Plan, Request, no_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["LANGUAGES", "PYTHON", "Plan", "Request", "declared_libraries", "plan"]

LANGUAGES = ("python", "javascript", "rust", "go", "ruby")
# The files of Python itself that name libraries, the most telling first.
PYTHON = ("pyproject.toml", "requirements.in", "requirements.txt")
# It becomes text of the manifest, of a Gemfile too, which is a program.
_GROUP = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?")
_ALIASES = {"py": "python", "js": "javascript", "node": "javascript", "typescript": "javascript", "golang": "go"}


def declared_libraries(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the Python libraries that a project without devenv.nix names, as it writes them."""
    if "devenv.nix" in files or not files:
        return ()
    from devkeel.libraries.manifests import conda_file, pyproject, requirements_file  # noqa: PLC0415

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


def plan(request: Request, read: Callable[[str], bytes | None]) -> Plan:
    """Return the edits that add or remove libraries, in memory; nothing is resolved.

    read: the bytes of a file relative to the root, None where there is none. Raises UsageError `unknown_language` or
    `bad_library`, ProjectError `no_manifest`, Refused.
    """
    language = request.language.lower()
    language = _ALIASES.get(language, language)
    if language not in LANGUAGES:
        raise UsageError(
            "unknown_language",
            f"devkeel does not know how {request.language[:80]!r} names its libraries.",
            seen=request.language[:80],
            remedy="Name one of the languages; for packages of nixpkgs use add_packages.",
            alternatives=LANGUAGES,
        )
    if request.group is not None and not _GROUP.fullmatch(request.group):
        raise UsageError(
            "bad_argument",
            "The group is no name of a dependency group.",
            seen=request.group[:80],
            remedy="Give a name such as dev, of letters, digits, hyphens and underscores.",
        )
    module = import_module(f"devkeel.libraries.languages.{language}")
    # Python's own plan knows which files are its manifests: there is no end of names for a requirements file.
    if language != "python" and request.file and PurePosixPath(request.file).name not in module.MANIFESTS:
        raise no_manifest(language, module.MANIFESTS)
    made: Plan = module.plan(request, read)
    return made
