"""What is declared and not installed, or not made yet: the one command that does it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.remedies.fix import Fix
from devkeel.remedies.manifests import (
    PACKAGE,
    canonical,
    folders,
    javascript_manager,
    packages_of,
    python_manifest,
    python_names,
)
from devkeel.remedies.tables import table
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.diagnosis.cause import Cause
    from devkeel.remedies.situation import Situation

__all__ = ["propose"]

_NAME = re.compile(r"[A-Za-z0-9][\w-]{1,40}")
# Where npm is named, and the project has another manager.
_RUNS = {"npx": {"pnpm": ("pnpm", "exec"), "yarn": ("yarn",), "bun": ("bunx",)}}


# What a project names that has something to make: without it the sentence is about another project.
_PACKAGES = {
    "prisma-generate": ("prisma", "@prisma/client"),
    "playwright-install": ("playwright", "@playwright/test", "playwright-core", "@playwright/experimental-ct-react"),
    "cypress-install": ("cypress",),
    "puppeteer-install": ("puppeteer", "puppeteer-core"),
}
# Where what a command installs is declared.
_FILES = {
    "bundle": "Gemfile",
    "renv-restore": "renv.lock",
    "uv-lock": "pyproject.toml",
    "uv-sync": "pyproject.toml",
    "poetry-lock": "pyproject.toml",
    "poetry-install": "pyproject.toml",
    "go-tidy": "go.mod",
    "go-vendor": "go.mod",
    "go-work": "go.work",
    "cargo-update": "Cargo.toml",
    "composer-install": "composer.json",
    "composer-update": "composer.json",
    "mix-deps": "mix.exs",
    "pod-install": "Podfile",
    "pip-requirements": "requirements.txt",
    "terraform-init": ".terraform.lock.hcl",
    "tofu-init": ".terraform.lock.hcl",
}


def propose(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """Yield the command that installs or makes what is declared."""
    form = cause.facts.get("do", "")
    if form == "venv":
        yield from _environment(situation)
        return
    if form == "npm-again":
        again = table("commands")[f"{javascript_manager(situation)}-again"]
        told = "Installs the parts for this system: they are left out with a lock file or node_modules of another one."
        moved = "Versions that are not pinned may move: look at the difference of the lock file."
        yield Fix(told, command=" ".join(again), uncertain=moved)
        return
    words = table("commands").get(form)
    wanted = _PACKAGES.get(form)
    if words is None or (wanted is not None and not _names_any(situation, wanted)):
        return
    name = cause.facts.get("name", "")
    uncertain = None
    if "{name}" in words:
        if not _NAME.fullmatch(name):
            return
        words = tuple(name if word == "{name}" else word for word in words)
        uncertain = f"Only the text names {name}: nobody looked who made it."
    if words[0] in _RUNS:
        words = (*_RUNS["npx"].get(javascript_manager(situation), ("npx",)), *words[1:])
    file = _FILES.get(form)
    if file is not None and not folders(situation, file):
        uncertain = f"No {file} was found where this project is looked at: run it where the failed run was."
    command = " ".join(words)
    yield Fix(f"{cause.subject}: {command} installs or makes what is declared.", command=command, uncertain=uncertain)


def _names_any(situation: Situation, names: tuple[str, ...]) -> bool:
    """Return whether a package.json of the project names one of some packages."""
    return any(
        not packages_of(situation, folder).keys().isdisjoint(names) for folder in folders(situation, PACKAGE)
    ) or any(canonical(name) in python_names(situation) for name in names)


def _environment(situation: Situation) -> Iterator[Fix]:
    """Yield an environment of the project's own, as PEP 668 wants it in place of the system's Python."""
    path = "languages.python.venv.enable"
    if situation.has_devenv:
        enable = () if situation.is_enabled("languages.python") else ({"kind": "enable", "name": "languages.python"},)
        if situation.definition(path) is None:
            edit = {"kind": "set", "path": path, "value": True}
            yield Fix("Gives the project an environment of its own for Python.", (*enable, edit))
        return
    if python_manifest(situation) is not None:
        yield Fix("Installs what the project declares into an environment of its own.", call=do("apply"))
    if not situation.has_nix:
        words = " ".join(table("commands")["venv"])
        yield Fix("Makes an environment of the project's own, whose pip installs.", command=words)
