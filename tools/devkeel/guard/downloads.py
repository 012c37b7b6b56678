"""Installers of the network: scripts that a command downloads and a shell runs, by their addresses."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.guard.words import split
from devkeel.source.shell import UNKNOWN

if TYPE_CHECKING:
    from devkeel.source.shell import Command

__all__ = ["Script", "downloaded", "saved", "script_at"]

_OUTPUT = {
    "curl": ("-o", "--output", "-H", "--header", "-A", "--user-agent", "--retry", "-m", "--max-time", "--proto", "-x"),
    "wget": ("-O", "--output-document", "-U", "--user-agent", "-T", "--timeout", "-t", "--tries", "--header"),
}
# The scripts by which these are installed, as their own pages have them, with what each brings: a language, or the
# program that is named here or in the address. Nix and pip are not among them: devkeel needs the one, and every
# environment has the other.
_SCRIPTS = (
    (r"sh\.rustup\.rs|static\.rust-lang\.org/rustup", "rust", ""),
    (r"raw\.githubusercontent\.com/(?:nvm-sh|creationix)/nvm/|fnm\.vercel\.app|get\.volta\.sh", "javascript", ""),
    (r"pyenv\.run|(?:raw\.githubusercontent|github)\.com/pyenv/pyenv-installer/", "python", ""),
    (r"(?:raw\.githubusercontent|github)\.com/rbenv/rbenv-installer/|get\.rvm\.io", "ruby", ""),
    (r"get\.sdkman\.io", "java", ""),
    (r"get-ghcup\.haskell\.org|get\.haskellstack\.org", "haskell", ""),
    (r"install\.julialang\.org", "julia", ""),
    (r"astral\.sh/(uv|ruff|ty)/", None, ""),
    (r"(?:raw\.githubusercontent|github)\.com/astral-sh/(uv|ruff)/", None, ""),
    (r"install\.python-poetry\.org|raw\.githubusercontent\.com/python-poetry/", None, "poetry"),
    (r"pdm-project\.org/install|pdm\.fming\.dev/install", None, "pdm"),
    (r"(bun)\.(?:sh|com)/install", None, ""),
    (r"(deno)\.land/(?:x/)?install", None, ""),
    (r"get\.(pnpm)\.io/install", None, ""),
    (r"(yarn)pkg\.com/install", None, ""),
    (r"mise\.run|mise\.jdx\.dev/install", None, "mise"),
    (r"getcomposer\.org/installer", None, "composer"),
    (r"(starship)\.rs/install", None, ""),
    (r"(just)\.systems/install", None, ""),
    (r"taskfile\.dev/install", None, "go-task"),
    (r"raw\.githubusercontent\.com/helm/(helm)/", None, ""),
    (r"raw\.githubusercontent\.com/(?:golangci|aquasecurity|anchore|terraform-linters)/([\w-]+)/", None, ""),
    (r"(ollama)\.com/install", None, ""),
    (r"(direnv)\.net/install", None, ""),
    (r"get\.(pulumi)\.com", None, ""),
    (r"(wasmtime)\.dev/install", None, ""),
    (r"micro\.mamba\.pm/install", None, "micromamba"),
)
_KNOWN = [(re.compile(rf"(?:https?://)?(?:www\.)?({pattern})"), language, name) for pattern, language, name in _SCRIPTS]


class Script(Struct, frozen=True):
    """An installer that is downloaded. address: as far as it is known. language: what it brings, or else the name."""

    address: str
    language: str | None
    name: str


def script_at(word: str) -> Script | None:
    """Return the installer at an address, None where it is none that is known here."""
    for pattern, language, name in _KNOWN:
        found = None if UNKNOWN in word else pattern.match(word)
        if found is not None:
            return Script(found[1], language, name or next((item for item in found.groups()[1:] if item), ""))
    return None


def downloaded(words: tuple[str, ...]) -> str | None:
    """Return the address of a known installer that a command downloads, None where it does not."""
    if not words or posixpath.basename(words[0]) not in _OUTPUT:
        return None
    return next((word for word in words[1:] if script_at(word) is not None), None)


def saved(command: Command) -> str | None:
    """Return the file that a download goes to, None where that is not known."""
    program = posixpath.basename(command.words[0]) if command.words else ""
    if program not in _OUTPUT:
        return None
    found = split(command.words[1:], _OUTPUT[program])
    names = _OUTPUT[program][:2]
    given = next((item for name in names for item in found.values.get(name, ())), None)
    if given is not None or command.into is not None:
        return given if given is not None else command.into
    kept = program == "wget" or found.flags & {"-O", "--remote-name"} or any("O" in item for item in found.flags)
    return posixpath.basename(found.positional[-1]) if kept and found.positional else None
