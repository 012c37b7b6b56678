"""conda-lock.yml: what it pins for this machine, and whether a package is the one that was locked."""

from __future__ import annotations

import hashlib
import platform
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from devkeel.errors import CheckFailed, Diagnostic, Place
from devkeel.libraries.manifests import conda_file

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LOCK", "CondaLock", "LockedDistribution", "LockedPackage", "other_than_locked", "read_lock", "subdir"]

LOCK = "conda-lock.yml"
_LENGTHS = {"md5": 32, "sha256": 64}  # hexadecimal digits
# CEP 26: an artifact is name-version-build.extension, and only the name may have hyphens.
_PACKAGE = re.compile(r"[^/]+-[^-/]+-[^-/]+\.(?:conda|tar\.bz2)\Z")
# PyPA specifications, "Binary distribution format" and "Source distribution file name".
_DISTRIBUTION = re.compile(r"/[^/]+\.(?:whl|tar\.gz|zip)\Z")
_NAMED = re.compile(r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?")
_CHUNK = 1024 * 1024


def subdir() -> str:
    """Return what conda calls this system: linux-64, osx-arm64, …."""
    system = {"linux": "linux", "darwin": "osx", "win32": "win"}.get(sys.platform, sys.platform)
    machine = platform.machine().lower()
    known = {"x86_64": "64", "amd64": "64", "i686": "32", "arm64": "arm64"}
    known["aarch64"] = "aarch64" if system == "linux" else "arm64"
    return f"{system}-{known.get(machine, machine)}"


class LockedPackage(Struct, frozen=True):
    """One conda package of a lock. hashes: by the name of the function, in hexadecimal."""

    name: str
    version: str
    url: str
    hashes: Mapping[str, str]

    @property
    def package(self) -> str:
        """The name of the package that the URL is of."""
        return urlsplit(self.url).path.rpartition("/")[2].rsplit("-", 2)[0].lower()

    def explicit(self) -> str:
        """Return the package as conda's explicit lists have it: the URL, and the strongest hash behind it."""
        if "sha256" in self.hashes:
            # Behind the # of a URL is an MD5, or a SHA-256 with its name before it (conda, conda/misc.py, `url_pat`).
            return f"{self.url}#sha256:{self.hashes['sha256']}"
        return f"{self.url}#{self.hashes['md5']}" if "md5" in self.hashes else self.url

    def require_same(self) -> None:
        """Compare a package that is a file of this machine with all its hashes; installers do not do that there.

        Raises CheckFailed `hash_mismatch`, `bad_lock` where the file is not there.
        """
        parts = urlsplit(self.url)
        # What is fetched is compared by the installer, by the hash in the explicit list.
        if parts.scheme != "file":
            return
        found = {name: hashlib.new(name, usedforsecurity=False) for name in self.hashes}
        try:
            with Path(unquote(parts.path)).open("rb") as file:
                while data := file.read(_CHUNK):
                    for item in found.values():
                        item.update(data)
        except OSError as error:
            raise _bad(f"{self.url} cannot be read: {(error.strerror or 'it is gone').lower()}") from error
        for name, value in self.hashes.items():
            if found[name].hexdigest() != value:
                raise _refused("hash_mismatch", f"The {name} of {self.url} is {found[name].hexdigest()}, not {value}")


class LockedDistribution(Struct, frozen=True):
    """One distribution that pip installs beside conda's packages. sha256: of its file, in hexadecimal."""

    name: str
    version: str
    url: str
    sha256: str

    def line(self) -> str:
        """Return it as a line of a requirements file, which holds pip and uv to this file."""
        # pip documentation, "Secure installs": an option behind the URL binds as one behind a version does.
        return f"{self.name} @ {self.url} --hash=sha256:{self.sha256}\n"


class CondaLock(Struct, frozen=True):
    """What a lock says, by platform. platforms: those that it covers, None where it does not say."""

    platforms: tuple[str, ...] | None
    packages: Mapping[str, tuple[LockedPackage, ...]]
    pip: Mapping[str, tuple[LockedDistribution, ...]]

    def covers(self) -> bool:
        """Return whether it was made for this machine too."""
        known = self.platforms if self.platforms is not None else tuple(self.packages)
        return subdir() in known and (subdir() in self.packages or not self.packages)

    def here(self) -> tuple[LockedPackage, ...]:
        """Return the packages for this machine. Raises CheckFailed `lock_wrong_platform`."""
        if not self.covers():
            told = ", ".join(sorted({*(self.platforms or ()), *self.packages} - {subdir()})) or "no platform"
            raise _refused("lock_wrong_platform", f"{LOCK} covers {told}, and has nothing for {subdir()}")
        return self.packages.get(subdir(), ())

    def pip_here(self) -> tuple[LockedDistribution, ...]:
        """Return what pip installs on this machine."""
        return self.pip.get(subdir(), ())


def read_lock(data: bytes) -> CondaLock:
    """Return what a lock says. Raises Refused `syntax_error`, CheckFailed `bad_lock`."""
    # A hash of digits alone is text all the same, and so is version 1.10.
    model = conda_file.load(data, LOCK, texts=True)
    head = model.get("metadata")
    platforms = head.get("platforms") if isinstance(head, dict) else None
    known = tuple(map(str, platforms)) if isinstance(platforms, list) else None
    packages, pip = dict[str, tuple[LockedPackage, ...]](), dict[str, tuple[LockedDistribution, ...]]()
    items = model.get("package")
    for item in items if isinstance(items, list) else []:
        if not isinstance(item, dict) or not isinstance(item.get("platform"), str):
            raise _bad("a package of it has no platform")
        place = item["platform"]
        if item.get("manager", "conda") != "conda":
            pip[place] = (*pip.get(place, ()), _distribution(item))
        else:
            packages[place] = (*packages.get(place, ()), _locked(item))
    return CondaLock(known, packages, pip)


def _locked(item: Mapping[str, Any]) -> LockedPackage:
    name, url, hashes = _file_of(item)
    if not _PACKAGE.search(urlsplit(url).path):
        raise _bad(f"{name} has a URL that is no package of conda: {url}")
    return LockedPackage(name, str(item.get("version")), url, hashes)


def _distribution(item: Mapping[str, Any]) -> LockedDistribution:
    # conda-lock, conda_lock/pypi_solver.py: what is from a repository has no file, and no hash of one.
    name, url, hashes = _file_of(item)
    if not _DISTRIBUTION.search(urlsplit(url).path) or not _NAMED.fullmatch(name):
        raise _bad(f"{name} is installed by pip, and its URL is no wheel and no archive of sources: {url}")
    if "sha256" not in hashes:
        raise _bad(f"{name} is installed by pip, and has no sha256 to hold it to")
    return LockedDistribution(name, str(item.get("version")), url, hashes["sha256"])


def _file_of(item: Mapping[str, Any]) -> tuple[str, str, dict[str, str]]:
    """Return name, URL and hashes of an entry."""
    name, url = str(item.get("name")), item.get("url")
    if not isinstance(url, str):
        raise _bad(f"{name} has no URL")
    if urlsplit(url).scheme not in ("https", "http", "file") or re.search(r"[#\s]", url):
        raise _bad(f"{name} has a URL that is no package: {url}")
    given = item.get("hash") or {}
    if not isinstance(given, dict):
        raise _bad(f"the hash of {name} is not one by function")
    hashes = {key: str(given[key]).lower() for key in _LENGTHS if given.get(key) not in (None, "", "null", "~")}
    for key, value in hashes.items():
        if not re.fullmatch(rf"[0-9a-f]{{{_LENGTHS[key]}}}", value):
            raise _bad(f"the {key} of {name} is not {_LENGTHS[key]} hexadecimal digits: {value[:80]}")
    return name, url, hashes


def other_than_locked(name: str) -> CheckFailed:
    """Return the error about a file that is not the one that was locked. name: of the distribution."""
    return _refused("hash_mismatch", f"The hash of {name} is not the one that {LOCK} holds it to")


def _bad(why: str) -> CheckFailed:
    return _refused("bad_lock", f"{LOCK} cannot be used: {why}")


_REMEDIES = {
    "bad_lock": "Make it anew with conda-lock, or move it away to have environment.yml resolved.",
    "hash_mismatch": "Find out who changed the package; where that was meant, make the lock anew with conda-lock.",
    "lock_wrong_platform": f"Make it anew with conda-lock --platform {subdir()}, or move it away.",
}


def _refused(code: str, why: str) -> CheckFailed:
    finding = Diagnostic(code, "error", why, "build", Place(LOCK))
    return CheckFailed(
        code,
        f"{why}. The environment is as it was.",
        place=Place(LOCK),
        remedy=_REMEDIES[code],
        diagnostics=(finding,),
    )
