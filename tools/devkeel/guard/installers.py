"""Which commands install something past a declaration: a row for each program and verb."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from devkeel.guard.words import split

if TYPE_CHECKING:
    from devkeel.guard.words import Words
    from devkeel.guard.wrappers import Unwrapped

__all__ = ["Install", "install_of"]

Kind = Literal["library", "program", "toolchain"]


class Install(Struct, frozen=True):
    """What a command would install.

    command: the program with its verb. kind: libraries of a language, programs, or a language itself. names: what it
    names, as far as the text shows. declared: only what is declared already, as the project itself or a file of
    requirements is.
    """

    command: str
    kind: Kind
    language: str | None
    names: tuple[str, ...]
    declared: bool = False


class _Verb(Struct, frozen=True):
    """A program's verb that installs. The options are those of its manual page.

    verbs: any of them, each one or two words. needs: with one of these options only. valued: options that take a word.
    elsewhere: with one of these it installs nothing, or not where programs find it.
    """

    kind: Kind
    verbs: tuple[str, ...]
    language: str | None = None
    needs: tuple[str, ...] = ()
    valued: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()


_NOTHING = ("-h", "--help", "--version", "--dry-run")
_PIP = (
    *("-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-i", "--index-url", "--extra-index-url"),
    *("-t", "--target", "--prefix", "--root", "-f", "--find-links", "--trusted-host", "--only-binary", "--no-binary"),
    *("--python-version", "--platform", "--implementation", "--abi", "--upgrade-strategy", "--src", "--cache-dir"),
    *("--timeout", "--retries", "--cert", "--client-cert", "--proxy", "--log", "-C", "--config-settings"),
    *("--global-option", "--progress-bar", "--report", "--group", "-p", "--python", "--exists-action", "--index"),
    *("--default-index", "--override", "--build-constraint", "--extra", "--use-feature", "--keyring-provider"),
)
_PIP_ELSEWHERE = (*_NOTHING, "-t", "--target", "--prefix", "--root")
_APT = ("-o", "--option", "-t", "--target-release", "--default-release", "-c", "--config-file", "-a")
_APT_ELSEWHERE = (*_NOTHING, "-s", "--simulate", "--just-print", "--no-act", "--recon", "-d", "--download-only")
_NPM = ("--prefix", "-C", "--registry", "--location", "--tag", "-w", "--workspace", "--dir", "--cwd")
_GLOBAL = ("-g", "--global", "--location")
_CONDA = ("-n", "--name", "-p", "--prefix", "-c", "--channel", "--file", "--solver", "--subdir", "--platform")
_SYSTEM = _Verb("program", ("install",), elsewhere=(*_NOTHING, "--downloadonly", "--download-only", "-n"))
_PYTHON = _Verb("library", ("install",), "python", valued=_PIP, elsewhere=_PIP_ELSEWHERE)
_ROWS: dict[str, tuple[_Verb, ...]] = {
    "pip": (_PYTHON,),
    "uv": (
        _Verb("library", ("pip install",), "python", valued=_PIP, elsewhere=_PIP_ELSEWHERE),
        _Verb("program", ("tool install",), valued=("--from", "--with", *_PIP), elsewhere=_NOTHING),
        _Verb("toolchain", ("python install",), "python", valued=("-i", "--install-dir"), elsewhere=_NOTHING),
    ),
    "easy_install": (_Verb("library", ("",), "python", elsewhere=_NOTHING),),
    "setup.py": (_Verb("library", ("install", "develop"), "python", elsewhere=_NOTHING),),
    "pipx": (
        _Verb("program", ("install", "inject"), valued=("--python", "--suffix", "--index-url"), elsewhere=_NOTHING),
    ),
    **{
        name: (_Verb("library", ("install",), "python", valued=_CONDA, elsewhere=(*_NOTHING, "-d", "--download-only")),)
        for name in ("conda", "mamba", "micromamba")
    },
    **{
        name: (_Verb("program", ("install", "i", "add", "in"), needs=_GLOBAL, valued=_NPM, elsewhere=_NOTHING),)
        for name in ("npm", "pnpm", "bun", "deno")
    },
    "yarn": (_Verb("program", ("global add",), valued=_NPM, elsewhere=_NOTHING),),
    "cargo": (
        _Verb(
            "program",
            ("install", "binstall"),
            valued=("--version", "--vers", "--git", "--branch", "--tag", "--rev", "--root", "-F", "--features", "-j"),
            elsewhere=("-h", "--help", "--dry-run", "--path", "--list", "--root"),
        ),
    ),
    "go": (_Verb("program", ("install",), valued=("-C", "-tags", "-ldflags", "-gcflags", "-p", "-mod")),),
    "gem": (
        _Verb(
            "library",
            ("install",),
            "ruby",
            valued=("-v", "--version", "-s", "--source", "-i", "--install-dir", "-n", "--bindir", "-P"),
            elsewhere=("-h", "--help", "--explain", "-i", "--install-dir"),
        ),
    ),
    **{
        name: (_Verb("program", ("install",), valued=_APT, elsewhere=_APT_ELSEWHERE),)
        for name in ("apt", "apt-get", "aptitude")
    },
    **dict.fromkeys(("dnf", "yum", "microdnf", "brew", "port", "snap"), (_SYSTEM,)),
    "zypper": (_Verb("program", ("install", "in"), elsewhere=(*_NOTHING, "-d", "--download-only")),),
    "apk": (
        _Verb("program", ("add",), valued=("-X", "--repository", "-p", "--root", "-t"), elsewhere=("-s", "--simulate")),
    ),
    "nix": (
        _Verb("program", ("profile install", "profile add"), valued=("--profile", "--priority"), elsewhere=_NOTHING),
    ),
    "rustup": (_Verb("toolchain", ("toolchain install", "install", "component add", "target add"), "rust"),),
    "nvm": (_Verb("toolchain", ("install",), "javascript"),),
    "fnm": (_Verb("toolchain", ("install",), "javascript"),),
    "volta": (_Verb("toolchain", ("install",), "javascript"),),
    "pyenv": (_Verb("toolchain", ("install",), "python", elsewhere=("-l", "--list", "-h", "--help")),),
    "rbenv": (_Verb("toolchain", ("install",), "ruby", elsewhere=("-l", "--list", "-L", "-h", "--help")),),
    "ghcup": (_Verb("toolchain", ("install",), "haskell"),),
    "sdk": (_Verb("toolchain", ("install",), "java"),),
    "composer": (_Verb("program", ("global require",), elsewhere=_NOTHING),),
    "dotnet": (_Verb("program", ("tool install",), needs=("-g", "--global"), valued=("--version",)),),
    "luarocks": (_Verb("program", ("install",), elsewhere=(*_NOTHING, "--tree")),),
    "cpanm": (_Verb("program", ("",), elsewhere=_NOTHING),),
    "opam": (_Verb("program", ("install",), elsewhere=(*_NOTHING, "--deps-only")),),
    "cabal": (_Verb("program", ("install",), elsewhere=(*_NOTHING, "--lib")),),
}
_PIP_NAME = re.compile(r"pip\d?(?:\.\d+)?")
# What pip takes for a place, not for a name: `.`, `./dist/x.whl`, `git+https://…`.
_PLACE = re.compile(r"[./~]|\w+\+|\w+://|.*\.(?:whl|tar\.gz|zip|deb|rpm|apk|gem)$|file:")
_OWN = re.compile(r"\.{1,2}/?(?:\[[\w,. -]*\])?")
# pacman(8): -S with what only asks, cleans or downloads (s, c, i, l, g, p, w) installs nothing.
_PACMAN = re.compile(r"-S[yuq]*")
_DOWNLOADS = ("-w", "--downloadonly", "-p", "--print", "-h", "--help")
# A name with what follows it: a version, a release, an architecture.
_NAMED = re.compile(r"@?[^@=/:<>~!\s][^@=:<>~!\s]*")
_NAME = re.compile(r"[\w@./:<>=!~^,+\[\]*# -]+")


def install_of(invocation: Unwrapped) -> Install | None:
    """Return what a command would install, None where it installs nothing, or where that is not certain."""
    program = "pip" if _PIP_NAME.fullmatch(invocation.program) else invocation.program
    if program in ("nix-env", "pacman"):
        return _by_flag(program, invocation.arguments)
    for row in _ROWS.get(program, ()):
        found = split(invocation.arguments, row.valued)
        verb = next((item for item in row.verbs if found.positional[: len(item.split())] == tuple(item.split())), None)
        if verb is not None and not found.flags & {*row.elsewhere} and (not row.needs or _is_global(found, row)):
            return _made(f"{program} {verb}".strip(), row, found, found.positional[len(verb.split()) :])
    return None


def _is_global(found: Words, row: _Verb) -> bool:
    places = found.values.get("--location", ())
    return bool(found.flags & {*row.needs} - {"--location"}) or "global" in places


def _by_flag(program: str, arguments: tuple[str, ...]) -> Install | None:
    """Return what the programs install whose verb is an option."""
    found = split(arguments, ("-f", "-p", "--file", "--profile", "--config", "--dbpath", "--root"))
    if program == "pacman":
        installs = any(_PACMAN.fullmatch(item) for item in found.flags) and not found.flags & {*_DOWNLOADS}
        command = "pacman -S"
    else:
        installs = (
            any(re.fullmatch(r"-i\w*|--install", item) for item in found.flags) and "--dry-run" not in found.flags
        )
        command = "nix-env -i"
    names = _names(program, found.positional)
    return Install(command, "program", None, names) if installs and found.positional else None


def _made(command: str, row: _Verb, found: Words, given: tuple[str, ...]) -> Install | None:
    """Return the install, None where nothing of another place is named: the program says so itself."""
    program = command.partition(" ")[0]
    if program in ("go", "npm", "pnpm", "bun", "deno", "gem", "cargo"):
        given = tuple(item for item in given if not _PLACE.match(item) and (program != "go" or "@" in item))
    if row.kind == "library" and row.language == "python":
        files = [item for name in ("-r", "--requirement", "--file") for item in found.values.get(name, ())]
        places = [item for name in ("-e", "--editable") for item in found.values.get(name, ())]
        if not (given or files or places or program == "setup.py"):
            return None
        declared = all(_OWN.fullmatch(item) for item in (*given, *places))
        return Install(command, row.kind, row.language, _names(program, given), declared)
    return Install(command, row.kind, row.language, _names(program, given)) if given else None


def _names(program: str, given: tuple[str, ...]) -> tuple[str, ...]:
    """Return what is named as devkeel would be given it; what an expansion decides, or a path, is left out."""
    plain = [item for item in given if _NAME.fullmatch(item) and "*" not in item.partition("=")[0]]
    return tuple(dict.fromkeys(filter(None, (_name(program, item) for item in plain if not _PLACE.match(item)))))


def _name(program: str, given: str) -> str:
    if program in ("pip", "uv", "pipx", "easy_install"):
        return given
    if program in ("nix", "nix-env"):
        return given.rpartition("#")[2].removeprefix("nixpkgs.").removeprefix("nixos.")
    if program == "go":
        parts = [item for item in given.partition("@")[0].split("/") if not re.fullmatch(r"v\d+", item)]
        return parts[-1] if parts else ""
    found = _NAMED.match(given)
    name = found[0] if found else ""
    if name.startswith("@"):  # a scope of npm, which nixpkgs leaves out of its names
        return name
    return name.rpartition("/")[2] if program == "brew" else name.partition("/")[0]
