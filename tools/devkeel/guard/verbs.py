"""The verbs by which programs install something: a row for each, by their manual pages."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

__all__ = ["FLAGGED", "ROWS", "Kind", "Verb"]

Kind = Literal["library", "program", "toolchain", "tool"]


class Verb(Struct, frozen=True):
    """A program's verb that installs. The options are those of its manual page.

    verbs: any of them, each one or two words. needs: with one of these options only. valued: options that take a word.
    elsewhere: with one of these it installs nothing, or not where programs find it. moved: the variables by which it
    installs there.
    """

    kind: Kind
    verbs: tuple[str, ...]
    language: str | None = None
    needs: tuple[str, ...] = ()
    valued: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()


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
# --option takes two words: `_arguments` takes it off.
_NIX = (
    *("--priority", "--extra-experimental-features", "--experimental-features", "-I", "--store", "--log-format"),
    *("--profile", "--inputs-from", "--system", "-f", "--file", "-j", "--max-jobs", "--cores", "--eval-store"),
)
_RUSTUP = ("-c", "--component", "-t", "--target", "--profile", "--default-toolchain", "--default-host")
_SYSTEM = Verb("program", ("install",), elsewhere=(*_NOTHING, "--downloadonly", "--download-only", "-n"))
_PIP_MOVED = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PYTHONUSERBASE")
_PYTHON = Verb("library", ("install",), "python", valued=_PIP, elsewhere=_PIP_ELSEWHERE, moved=_PIP_MOVED)
ROWS: dict[str, tuple[Verb, ...]] = {
    "pip": (_PYTHON,),
    "uv": (
        Verb("library", ("pip install",), "python", valued=_PIP, elsewhere=_PIP_ELSEWHERE, moved=_PIP_MOVED),
        Verb(
            "program",
            ("tool install",),
            valued=("--from", "--with", *_PIP),
            elsewhere=_NOTHING,
            moved=("UV_TOOL_DIR", "UV_TOOL_BIN_DIR"),
        ),
        Verb("toolchain", ("python install",), "python", valued=("-i", "--install-dir"), elsewhere=_NOTHING),
    ),
    "easy_install": (Verb("library", ("",), "python", elsewhere=_NOTHING),),
    "setup.py": (Verb("library", ("install", "develop"), "python", elsewhere=_NOTHING),),
    "pipx": (
        Verb(
            "program",
            ("install", "inject"),
            valued=("--python", "--suffix", "--index-url"),
            elsewhere=_NOTHING,
            moved=("PIPX_HOME", "PIPX_BIN_DIR"),
        ),
    ),
    **{
        name: (Verb("library", ("install",), "python", valued=_CONDA, elsewhere=(*_NOTHING, "-d", "--download-only")),)
        for name in ("conda", "mamba", "micromamba")
    },
    **{
        name: (
            Verb(
                "program",
                ("install", "i", "add", "in", "isntall"),
                needs=_GLOBAL,
                valued=_NPM,
                elsewhere=(*_NOTHING, "--prefix"),
                moved=("NPM_CONFIG_PREFIX", "npm_config_prefix"),
            ),
        )
        for name in ("npm", "pnpm", "bun", "deno")
    },
    "yarn": (Verb("program", ("global add",), valued=_NPM, elsewhere=_NOTHING),),
    "cargo": (
        Verb(
            "program",
            ("install", "binstall"),
            valued=("--version", "--vers", "--git", "--branch", "--tag", "--rev", "--root", "-F", "--features", "-j"),
            elsewhere=("-h", "--help", "--dry-run", "--path", "--list", "--root"),
            moved=("CARGO_INSTALL_ROOT",),
        ),
    ),
    "go": (
        Verb(
            "program",
            ("install",),
            valued=("-C", "-tags", "-ldflags", "-gcflags", "-p", "-mod"),
            elsewhere=("-n", "-h", "-help"),
            moved=("GOBIN",),
        ),
    ),
    "gem": (
        Verb(
            "library",
            ("install",),
            "ruby",
            valued=("-v", "--version", "-s", "--source", "-i", "--install-dir", "-n", "--bindir", "-P"),
            elsewhere=("-h", "--help", "--explain", "-i", "--install-dir"),
            moved=("GEM_HOME",),
        ),
    ),
    **{
        name: (Verb("program", ("install",), valued=_APT, elsewhere=_APT_ELSEWHERE),)
        for name in ("apt", "apt-get", "aptitude", "nala", "apt-fast")
    },
    **dict.fromkeys(
        (
            *("dnf", "yum", "microdnf", "tdnf", "rpm-ostree", "port", "snap", "flatpak", "guix", "pkg", "eopkg"),
            *("pamac", "choco", "winget", "scoop"),
        ),
        (_SYSTEM,),
    ),
    "brew": (Verb("program", ("install", "reinstall"), elsewhere=_SYSTEM.elsewhere),),
    "xbps-install": (Verb("program", ("",), valued=("-r", "-R", "-c", "-C"), elsewhere=(*_NOTHING, "-n", "-D", "-r")),),
    "emerge": (
        Verb("program", ("",), elsewhere=(*_NOTHING, "-p", "--pretend", "-s", "--search", "-C", "-c", "--sync")),
    ),
    "zypper": (Verb("program", ("install", "in"), elsewhere=(*_NOTHING, "-d", "--download-only")),),
    "apk": (
        Verb("program", ("add",), valued=("-X", "--repository", "-p", "--root", "-t"), elsewhere=("-s", "--simulate")),
    ),
    "nix": (Verb("program", ("profile install", "profile add"), valued=_NIX, elsewhere=(*_NOTHING, "--profile")),),
    "rustup": (
        Verb("toolchain", ("component add", "target add"), "rust", valued=("--toolchain",)),
        Verb("toolchain", ("toolchain install", "toolchain add", "install", "default"), "rust", valued=_RUSTUP),
    ),
    "rustup-init": (Verb("toolchain", ("",), "rust", valued=_RUSTUP, elsewhere=_NOTHING),),
    "nvm": (Verb("toolchain", ("install", "i"), "javascript"),),
    "fnm": (Verb("toolchain", ("install",), "javascript"),),
    "n": (Verb("toolchain", ("install", "i"), "javascript"),),
    "nodenv": (Verb("toolchain", ("install",), "javascript", elsewhere=("-l", "--list", "-h", "--help")),),
    "goenv": (Verb("toolchain", ("install",), "go", elsewhere=("-l", "--list", "-h", "--help")),),
    "juliaup": (Verb("toolchain", ("add",), "julia"),),
    "rvm": (Verb("toolchain", ("install",), "ruby"),),
    "volta": (Verb("tool", ("install",)),),
    **dict.fromkeys(
        ("mise", "rtx", "asdf", "proto"),
        (Verb("tool", ("install", "i", "use", "u"), valued=("-e", "--env", "-C", "--cd", "-j", "--jobs")),),
    ),
    "corepack": (Verb("tool", ("enable",), elsewhere=(*_NOTHING, "--install-directory")),),
    "pyenv": (Verb("toolchain", ("install",), "python", elsewhere=("-l", "--list", "-h", "--help")),),
    "rbenv": (Verb("toolchain", ("install",), "ruby", elsewhere=("-l", "--list", "-L", "-h", "--help")),),
    "ghcup": (Verb("toolchain", ("install",), "haskell"),),
    "sdk": (Verb("tool", ("install", "i")),),
    "composer": (Verb("program", ("global require",), elsewhere=_NOTHING),),
    "dotnet": (Verb("program", ("tool install",), needs=("-g", "--global"), valued=("--version",)),),
    "luarocks": (Verb("program", ("install",), elsewhere=(*_NOTHING, "--tree")),),
    "cpanm": (Verb("program", ("",), elsewhere=_NOTHING),),
    "opam": (Verb("program", ("install",), elsewhere=(*_NOTHING, "--deps-only")),),
    "cabal": (Verb("program", ("install",), elsewhere=(*_NOTHING, "--lib")),),
}
# Programs whose verb is an option: how it is shown, the options by which they install, and those by which they do not.
# pacman(8): -S with what only asks, cleans or downloads (s, c, i, l, g, p, w) installs nothing.
_ASKS = re.compile(r"-w|--downloadonly|-p|--print|-h|--help|--dry-run|-n|--search|--clean|--info|--list|--test")
_PACMAN = ("-S", re.compile(r"-S[yuq]*|--sync"), _ASKS)
FLAGGED = {
    "nix-env": ("-i", re.compile(r"-i\w*|--install"), re.compile(r"--dry-run|--profile|-p")),
    "dpkg": ("-i", re.compile(r"-i|--install"), re.compile(r"--dry-run|--no-act|--simulate|--root|--instdir")),
    "rpm": ("-i", re.compile(r"-i[vh]*|-U[vh]*|--install|--upgrade"), _ASKS),
    **dict.fromkeys(("pacman", "yay", "paru", "pikaur", "trizen"), _PACMAN),
}
