"""Signs: the files of a root that say what it needs, by their names alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devkeel.project.root import Project

__all__ = ["signs"]

# Well-known names; the readers know more, and are not loaded for this.
_NAMES = frozenset(
    {
        *(
            "package.json",
            "pyproject.toml",
            "requirements.txt",
            "Pipfile",
            "setup.py",
            "go.mod",
            "Cargo.toml",
            "Gemfile",
        ),
        *("pom.xml", "build.gradle", "build.gradle.kts", "composer.json", "mix.exs", "global.json", "CMakeLists.txt"),
        *("build.zig", "deno.json", "stack.yaml", "environment.yml"),
        *("Dockerfile", "Containerfile", "compose.yml", "compose.yaml", "docker-compose.yml", "docker-compose.yaml"),
        *(".gitlab-ci.yml", ".tool-versions", "mise.toml", ".mise.toml", ".sdkmanrc", "rust-toolchain.toml"),
        *("shell.nix", "flake.nix", "Makefile", "justfile"),
    }
)
_VERSION = re.compile(r"\.(?:nvmrc|[a-z]+-version)")
_FOLDERS = frozenset({".devcontainer", ".github"})


def signs(project: Project) -> tuple[str, ...]:
    """Return the names in a project's root of files that say what it needs; nothing is read."""
    found = project.room.names(".")
    return tuple(name for name in found if name in _NAMES or name in _FOLDERS or _VERSION.fullmatch(name))
