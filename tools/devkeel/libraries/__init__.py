"""Libraries of a language: which edits of the project's own files ask for one, and whether they resolve."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from devkeel.errors import UsageError
from devkeel.libraries.request import Plan, Request

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LANGUAGES", "Plan", "Request", "is_manifest", "plan"]

LANGUAGES = ("python", "javascript", "rust", "go", "ruby")
_ALIASES = {"py": "python", "js": "javascript", "node": "javascript", "typescript": "javascript", "golang": "go"}
_MANIFESTS = (
    *("pyproject.toml", "uv.lock", "poetry.lock", "environment.yml", "environment.yaml", "conda-lock.yml"),
    *("package.json", "package-lock.json", "pnpm-lock.yaml", "yarn.lock"),
    *("Cargo.toml", "Cargo.lock", "go.mod", "go.sum", "Gemfile", "Gemfile.lock"),
)


def is_manifest(name: str) -> bool:
    """Tell whether a file, relative to the root, names libraries or pins them."""
    from devkeel.libraries.requirements_file import is_requirements_file  # noqa: PLC0415

    return name.rpartition("/")[2] in _MANIFESTS or is_requirements_file(name)


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
    made: Plan = import_module(f"devkeel.libraries.{language}").plan(request, read)
    return made
