"""Variables that a container, a workflow or an example file gives a project: which are about the project itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.text.secrets import looks_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.detection.evidence import Certainty, Clue
    from devkeel.detection.repository import RepositoryFile

__all__ = ["variable_clue"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What the shell, the image or the tools of a build have them for, or devenv sets itself.
_PLUMBING = re.compile(
    r"PATH|HOME|USER|SHELL|TERM|LANG|LANGUAGE|LC_\w+|TZ|DEBIAN_FRONTEND|HOSTNAME|PWD|PS1|CI|FORCE_COLOR|NO_COLOR"
    r"|\w*_VERSION|\w*_SHA\w*|\w*_HOME|\w*_ROOT|\w*_CACHE\w*|\w*_DIR|\w*_PREFIX|PIP_\w+|POETRY_\w+|UV_\w+|PIPENV_\w+"
    r"|PNPM_\w+|YARN_\w+|NPM_CONFIG_\w+|npm_config_\w+|BUNDLE_\w+|GEM_\w+|CARGO_\w+|RUSTUP_\w+|GOPATH|GOROOT|GOBIN"
    r"|GOFLAGS|GOOS|GOARCH|CGO_ENABLED|GO111MODULE|LD_LIBRARY_PATH|PYTHONPATH|PYTHONHOME|VIRTUAL_ENV|NODE_PATH"
    r"|ACTIONS_\w+|GITHUB_\w+|GH_\w+|RUNNER_\w+|REGISTRY|IMAGE\w*|DOCKER_\w+|CODECOV_\w+|TURBO_\w+|NODE_OPTIONS"
    r"|MAVEN_OPTS|GRADLE_OPTS|JAVA_OPTS|JAVA_TOOL_OPTIONS|DOTNET_\w+|ASPNETCORE_URLS|NEXT_TELEMETRY_DISABLED"
    r"|MAMBA_\w+|CONDA_\w+|NVM_\w+|NIX_\w+|NIXPKGS_\w+|DEVENV_\w+|CC|CXX|CFLAGS|CXXFLAGS|LDFLAGS|CMAKE_\w+|RUSTFLAGS"
)
# Another life than that of a shell of development.
_PRODUCTION = re.compile(r"prod(?:uction)?|release|staging", re.IGNORECASE)
_PATH = re.compile(r"(?:~|/)[\w./~-]+")


def variable_clue(
    file: RepositoryFile, name: str, value: str | None, line: int | None, why: str, certainty: Certainty
) -> Iterator[Clue]:
    """Yield a variable of the project, nothing for what is about the machine; the value of a secret is left out."""
    if not _NAME.fullmatch(name) or _PLUMBING.fullmatch(name):
        return
    if value is not None and looks_secret(name, value):
        yield file.clue("variable", name, line, "possible", f"{why}, and its value looks secret", seen=name)
        return
    elsewhere = value is None or not value or _PRODUCTION.fullmatch(value) or _PATH.fullmatch(value)
    # A value with a variable of the shell in it is another one there.
    sure: Certainty = "possible" if elsewhere or "$" in (value or "") or "\n" in (value or "") else certainty
    yield file.clue("variable", name, line, sure, why, value=value)
