"""Projects in which a run has failed, made of a few files each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel.api import Environment

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.remedies.diagnose import DiagnosedCause
    from devkeel.remedies.fix import Fix

__all__ = ["causes", "edits", "fixes"]


def causes(root: Path, text: str, **files: str) -> tuple[DiagnosedCause, ...]:
    """Return what is found in a text, in a project of these files: `devenv_nix` is devenv.nix, `_env` is .env."""
    for name, content in files.items():
        stem, _, ending = name.rpartition("_")
        path = root / (f"{stem}.{ending}")
        path.write_text(content, "utf-8")
    environment = Environment(root, actor="test")
    try:
        return environment.diagnose(text).causes
    finally:
        environment.close()


def fixes(root: Path, text: str, **files: str) -> list[Fix]:
    """Return the fixes of the first cause."""
    found = causes(root, text, **files)
    return [*found[0].fixes] if found else []


def edits(root: Path, text: str, **files: str) -> list[dict[str, Any]]:
    """Return the edits of the first fix of the first cause."""
    found = fixes(root, text, **files)
    return [*found[0].edits] if found else []
