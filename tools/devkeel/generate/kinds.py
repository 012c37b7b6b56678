"""The registry of generators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.errors import UsageError
from devkeel.generate.devcontainer import DEVCONTAINER
from devkeel.generate.devenv_nix import DEVENV_NIX
from devkeel.generate.envrc import ENVRC
from devkeel.generate.flake import FLAKE_FILE
from devkeel.generate.image import IMAGE
from devkeel.generate.nixos_module import NIXOS_MODULE
from devkeel.generate.pipelines.github import GITHUB
from devkeel.generate.pipelines.gitlab import GITLAB
from devkeel.generate.python_flakes.consumer import CONSUMER
from devkeel.generate.python_flakes.conversion import CONVERSION
from devkeel.generate.python_flakes.orchestrator import ORCHESTRATOR
from devkeel.generate.python_flakes.provider import PROVIDER
from devkeel.text.actions import do

if TYPE_CHECKING:
    from devkeel.generate.kind import Generator

__all__ = ["GENERATORS", "generator"]

# In the order in which they are listed.
GENERATORS: tuple[Generator, ...] = (
    ENVRC,
    FLAKE_FILE,
    NIXOS_MODULE,
    DEVENV_NIX,
    IMAGE,
    GITHUB,
    GITLAB,
    DEVCONTAINER,
    PROVIDER,
    CONSUMER,
    ORCHESTRATOR,
    CONVERSION,
)


def generator(name: str) -> Generator:
    """Return the generator of a name. Raises UsageError `unknown_generator`."""
    for item in GENERATORS:
        if item.name == name:
            return item
    raise UsageError(
        "unknown_generator",
        "There is no generator of this name.",
        seen=name[:80],
        remedy=f"Name one of those that {do('generate')} lists.",
        alternatives=tuple(item.name for item in GENERATORS),
    )
