"""What an evaluation needs from elsewhere, fetched before it: only what is named together with its hash.

Two places name such: a node of a lock file, and a fetch in the declaration whose arguments are all literal. Nix is
given these arguments and nothing else, no text of the project is evaluated for it, and what comes is held to its hash.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.errors import Diagnostic, Place, Unavailable
from devkeel.nix_cli.confinement import evaluate, settings
from devkeel.nix_cli.pins import base32, store_path
from devkeel.nix_cli.places import leaves, local_path
from devkeel.nix_cli.settings import run_nix
from devkeel.pinned.flake_lock import parse_lock, read_lock
from devkeel.project.root import LOCK
from devkeel.runtime import find_program
from devkeel.runtime.programs import child_environment
from devkeel.source import nix
from devkeel.source.flake_reference import FORGES
from devkeel.source.nix.read.literal import read_value
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tree_sitter import Node

__all__ = [
    "Source",
    "bring",
    "caches_of",
    "fetch",
    "is_other_content",
    "literal_sources",
    "locked_source",
    "not_fetched",
    "place_of",
    "stored",
    "why_not",
]

_SECONDS = 300.0
_LOOK_SECONDS = 20.0
_OUTPUT = 64 * 1024
_AGAIN = 60.0
_SHOWN = 300
_CALL = f"{do('check')} fetches it where devkeel may execute"
# By type, what of a locked node says what it is.
_TREE = {
    **dict.fromkeys(FORGES, ("type", "owner", "repo", "host", "rev", "narHash")),
    **dict.fromkeys(("tarball", "file"), ("type", "url", "narHash")),
    # Nix looks for a revision under `ref`, else under HEAD, and with `allRefs` under all (Nix manual,
    # builtins.fetchGit).
    "git": ("type", "url", "rev", "ref", "narHash", "submodules", "shallow", "allRefs"),
}
_WEB = re.compile(r"https?://[^\s/@\\-][^\s\\]*", re.IGNORECASE)
_GIT = re.compile(r"(?:https?|ssh|git)://(?:[\w.][\w.-]*@)?[\w.\[][^\s\\]*", re.IGNORECASE)
_WORD = re.compile(r"[\w.~][\w.+/~-]*")
# What was fetched, and, by a newer Nix, what its cache has of it.
_OTHER_CONTENT = re.compile(r"hash mismatch|mismatch in field 'narHash'", re.IGNORECASE)
# The ids of SHA-1 and of SHA-256 repositories (Git, hash-function-transition).
_REVISION = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# Function, its other arguments, and what makes it mean one content and no other.
_KNOWN: dict[str, tuple[frozenset[str], tuple[str, ...]]] = {
    "fetchurl": (frozenset({"url", "name", "sha256", "hash"}), ("sha256", "hash")),
    "fetchTarball": (frozenset({"url", "name", "sha256", "hash"}), ("sha256", "hash")),
    "fetchGit": (frozenset({"url", "name", "rev", "ref", "submodules", "shallow", "allRefs"}), ("rev",)),
}
# The first is also a name of packages' own fetchers, which build.
_NAMES = {f"builtins.{name}": name for name in _KNOWN} | {name: name for name in ("fetchTarball", "fetchGit")}
_there: set[str] = set()
_failed: dict[str, tuple[float, str]] = {}


class Source(Struct, frozen=True):
    """Something to fetch: a function of Nix and its arguments, what to call it, where it is named, its store path."""

    function: str
    arguments: Mapping[str, Any]
    name: str
    place: Place
    path: str | None = None

    @property
    def key(self) -> str:
        """Return what is different in others."""
        return f"{self.function} {json.dumps(self.arguments, sort_keys=True)}"

    @property
    def text(self) -> str:
        """Return it as an expression, made of data alone."""
        call = f"builtins.{self.function} (builtins.fromJSON {nix.print_value(json.dumps(self.arguments))})"
        # fetchTree and fetchGit give a set with more than the path (nix, src/libexpr/primops/fetchTree.cc,
        # `emitTreeAttrs`).
        return f"({call}).outPath" if self.function in ("fetchTree", "fetchGit") else f"{call}"


def locked_source(file: str, data: bytes, key: str, root: Path | None = None) -> Source | None:
    """Return what a node of a lock file pins, None for what is not fetched from elsewhere or has no hash.

    root: of the project, for a Git repository in its work tree; None where only other hosts count.
    """
    try:
        locked = parse_lock(data).locked(key)
        path = store_path(locked["narHash"])
        arguments = {name: locked[name] for name in _TREE[locked["type"]] if isinstance(locked.get(name), (str, bool))}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if path is None or not (_may(arguments) or _is_own(arguments, root)):
        return None
    return Source("fetchTree", arguments, key, place_of(file, data, key), path)


def place_of(file: str, data: bytes, key: str) -> Place:
    """Return the line of a lock file where a node begins."""
    found = re.search(rf"^\s*{re.escape(json.dumps(key))}\s*:\s*\{{".encode(), data, re.MULTILINE)
    return Place(file, data.count(b"\n", 0, found.end()) + 1) if found else Place(file)


def _may(arguments: Mapping[str, Any]) -> bool:
    """Return whether an address is one of another host, and nothing that a program would take for an option."""
    kind, url = arguments.get("type"), str(arguments.get("url", ""))
    # They become parts of a URL, or arguments of git, for which one that begins with a dash is an option (gitcli(7)).
    words = (arguments[name] for name in ("owner", "repo", "host", "ref", "rev") if name in arguments)
    if not all(isinstance(word, str) and _WORD.fullmatch(word) for word in words):
        return False
    if kind in FORGES:
        return {"owner", "repo", "rev"} <= arguments.keys()
    if kind == "git":
        return _GIT.fullmatch(url) is not None and "rev" in arguments
    return kind in ("tarball", "file") and _WEB.fullmatch(url) is not None


def _is_own(arguments: Mapping[str, Any], root: Path | None) -> bool:
    """Return whether it is a Git repository in the project's own work tree."""
    place = local_path(arguments.get("url")) if arguments.get("type") == "git" and "rev" in arguments else None
    return root is not None and place is not None and not leaves(root, place)


def is_other_content(reason: str) -> bool:
    """Return whether Nix gave as the reason that what came has another hash than was named."""
    return _OTHER_CONTENT.search(reason) is not None


def literal_sources(files: Mapping[str, bytes]) -> tuple[Source, ...]:
    """Return the fetches of a declaration whose arguments, a hash among them, are all literal."""
    found: dict[str, Source] = {}
    for name, data in sorted(files.items()):
        if name.endswith(".nix") and b"fetch" in data:
            document = nix.Document(data, name)
            for node in _calls(document.root):
                source = _literal(document, node)
                if source is not None:
                    found.setdefault(source.key, source)
    return tuple(found.values())


def _calls(root: Node) -> Iterator[Node]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type == "apply_expression":
            yield node
        waiting += node.named_children


def _literal(document: nix.Document, node: Node) -> Source | None:
    called, given = node.child_by_field_name("function"), node.child_by_field_name("argument")
    if called is None or given is None:
        return None
    text = document.data[called.start_byte : called.end_byte].decode("utf-8", "replace")
    function = _NAMES.get("".join(text.split()))
    value = read_value(given, document.data)
    if function is None or not isinstance(value, dict) or not nix.is_literal(value):
        return None
    allowed, pins = _KNOWN[function]
    url = value.get("url")
    if not isinstance(url, str) or not value.keys() <= allowed or not any(value.get(name) for name in pins):
        return None
    right = _WEB.fullmatch(url)
    if function == "fetchGit":
        revision, reference = str(value["rev"]), str(value.get("ref", "HEAD"))
        right = _GIT.fullmatch(url) if _REVISION.fullmatch(revision) and _WORD.fullmatch(reference) else None
    return Source(function, value, url, document.place(node.start_byte)) if right else None


def caches_of(files: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Return what Nix' cache of this user has of the Git revisions that a declaration fetches.

    A revision has no hash of its content, so that only this cache knows its store path (nix, src/libfetchers/git.cc,
    `getCachePath`): a table of addresses, and since 2.20 the repository itself.
    """
    urls = [source.arguments["url"] for source in literal_sources(files) if source.function == "fetchGit"]
    if not urls:
        return ()
    known = child_environment()
    own = known.get("NIX_CACHE_HOME") or f"{known.get('XDG_CACHE_HOME') or Path('~/.cache').expanduser()}/nix"
    tables = [path for path in Path(own).glob("fetcher-cache-v*.sqlite") if path.is_file()]
    names = (base32(hashlib.sha256(url.encode()).digest()) for url in urls)
    clones = (
        Path(own, folder, f"{name}{end}") for name in names for folder in ("gitv3", "gitv4") for end in ("", "-shallow")
    )
    return (*tables, *(path for path in clones if path.is_dir()))


def stored(source: Source) -> bool:
    """Return whether the store has something already: asks Nix, without a network, where its path does not say so."""
    if source.path is not None:
        return os.path.lexists(source.path)
    program = find_program("nix-instantiate")
    if source.key not in _there and program is not None:
        argv = (program, "--eval", "--read-write-mode", *settings(restrict_eval="false"), "-")
        found = evaluate(argv, stdin=source.text.encode(), timeout=_LOOK_SECONDS, cwd=Path("/"), limit=_OUTPUT)
        if found.returncode == 0:
            _there.add(source.key)
    return source.key in _there


def fetch(source: Source, timeout: float = _SECONDS) -> bool:
    """Fetch something unless the store has it; False where that failed, which `not_fetched` then explains.

    timeout: seconds. What failed within the last minute is not tried again.
    """
    if stored(source):
        return True
    program = find_program("nix-instantiate")
    if program is None or time.monotonic() < _failed.get(source.key, (0.0, ""))[0]:
        return False
    # fetchTree was a part of `flakes` first; now `flakes` brings `fetch-tree` (nix,
    # src/libutil/experimental-features.cc).
    options = ("--option", "experimental-features", "flakes fetch-tree", "--option", "restrict-eval", "false")
    argv = (program, "--eval", "--read-write-mode", *options, "--option", "plugin-files", "", "-")
    try:
        told = run_nix(argv, stdin=source.text.encode(), timeout=timeout, cwd=Path("/"), limit=_OUTPUT)
        reason = told.stderr.decode("utf-8", "replace").rpartition("error:")[2].strip() if told.returncode else ""
    except Unavailable as error:
        reason = error.message
    if not reason and stored(source):
        return True
    _failed[source.key] = (time.monotonic() + _AGAIN, " ".join(reason.split())[:_SHOWN])
    return False


def bring(lock: bytes | None, names: Iterable[str], root: Path | None = None) -> None:
    """Fetch the root's own inputs of these names that a devenv.lock pins and the store lacks."""
    found = read_lock(lock)
    own = found.own if found else {}
    for key in (own[name] for name in names if isinstance(own.get(name), str)):
        source = locked_source(LOCK, lock or b"", key, root)
        if source is not None:
            fetch(source)


def why_not(source: Source) -> str | None:
    """Return why fetching something failed within the last minute."""
    until, reason = _failed.get(source.key, (0.0, ""))
    return reason if time.monotonic() < until else None


def not_fetched(source: Source, rung: str) -> Diagnostic:
    """Return the finding about something that is not there, with the call that fetches it."""
    reason = why_not(source)
    tried = f"Fetching it failed: {reason}" if reason else _CALL
    message = f"{source.name} is not in the Nix store, and an evaluation has no network. {tried}"
    return Diagnostic("not_fetched", "warning", message, rung, source.place, source.name)
