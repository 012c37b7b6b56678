"""Names of packages: which there are, and which were meant."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.catalogue import cache as stored
from devkeel.catalogue import indexed
from devkeel.catalogue.removed import all_removed, removed
from devkeel.deferred import Deferred
from devkeel.nix_cli.pins import read_pins

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from devkeel.catalogue import refresh
else:
    refresh = Deferred("devkeel.catalogue.refresh")

__all__ = [
    "BUILT_IN",
    "Names",
    "PackageStatus",
    "called",
    "is_frequent",
    "is_function",
    "is_slip",
    "known",
    "open_names",
    "other_names",
    "suggest",
]

BUILT_IN = "built-in list"
_VERSION = "2026.08"
# nixpkgs, pkgs/README.md: several versions of a package have it in their attribute names, with underscores for dots.
_VERSION_AT_END = re.compile(r"[-_]?[0-9][0-9_.]*(?=$|Packages$|Extensions$|-bin$)")
# Names that are a set of packages, as far as the name shows; the values are not looked at.
_SET = re.compile(r"Packages|Plugins|Extensions|^(xorg|gnome|unixtools|gst_all_1)$")
_SHORT = 4  # of names so short many are one slip from another
_FUNCTION = re.compile(
    r"(fetch|build|write|make|mk|override|call|run|wrap)[A-Z0-9].*|fetchgit|.*Hook|_+[a-z].*|.*[sS]tdenv.*"
)


class PackageStatus(Struct, frozen=True):
    """Whether a package is known, whether the list that says so is complete, and which list it is."""

    known: bool
    complete: bool
    source: str


class Names(Struct, frozen=True, eq=False):
    """Names of packages.

    top: of the top level. sets: those in a set, by the set's name. old: spellings that only aliases have; they count
    as known. complete: whether `top` has every name. whole: the sets of which every name is known. indexed: whether
    there are those of the index (`indexed.py`) beside them, which is read where these do not have a name.
    """

    source: str
    complete: bool
    top: frozenset[str]
    sets: Mapping[str, frozenset[str]]
    old: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()
    indexed: bool = False

    def every(self) -> list[str]:
        """Return all names, those in sets with the set in front."""
        return [*self.top, *(f"{name}.{item}" for name, items in self.sets.items() for item in items)]

    def further(self) -> set[str]:
        """Return the names that only the index has, sets by their plain names."""
        return {*indexed.every()} - {*self.every()} - all_removed() if self.indexed else set()

    def heads(self) -> frozenset[str]:
        """Return the names of the top level."""
        return (self.top | indexed.top()) - all_removed() if self.indexed else self.top

    def status_of(self, name: str) -> PackageStatus:
        """Return whether a name, `jq` or `python3Packages.numpy`, is one; what is not listed at all counts as known."""
        head, _, rest = name.partition(".")
        if not self._has(head):
            return PackageStatus(known=False, complete=self.complete, source=self.source)
        inner = rest.partition(".")[0]
        items = self._own_items(head)
        if rest and inner not in (items or ()):
            items = self.items(head)
        if not rest or items is None or inner in items:
            return PackageStatus(known=True, complete=self.complete, source=self.source)
        whole = head in self.whole
        return PackageStatus(known=False, complete=whole, source=self.source if whole else BUILT_IN)

    def _has(self, head: str) -> bool:
        if head in self.top or head in self.old or (self.indexed and indexed.has(head)):
            return True
        # Versions come and go: a list that is not complete does not know which ones there are.
        plain = _VERSION_AT_END.sub("", head)
        return not self.complete and plain != head and (plain in self.top or (self.indexed and indexed.has(plain)))

    def items(self, head: str) -> frozenset[str] | None:
        """Return the names in a set, or None where nothing is known about it."""
        own = self._own_items(head)
        return own | indexed.items(head) if own is not None and self.indexed else own

    def lists(self, head: str, inner: str) -> bool:
        """Return whether a name is a well-known one of a set, or one of Python's, which are what is asked for bare."""
        items = self.items(head) if head == "python3Packages" else self._own_items(head)
        return inner in (items or ())

    def _own_items(self, head: str) -> frozenset[str] | None:
        return self.sets.get(head, self.sets.get(indexed.unversioned(head), None))


@cache
def built_in_names() -> Names:
    """Return the well-known names that devkeel brings along."""
    text = Path(__file__).with_name(f"nixpkgs-{_VERSION}.txt").read_text("utf-8")
    top, _, rest = text.partition("\n\n")
    rows = (line.split(" ") for line in rest.splitlines())
    sets = {name: frozenset(items) for name, *items in rows}
    return Names(
        BUILT_IN,
        complete=False,
        top=frozenset(top.split("\n")[1:]) - all_removed(),
        sets=sets,
        old=frozenset(_spellings()),
        indexed=True,
    )


@cache
def _spellings() -> dict[str, str]:
    text = Path(__file__).with_name("old-spellings.txt").read_text("utf-8")
    return dict(line.split(" ") for line in text.splitlines() if not line.startswith("#"))


def open_names(lock: bytes | None = None, *, need: str = "") -> Names:
    """Return the names for a devenv.lock (its bytes): from the cache, else built in, and never a wait.

    need: a set whose names matter. What the cache lacks and the Nix store has is read in the background.
    """
    pins = read_pins(lock) if lock is not None else None
    if lock is None or pins is None or pins.nixpkgs is None:
        return built_in_names()
    key = refresh.names_key(pins.nixpkgs)
    if _lists(key) is None:
        refresh.start_refresh(lock, key, (need,) if need else ())
        return built_in_names()
    found = _read(key, f"nixpkgs {pins.nixpkgs.revision[:7]} of devenv.lock", _state(key))
    if need in found.top and need not in found.whole and _SET.search(need):
        refresh.start_refresh(lock, refresh.names_key(pins.nixpkgs, need), (need,))
    return found


def _lists(key: str) -> dict[str, list[str]] | None:
    data = stored.read(key)
    if isinstance(data, dict) and all(isinstance(data.get(name), list) for name in ("names", "every")):
        return data
    return None


def _state(key: str) -> frozenset[str]:
    """Return which sets of a nixpkgs the cache has, as their names in the cache."""
    try:
        return frozenset(path.stem for path in stored.directory().glob(f"{key}-*.json"))
    except OSError:
        return frozenset()


@lru_cache(maxsize=4)
def _read(key: str, source: str, state: frozenset[str]) -> Names:
    lists = _lists(key) or {"names": [], "every": []}
    read = {item.removeprefix(f"{key}-"): found for item in state if (found := _lists(item)) is not None}
    top = frozenset(lists["names"])
    built = {name: items for name, items in built_in_names().sets.items() if name in top}
    return Names(
        source,
        complete=True,
        top=top,
        sets=built | {name: frozenset(found["every"]) for name, found in read.items()},
        old=frozenset(lists["every"]) - top,
        whole=frozenset(read),
    )


def known(name: str, lock: bytes | None = None) -> PackageStatus:
    """Return whether nixpkgs has a package; lock: the bytes of devenv.lock, where there is one."""
    head, dot, _ = name.partition(".")
    return open_names(lock, need=head if dot else "").status_of(name)


@cache
def _called() -> dict[str, tuple[str, ...]]:
    text = Path(__file__).with_name("package-aliases.txt").read_text("utf-8")
    rows = (line.split(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: tuple(packages) for name, *packages in rows}


def is_function(name: str) -> bool:
    """Return whether a name looks like a function of nixpkgs, such as writeShellScript, rather than a package."""
    return _FUNCTION.fullmatch(name.rpartition(".")[2]) is not None


def called(name: str) -> tuple[str, ...]:
    """Return the packages that have a program, or go elsewhere, by this name: `rg` is ripgrep."""
    return _called().get(name) or _called().get(name.lower(), ())


def other_names() -> Mapping[str, tuple[str, ...]]:
    """Return the packages that are meant, by the programs and names that nixpkgs calls otherwise."""
    return _called()


def is_frequent(name: str) -> bool:
    """Return whether a name is among those that public devenv.nix files list most often."""
    return name in _COMMON


def suggest(name: str, limit: int = 3, lock: bytes | None = None) -> list[str]:
    """Return the packages that a name may have meant, the likeliest first: by other names, then by spelling."""
    from rapidfuzz import process  # noqa: PLC0415  (8 ms that only a mistake needs)
    from rapidfuzz.distance import OSA  # noqa: PLC0415  (8 ms)

    names = open_names(lock)
    head, dot, rest = name.partition(".")
    if (gone := removed(name)) is not None:
        used = dict.fromkeys(item for item in (*gone.instead, *called(rest)) if names.status_of(item).known)
        return list(used)[:limit]
    inside = f"{head}." if dot and names.items(head) is not None else ""
    wanted = rest if inside else name
    if not inside:
        elsewhere = [f"{item}.{wanted}" for item in _FAVOURITES if names.lists(item, wanted)]
        found = list(dict.fromkeys([*(item for item in called(wanted) if names.status_of(item).known), *elsewhere]))
        if found:
            return found[:limit]
    plain, pool = _plain(wanted), _pool(names, head if inside else "")
    far = 1 if len(plain) <= 4 else 2 if len(plain) <= 8 else 3  # noqa: PLR2004  (edits that a typo may have)
    alike = process.extract(plain, list(pool), scorer=OSA.distance, score_cutoff=far, limit=20)
    alike.sort(
        key=lambda item: (
            item[1],
            sorted(item[0]) != sorted(plain),  # two signs changed places
            item[0].translate(_LOOKS) != plain.translate(_LOOKS),
            _COMMON.get(pool[item[0]], len(_COMMON)),
            item[0][:1] != plain[:1],
            len(item[0]),
            item[0],
        )
    )
    return [f"{inside}{pool[item]}" for item, _, _ in alike[:limit]]


def is_slip(name: str, near: Sequence[str]) -> bool:
    """Return whether a name is certainly the first of some others with a slip of the fingers in it, or goes by it.

    A list that is not complete says nothing of a name that is only like one of it, or spelt in another case or with
    another sign between: nixpkgs has such names as aliases. Nor of one that several sets have: a program may, too.
    """
    from rapidfuzz.distance import OSA  # noqa: PLC0415  (8 ms that only a mistake needs)

    if not near or near[0] in called(name):
        return bool(near)
    if "." not in name and "." in near[0]:
        # What is a program moves to the top level in time (elm-land, all of nodePackages); a library of Python stays.
        others = [item.partition(".")[0] for item in near if item.rpartition(".")[2] == name]
        return others == ["python3Packages"]
    one, two = (_plain(item.rpartition(".")[2]) for item in (name, near[0]))
    if OSA.distance(one, two, score_cutoff=1) != 1 or _VERSION_AT_END.sub("", one) == _VERSION_AT_END.sub("", two):
        return False  # as they differ in a version alone: nixpkgs has sexplib and sexplib0
    swapped = sorted(one) == sorted(two)
    if swapped and (len(one) > _SHORT or near[0] in _COMMON):
        return True  # two signs changed places: of the names built in that are so long six pairs differ by that alone
    if _beginnings(name) != _beginnings(near[0]):
        return False  # who hits a wrong key seldom does at the first letter: nix-unit is not nix-init
    return swapped or len(one) > _SHORT or near[0] in _COMMON


def _beginnings(name: str) -> list[str]:
    """Return the first letters of the words of a name, in any order."""
    return sorted(word[:1] for word in re.split(r"[-_.]", name))


@lru_cache(maxsize=8)
def _pool(names: Names, head: str) -> dict[str, str]:
    """Return what may be suggested, by its plain spelling: the top level, or the names in a set."""
    items = names.items(head) if head else None
    pool = sorted(item for item in (names.heads() if items is None else items) if not is_function(item))
    return {_plain(item): item for item in pool}


# What is most often listed in public devenv.nix files: among equally near names, the most frequent was meant.
_FREQUENT = (
    *("git", "jq", "pkg-config", "nodejs", "openssl", "zlib", "pnpm", "just", "nodejs_22", "ruff", "python312"),
    *("nodejs_24", "curl", "gcc", "nodejs_20", "uv", "python311", "bun", "gnumake", "cargo-watch", "sqlite"),
    *("python3", "chromium", "pre-commit", "maven", "sqlx-cli", "gh", "go-task", "kubectl", "golangci-lint"),
    *("typescript-language-server", "cmake", "gdb", "poetry", "basedpyright", "cargo-edit", "docker", "glib"),
    *("cargo-tarpaulin", "inotify-tools", "air", "protobuf", "mold", "clang-tools", "rebar3", "nil", "libyaml"),
    *("jdk21", "pyright", "ripgrep", "kind", "sbt", "rustc", "cargo", "clang", "lazygit", "nixpkgs-fmt", "jdk17"),
    *("gitleaks", "nixd", "ninja", "gum", "bash", "actionlint", "yarn", "kubernetes-helm", "erlang", "hyperfine"),
    *("gnused", "postgresql", "redis", "fd", "bat", "htop", "tmux", "wget", "tree", "shellcheck", "terraform"),
)
_COMMON = {name: place for place, name in enumerate(_FREQUENT)}
_LOOKS = str.maketrans("01", "ol")  # signs that look alike
# Sets in which a bare name is looked for.
_FAVOURITES = ("python3Packages", "nodePackages", "rubyPackages", "phpPackages", "haskellPackages", "elmPackages")


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")
