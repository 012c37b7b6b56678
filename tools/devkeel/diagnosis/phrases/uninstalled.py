"""What programs print where something is declared that nothing has installed or made yet, and one command does.

The fact `do` names the command; `remedies/knowledge/commands.txt` has its words.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from devkeel.diagnosis.phrase import Phrase

__all__ = ["PHRASES"]

# name, hint, pattern, the command, weight. Each sentence is the whole word of a tool that says what is to be run.
_ROWS: tuple[tuple[str, str, str, str, int], ...] = (
    ("composer.autoload", "vendor/autoload", r"vendor/autoload(?:_runtime)?\.php", "composer-install", 88),
    (
        "composer.lock_missing",
        "is not present in the lock file",
        r"is not present in the lock file",
        "composer-update",
        80,
    ),
    ("mix.deps", "the dependency is not available, run", r"is not available, run \"mix deps\.get\"", "mix-deps", 90),
    (
        "mix.unchecked",
        "Unchecked dependencies for environment",
        r"Unchecked dependencies for environment",
        "mix-deps",
        85,
    ),
    ("mix.hex", "Could not find Hex", r"Could not find Hex", "mix-hex", 90),
    ("mix.rebar", 'Could not find "rebar3"', r"Could not find \"rebar3\"", "mix-rebar", 90),
    ("terraform.init", "terraform init", r"(?:[Rr]un|Please run|running) [\"`']?terraform init", "terraform-init", 88),
    ("tofu.init", "tofu init", r"(?:[Rr]un|Please run|running) [\"`']?tofu init", "tofu-init", 88),
    (
        "helm.dependencies",
        "missing in charts/ directory",
        r"found in Chart\.yaml, but missing in charts/ directory",
        "helm-build",
        90,
    ),
    (
        "playwright.browsers",
        "playwright install",
        r"(?:npx|pnpm exec|yarn) playwright install",
        "playwright-install",
        88,
    ),
    ("playwright.python", "playwright install", r"^(?:E\s)?[\s\u2551|║]*playwright install", "playwright-python", 88),
    (
        "puppeteer.chrome",
        "puppeteer browsers install",
        r"npx puppeteer browsers install chrome",
        "puppeteer-install",
        88,
    ),
    # npm/cli issue 4828: parts for this system are left out with a lock file of another one
    *(
        (f"node.optional_{number}", hint, re.escape(hint), "npm-again", 92)
        for number, hint in enumerate(
            (
                "npm has a bug related to optional dependencies",
                "You installed esbuild for another platform",
                "could not be found, and is needed by esbuild",
            )
        )
    ),
    # PEP 668
    ("python.pep668", "externally-managed-environment", r"externally-managed-environment", "venv", 90),
    ("python.managed", "This environment is externally managed", r"is externally managed", "venv", 90),
    ("prisma.generate", "prisma generate", r"prisma generate", "prisma-generate", 85),
    ("cypress.binary", "cypress install", r"cypress install", "cypress-install", 88),
    (
        "npm.lock",
        "`npm ci` can only install",
        r"`npm ci` can only install packages when your package\.json and package-lock",
        "npm-install",
        90,
    ),
    (
        "npm.no_lock",
        "The `npm ci` command can only install with an existing package-lock",
        r"existing package-lock\.json",
        "npm-install",
        90,
    ),
    ("pnpm.lock", "ERR_PNPM_OUTDATED_LOCKFILE", r"ERR_PNPM_OUTDATED_LOCKFILE", "pnpm-install", 90),
    ("pnpm.no_lock", "ERR_PNPM_NO_LOCKFILE", r"ERR_PNPM_NO_LOCKFILE", "pnpm-install", 90),
    ("yarn.lock", "lockfile needs to be updated", r"lockfile needs to be updated", "yarn-install", 88),
    (
        "yarn.immutable",
        "The lockfile would have been modified by this install",
        r"The lockfile would have been modified",
        "yarn-install",
        88,
    ),
    ("yarn.state", "Couldn't find the node_modules state file", r"node_modules state file", "yarn-install", 90),
    ("node_modules.missing", "node_modules missing", r"node_modules missing", "npm-install", 85),
    ("uv.lock", "The lockfile at `uv.lock` needs to be updated", r"`uv\.lock` needs to be updated", "uv-lock", 88),
    ("uv.no_lock", "Unable to find lockfile at `uv.lock`", r"Unable to find lockfile", "uv-lock", 88),
    (
        "poetry.lock",
        "pyproject.toml changed significantly since poetry.lock",
        r"since poetry\.lock was last generated",
        "poetry-lock",
        90,
    ),
    ("cargo.lock", "needs to be updated but --locked was passed", r"but --locked was passed", "cargo-update", 88),
    ("bundler.lock", "Your lockfile", r"Your lockfile (?:does not satisfy|needs to be updated)", "bundle", 80),
    ("submodule", "submodule", r"git submodule update --init", "git-submodule", 85),
    ("go.work", "go work sync", r"go work sync", "go-work", 80),
    ("dotnet.restore", "project.assets.json' not found", r"project\.assets\.json' not found", "dotnet-restore", 90),
    ("dotnet.tool", "dotnet tool restore", r"[Rr]un [\"'`]?dotnet tool restore", "dotnet-tool", 90),
    ("flutter.pub", "pub get", r"[Rr]un [\"'`]?(?:flutter|dart) pub get", "dart-pub", 85),
    ("julia.instantiate", "Pkg.instantiate()", r"Pkg\.instantiate\(\)", "julia-instantiate", 90),
    ("renv.restore", "renv::restore()", r"renv::restore\(\)", "renv-restore", 70),
    (
        "cocoapods.sandbox",
        "The sandbox is not in sync with the Podfile.lock",
        r"sandbox is not in sync",
        "pod-install",
        90,
    ),
    ("spacy.model", "Can't find model '", r"Can't find model '(?P<name>[a-z]{2}_\w{2,30})'", "spacy-download", 90),
    ("nltk.data", "Resource", r"nltk\.download\('(?P<name>[\w-]{2,40})'\)", "nltk-download", 90),
)

PHRASES = tuple(
    Phrase(
        name,
        "uninstalled",
        hint,
        pattern,
        subject=name.partition(".")[0],
        weight=weight,
        facts=MappingProxyType({"do": command}),
    )
    for name, hint, pattern, command, weight in _ROWS
)
