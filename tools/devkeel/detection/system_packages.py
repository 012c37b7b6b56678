"""Packages that an operating system's package manager is given: which of nixpkgs each is, and what it is for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from devkeel.deferred import Deferred

if TYPE_CHECKING:
    from devkeel.catalogue import packages
else:
    packages = Deferred("devkeel.catalogue.packages")

__all__ = ["SystemPackage", "system_package"]

# wanted: a program or library; plumbing: what an image or a runner needs to install the rest, or to be one; language:
# what a language of devenv brings; nothing: what every shell of Nix has.
Role = Literal["wanted", "plumbing", "language", "nothing"]


class SystemPackage(Struct, frozen=True):
    """A package of nixpkgs, or the language that brings it. known: whether another name for it says so, not a rule."""

    name: str
    role: Role
    known: bool = True


# nixpkgs, pkgs/stdenv/linux/default.nix: what every mkShell has on its PATH.
_NOTHING = frozenset(
    {
        *("coreutils", "findutils", "diffutils", "sed", "gnused", "grep", "gnugrep", "gawk", "mawk", "tar", "gnutar"),
        *("gzip", "bzip2", "make", "gnumake", "bash", "patch", "xz-utils", "file", "patchelf", "build-essential"),
        *("libc6-dev", "libc-dev", "musl-dev", "musl", "alpine-sdk", "build-base", "linux-headers", "gcompat"),
        *("gcc", "g++", "libc6-compat", "libstdc++", "libstdc++6", "libgcc", "libgomp", "libgomp1", "libgcc-s1"),
        *("glibc-devel", "gcc-c++", "base-devel", "dpkg-dev", "binutils", "musl-tools", "libc6"),
    }
)
_PLUMBING = frozenset(
    {
        *("ca-certificates", "apt-transport-https", "software-properties-common", "gnupg", "gnupg2", "gpg", "dirmngr"),
        *("lsb-release", "lsb_release", "locales", "tzdata", "sudo", "procps", "procps-ng", "apt-utils", "debconf"),
        *("curl", "wget", "dumb-init", "tini", "su-exec", "gosu", "shadow", "shadow-utils", "passwd", "less", "vim"),
        *(
            "nano",
            "bash-completion",
            "openssh-client",
            "openssh-clients",
            "openssh",
            "openssh-server",
            "which",
            "unzip",
        ),
        *("zip", "iputils-ping", "iproute2", "net-tools", "dnsutils", "telnet", "htop", "man-db", "zsh", "fish", "git"),
        *("supervisor", "cron", "rsyslog", "systemd", "dbus", "udev", "fontconfig", "ttf-freefont", "nginx", "apache2"),
        *("python-is-python3", "docker", "docker.io", "docker-ce", "docker-cli", "docker-compose", "containerd.io"),
        *("fonts-liberation", "xvfb", "strace", "gdb", "lsof", "xz", "debian-archive-keyring", "socat", "rsync"),
        *("libcap2-bin", "libcap", "netcat", "netcat-openbsd", "netcat-traditional", "ncurses", "ncurses-base"),
    }
)
_LANGUAGES = {
    "javascript": r"nodejs(?:-.*)?|npm|yarn(?:pkg)?|node(?:-.*)?",
    "python": r"python3?(?:\.\d+)?(?:-(?:pip|venv|dev|devel|minimal|full|setuptools|wheel|distutils))?|py3-pip"
    r"|pip|python3?\d*-.*|py3-.*|cython3?|ipython3?",
    "ruby": r"ruby(?:\d[\d.]*)?(?:-(?:dev|full|devel|bundler))?|bundler|ruby-.*",
    "php": r"php\d*(?:\.\d+)?(?:-.*)?|composer",
    "go": r"golang(?:-.*)?|go",
    "rust": r"rustc|cargo|rust|rustup",
    "java": r"(?:openjdk|default|temurin|java)-?[\d.]*-?(?:jdk|jre|openjdk).*|maven|gradle|ant",
    "perl": r"perl(?:-.*)?|lib.*-perl|cpanminus",
    "elixir": r"elixir",
    "erlang": r"erlang(?:-.*)?",
    "haskell": r"ghc|cabal-install|haskell-.*|haskell-stack",
    "r": r"r-base(?:-.*)?|r-cran-.*",
    "dotnet": r"dotnet-.*",
}
_OF_LANGUAGES = {name: re.compile(form) for name, form in _LANGUAGES.items()}
# Debian policy, 8.1 and 8.4: a library's package is called after it with its version, `-dev` has its headers.
_LIBRARY = re.compile(r"(?P<name>(?:lib)?[a-z][a-z0-9+-]*?)-?(?P<version>[\d.]+)?(?:-dev|-devel)")


def system_package(name: str) -> SystemPackage | None:
    """Return what a package of apt, apk, dnf or brew is in nixpkgs; None for what is not known."""
    name = name.partition(":")[0].lower()  # libc6:i386
    if name in _NOTHING:
        return SystemPackage(name, "nothing")
    if name in _PLUMBING:
        other = next((item for item in (name, *packages.called(name)) if _is_there(item)), name)
        return SystemPackage(other, "plumbing")
    language = next((item for item, form in _OF_LANGUAGES.items() if form.fullmatch(name)), None)
    if language is not None:
        return SystemPackage(language, "language")
    found = next((item for item in packages.called(name) if _is_there(item)), None)
    if found is not None:
        return None if "Packages." in found else SystemPackage(found, "wanted")
    if _is_there(name):
        return SystemPackage(name, "wanted")
    library = _LIBRARY.fullmatch(name)
    candidates = () if library is None else (library["name"], library["name"].removeprefix("lib"))
    by_rule = next((item for item in candidates if _is_there(item)), None)
    return None if by_rule is None else SystemPackage(by_rule, "wanted", known=False)


def _is_there(name: str) -> bool:
    return packages.known(name).known
