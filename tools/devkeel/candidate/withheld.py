"""What of a project an evaluation does not see: files of secrets, and what git keeps for itself.

`.env` and its like are known by their names, private keys and tokens by what is in them. A large project stays fast: of
files that are larger than a key, and of those in folders of installed libraries, the name alone counts, and what was
looked at once in this process is looked at again only when it has changed.
"""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from devkeel.candidate.repository import KEPT, cleaned, find_repository

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Withheld", "is_secret_file", "withhold"]

_ENV = ".env"
_HARMLESS = frozenset({".env.example", ".env.sample", ".env.template"})
_BY_NAME = frozenset({".netrc", "_netrc", ".git-credentials", ".pgpass", ".my.cnf", ".pypirc", "hgrc"})
_KEYS = (".pem", ".key", ".ppk", ".p8", ".p12", ".pfx", ".jks", ".keystore", ".kdbx", ".asc")
# A name that is looked into wherever it is.
_KEY_NAME = re.compile(
    rf"^(?:id_(?!.*\.pub$)|\.?npmrc$|\.yarnrc)|(?:{'|'.join(map(re.escape, _KEYS))})$", re.IGNORECASE
)
# In this order: a key in PEM (RFC 7468; its headers as in RFC 1421) or OpenPGP's armour (RFC 9580, 6.2), of age, of
# PuTTY, a token of npm (npm docs, .npmrc, "Auth related configuration"), one of Yarn (`npmAuthToken` of .yarnrc.yml), a
# key store of Java and one of KeePass by their first four bytes.
_SECRET = re.compile(
    rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:\\n|\r?\n)(?:\s*[\w-]+: [^\n]*\n)*\s*[A-Za-z0-9+/]{40}"
    rb"|^AGE-SECRET-KEY-1[A-Z0-9]{50}|^PuTTY-User-Key-File-\d"
    rb"|^[^#;\n]*:_(?:authToken|password|auth)\s*=\s*[\"']?[^\s$\"']|^\s*npmAuthToken:\s*[\"']?[^\s$\"']"
    rb"|\A\xfe\xed\xfe\xed|\A\x03\xd9\xa2\x9a",
    re.MULTILINE,
)
# RFC 7292: a PFX is a SEQUENCE of ASN.1, whose first byte is 0x30 (X.690, 8.9 and 8.14).
_SEALED = (".p12", ".pfx")
# Tools' own folders, which hold what they fetched or made.
_INSTALLED = frozenset(
    {
        *(
            "node_modules",
            ".venv",
            "venv",
            "site-packages",
            "__pycache__",
            ".tox",
            ".nox",
            ".mypy_cache",
            ".ruff_cache",
        ),
        *("target", ".gradle", ".cargo", ".terraform", "vendor", ".devenv", ".direnv", ".cache"),
    }
)
_TOP = frozenset({".devkeel"})
_CODE = (
    ".nix",
    ".py",
    ".pyi",
    ".js",
    ".ts",
    ".tsx",
    ".jsx",
    ".go",
    ".rs",
    ".c",
    ".h",
    ".cpp",
    ".java",
    ".rb",
    ".md",
    ".svg",
)
_SMALLEST, _LARGEST = 40, 64 * 1024
_MOST = 400_000
_REMEMBERED = 500_000
_seen: dict[tuple[int, int], tuple[int, int, bool]] = {}


def is_secret_file(root: Path, path: str) -> bool:
    """Return whether a file of a project holds secrets, or is git's own, by any name on its way or by what is in it."""
    names = path.split("/")
    if any(name.lower() == ".git" or _is_env(name) or name in _BY_NAME or _KEY_NAME.search(name) for name in names):
        return True
    return _looks_secret(root / path, names[-1])


class Withheld(Struct, frozen=True):
    """What an evaluation does not see, by paths relative to the root.

    files: as if they were not there. configs: git's configurations, with what is seen instead. outside: those of a
    repository that is not below the root, by absolute path. complete: whether all of the project was looked at.
    repositories: folders that have a repository of their own, with "." for the root.
    """

    files: tuple[str, ...] = ()
    configs: Mapping[str, bytes] = field(default_factory=dict)
    outside: Mapping[str, bytes] = field(default_factory=dict)
    complete: bool = True
    repositories: tuple[str, ...] = ()


def withhold(root: Path, shown: frozenset[str] = frozenset()) -> Withheld:
    """Return what an evaluation of a project does not see; `shown` are files that its declaration asks for by name."""
    search = _Search(root)
    search.walk()
    if (root / ".git").is_file() and find_repository(root) is None:
        search.files.add(".git")  # it names a repository that knows nothing of it
    names = sorted(name for name in search.files | search.twins() if name not in shown)
    further = [".git"] if (root / ".git").is_file() and ".git" not in search.files else []
    repositories = sorted(os.path.dirname(name) or "." for name in (*search.repositories, *further))  # noqa: PTH120  (as text)
    return Withheld(tuple(names), search.configs, _outside(root), search.complete, tuple(repositories))


class _Search:
    """One walk through a project."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: set[str] = set()
        self.configs: dict[str, bytes] = {}
        self.repositories: list[str] = []
        self.complete = True
        self._linked: dict[tuple[int, int], list[str]] = {}

    def walk(self) -> None:
        """Look at every name once, folders of libraries only by name."""
        waiting, count = [("", False)], 0
        while waiting:
            folder, installed = waiting.pop()
            try:
                entries = list(os.scandir(self.root / folder))
            except OSError:
                continue
            names = {entry.name for entry in entries}
            count += len(names)
            if count > _MOST:
                self.complete = False
                return
            if "HEAD" in names and (names >= {"objects", "refs"} or names >= {"commondir", "gitdir"}):
                waiting += [(name, True) for name in self._repository(folder, entries)]
                continue
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    if folder or entry.name not in _TOP:
                        waiting.append((path, installed or entry.name in _INSTALLED))
                else:
                    self._file(entry, path, installed=installed)

    def twins(self) -> set[str]:
        """Return other names of the same files."""
        return {name for names in self._linked.values() if self.files & set(names) for name in names}

    def _file(self, entry: os.DirEntry[str], path: str, *, installed: bool) -> None:
        name = entry.name.lower()
        if _is_env(name) or name in _BY_NAME or name == "hgrc":
            self.files.add(path)
            self._target(path, entry)
        elif entry.is_symlink() or (installed and not _KEY_NAME.search(name)) or name.endswith(_CODE):
            return
        try:
            info = entry.stat(follow_symlinks=False)
        except OSError:
            return
        if stat.S_ISREG(info.st_mode):
            # Another name of one inode has the same bytes (inode(7), st_nlink), whatever it is called.
            if info.st_nlink > 1:
                self._linked.setdefault((info.st_dev, info.st_ino), []).append(path)
            if path not in self.files and self._has_secret(path, name, info):
                self.files.add(path)

    def _target(self, path: str, entry: os.DirEntry[str]) -> None:
        """Withhold what a link by such a name leads to as well, where that is in the project."""
        if entry.is_symlink():
            target = os.path.relpath(os.path.realpath(self.root / path), os.path.realpath(self.root))
            if not target.startswith("..") and (self.root / target).is_file():
                self.files.add(target)

    def _has_secret(self, path: str, name: str, info: os.stat_result) -> bool:
        if not _SMALLEST <= info.st_size <= _LARGEST:
            return False
        key, state = (info.st_dev, info.st_ino), (info.st_mtime_ns, info.st_size)
        known = _seen.get(key)
        if known and known[:2] == state:
            return known[2]
        found = _looks_secret(self.root / path, name)
        if len(_seen) > _REMEMBERED:
            _seen.clear()
        _seen[key] = (*state, found)
        return found

    def _repository(self, folder: str, entries: list[os.DirEntry[str]]) -> list[str]:
        """Leave of a git directory what names its files and revisions; returns the folders of others in it.

        A link in it, or a file that names another directory, could show a repository that is not the project's.
        """
        place = f"{folder}/" if folder else ""
        further = not any(entry.name == "objects" and not entry.is_symlink() for entry in entries)
        if folder.rpartition("/")[2] == ".git" and not further:
            self.repositories.append(folder)
        for entry in entries:
            kept = entry.name in KEPT or (further and entry.name in ("commondir", "gitdir"))
            if not kept or entry.is_symlink():
                self.files.add(f"{place}{entry.name}")
            elif entry.name == "config":
                with suppress(OSError):
                    self.configs[f"{place}config"] = cleaned(_read(self.root / place / "config"))
        for above, folders, names in os.walk(self.root / place / "refs"):
            for name in (*folders, *names):
                if os.path.islink(os.path.join(above, name)):  # noqa: PTH114, PTH118  (there may be many)
                    self.files.add(os.path.relpath(os.path.join(above, name), self.root))  # noqa: PTH118
        return [f"{place}{entry.name}" for entry in entries if entry.name in ("modules", "worktrees")]


def _is_env(name: str) -> bool:
    """Return whether a file is one of these by its name, or an editor's copy of one: `.env~`, `#.env#`, `..env.swp`."""
    name = name.removeprefix("#").removeprefix(".#").rstrip("#~")
    name = name.removeprefix(".") if name.startswith(f".{_ENV}") else name
    return (name == _ENV or name.startswith(f"{_ENV}.")) and name not in _HARMLESS


def _looks_secret(path: Path, name: str) -> bool:
    try:
        data = _read(path)
    except OSError:
        return False
    return (name.endswith(_SEALED) and data[:1] == b"\x30") or _SECRET.search(data) is not None


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as handle:
        return handle.read(_LARGEST)


def _outside(root: Path) -> dict[str, bytes]:
    """Return the configurations of the repository that the root belongs to, where that is not below it."""
    found = find_repository(root)
    result: dict[str, bytes] = {}
    for folder in dict.fromkeys(found or ()):
        for name in ("config", "config.worktree"):
            place = Path(os.path.realpath(folder / name))
            if place.is_file() and not place.is_relative_to(root):
                with suppress(OSError):
                    result[str(place)] = cleaned(_read(place)) if name == "config" else b""
    return result
