"""Which files start something by themselves: what runs of them, and when, a person wants to know before they come."""

from __future__ import annotations

import posixpath

from devkeel.project.envrc import ENVRC

__all__ = ["when_started"]

_AGENT = "when an agent opens the project"
_EDITOR = "when an editor opens the project"
_GIT = "when Git runs hooks"
_CI = "when CI takes up a change"
_FILES = {
    ENVRC: "when direnv allows it and the project is entered",
    ".mcp.json": _AGENT,
    ".pre-commit-config.yaml": _GIT,
    "lefthook.yml": _GIT,
    ".gitlab-ci.yml": _CI,
    "azure-pipelines.yml": _CI,
    "jenkinsfile": _CI,
}
_DIRECTORIES = {
    ".claude": _AGENT,
    ".codex": _AGENT,
    ".cursor": _AGENT,
    ".gemini": _AGENT,
    ".vscode": _EDITOR,
    ".idea": _EDITOR,
    ".zed": _EDITOR,
    ".devcontainer": _EDITOR,
    ".husky": _GIT,
    ".githooks": _GIT,
    ".circleci": _CI,
    ".github/workflows": _CI,
    ".forgejo/workflows": _CI,
    ".gitea/workflows": _CI,
    ".woodpecker": _CI,
}


def when_started(path: str) -> str | None:
    """Return when a tool runs what a file of a path says without being asked, None where no such tool is known."""
    plain = path.casefold()
    known = _FILES.get(posixpath.basename(plain))
    at = f"/{plain}"
    return known or next((when for name, when in _DIRECTORIES.items() if f"/{name}/" in at), None)
