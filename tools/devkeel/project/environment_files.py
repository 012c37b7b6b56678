"""Which files are the environment's: what edits may touch, and what they may say there."""

from __future__ import annotations

import posixpath
import re

from devkeel.project.root import DECLARATION_FILES, INPUTS, LOCK_FILES, OTHER_FILES

__all__ = ["is_environment_file", "is_lock", "is_manifest", "is_material", "is_requirements_file", "takes_options"]

# What names the libraries of a language, in whichever directory of the project.
_MANIFESTS = frozenset(
    {
        *("pyproject.toml", "environment.yml", "environment.yaml", "package.json"),
        *("Cargo.toml", "go.mod", "Gemfile"),
    }
)
_REQUIREMENTS = re.compile(
    r"(?:.*/)?(?:(?:[\w.][\w.-]*)?requirements[\w.-]*\.(?:txt|in)|requirements/\w[\w.-]*\.(?:txt|in))"
)
# Where such files are material for something else: broken ones for tests, templates, what package managers brought.
_MATERIAL = frozenset(
    {
        *(
            "fixtures",
            "fixture",
            "__fixtures__",
            "_fixture",
            "_fixtures",
            "testdata",
            "test_data",
            "test-data",
            "snapshots",
            "golden",
            "corpus",
        ),
        *("templates", "template", "node_modules", "site-packages", "vendor", "third_party"),
    }
)
# What a tool writes from them.
_LOCKS = frozenset(
    {*LOCK_FILES, "conda-lock.yml", "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "go.sum"}
)


def is_environment_file(relative: str) -> bool:
    """Return whether edits may touch a file: one that has options, `.envrc`, `.gitignore`, or a manifest."""
    return takes_options(relative) or relative in OTHER_FILES or is_manifest(relative)


def takes_options(relative: str) -> bool:
    """Return whether a file has options of an environment: a Nix file, or one of devenv's inputs."""
    return relative.endswith(".nix") or relative in DECLARATION_FILES or posixpath.basename(relative) == INPUTS


def is_manifest(relative: str) -> bool:
    """Return whether a file names the libraries of a language."""
    return posixpath.basename(relative) in _MANIFESTS or is_requirements_file(relative)


def is_requirements_file(relative: str) -> bool:
    """Return whether a file is one of pip's by its name."""
    return _REQUIREMENTS.fullmatch(relative) is not None


def is_lock(relative: str) -> bool:
    """Return whether a file is what a tool has resolved, and writes anew."""
    return posixpath.basename(relative) in _LOCKS or relative.endswith(".lock")


def is_material(directory: str) -> bool:
    """Return whether files in a directory are material for something else, as far as its name shows."""
    parts = directory.split("/")
    return any(part in _MATERIAL or "{{" in part for part in parts)  # cookiecutter, copier
