"""A kit that a flake reference names: fetched by Nix where that is allowed, or of an input that a lock pins.

Nothing of the flake is evaluated, and it need not be one: what is wanted is its tree.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from devkeel.errors import PolicyRefused, UsageError
from devkeel.nix_cli.fetched_tree import fetch_tree
from devkeel.nix_cli.fetching import fetch, locked_source, why_not
from devkeel.pinned.flake_lock import read_lock
from devkeel.project.root import LOCK
from devkeel.source.flake_reference import FORGES, FlakeReference, is_revision
from devkeel.templates.folder import KitFolder
from devkeel.templates.paths import why_not_beneath
from devkeel.text.wording import nearest

if TYPE_CHECKING:
    from devkeel.context import Context

__all__ = ["fetched", "is_reference"]

_SECONDS = 120.0
_LOCKS = (LOCK, "flake.lock")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:")
# They become parts of a URL, or arguments of git, for which one that begins with a dash is an option (gitcli(7)).
_WORD = re.compile(r"[\w.~][\w.+/~-]*", re.ASCII)
_WEB = re.compile(r"https?://[^\s/@\\-][^\s\\]*", re.IGNORECASE)
_GIT = re.compile(r"git\+(?:https|ssh)://(?:[\w.][\w.-]*@)?[\w.\[][^\s\\]*", re.IGNORECASE)
_KNOWN = frozenset({"dir", "host", "ref", "rev", "narHash"})


def is_reference(source: str) -> bool:
    """Return whether a source is a flake reference with a scheme other than that of a directory."""
    return _SCHEME.match(source) is not None and not source.startswith("path:")


def fetched(context: Context, source: str) -> tuple[KitFolder, str | None]:
    """Return the directory of a kit that a reference names, and the revision that it is of, where it has one.

    Raises UsageError `bad_template_reference`, PolicyRefused `not_offered`, Unavailable `template_not_fetched`.
    """
    address, _, query = source.partition("?")
    given = dict(parse_qsl(query, keep_blank_values=True))
    inner = given.get("dir", "")
    if not given.keys() <= _KNOWN or "#" in source or (inner and why_not_beneath(inner) is not None):
        raise _bad(source, "it has another part than dir, host, ref, rev and narHash, or leads out")
    if address.startswith("flake:"):
        return KitFolder(_of_input(context, address.removeprefix("flake:"), source), inner), None
    arguments = _arguments(address, {name: value for name, value in given.items() if name != "dir"}, source)
    _require_fetching(context, source)
    tree = fetch_tree(arguments, _SECONDS)
    return KitFolder(tree.path, inner), tree.revision


def _arguments(address: str, given: dict[str, str], source: str) -> dict[str, Any]:
    """Return what fetchTree takes."""
    found = FlakeReference.of(address)
    if found.kind == "forge":
        kind, _, path = found.head.partition(":")
        owner, _, repository = path.partition("/")
        arguments = {"type": kind, "owner": owner, "repo": repository, **given}
        for name in found.names:
            arguments["rev" if is_revision(name) else "ref"] = name
    elif _GIT.fullmatch(address):
        arguments = {"type": "git", "url": address.removeprefix("git+"), **given}
    # What comes without TLS is what was meant where its hash says so.
    elif _WEB.fullmatch(address) and (address.lower().startswith("https:") or "narHash" in given):
        arguments = {"type": "tarball", "url": address, **given}
    else:
        raise _bad(source, f"it is of none of the kinds {', '.join(FORGES)}, git+https, git+ssh, https, path, flake")
    words = [arguments[name] for name in ("owner", "repo", "host", "ref", "rev") if name in arguments]
    if not all(_WORD.fullmatch(word) and ".." not in word for word in words):
        raise _bad(source, "a part of it is no name")
    return arguments


def _of_input(context: Context, name: str, source: str) -> Path:
    """Return the tree of an input that a lock of the project pins."""
    known = list[str]()
    for file in _LOCKS:
        data = context.source.read(file)
        lock = read_lock(data)
        own = lock.own if lock else {}
        known += own
        key = own.get(name)
        pinned = locked_source(file, data or b"", key, context.project.root) if isinstance(key, str) else None
        if pinned is None or pinned.path is None:
            continue
        if not os.path.lexists(pinned.path):
            _require_fetching(context, source)
            if not fetch(pinned, _SECONDS):
                raise _bad(source, f"fetching it failed: {why_not(pinned)}")
        return Path(pinned.path)
    raise UsageError(
        "bad_template_reference",
        f"No lock of the project pins an input {name[:80]}.",
        seen=source[:200],
        remedy="Name an input that devenv.lock or flake.lock has, or where it comes from.",
        alternatives=tuple(nearest(name, known)),
    )


def _require_fetching(context: Context, source: str) -> None:
    if not context.permission.network:
        raise PolicyRefused(
            "not_offered",
            "Fetching a template takes the network, and this caller may run nothing that has it.",
            seen=source[:200],
            remedy="Fetch it yourself and name the directory, or ask the user: it is set where the server is started.",
        )


def _bad(source: str, why: str) -> UsageError:
    return UsageError(
        "bad_template_reference",
        f"The reference names no template: {why}.",
        seen=source[:200],
        remedy="Name one as github:OWNER/REPOSITORY/REVISION?dir=DIRECTORY, or a directory.",
    )
