"""What inputs refer to, as flake.nix and the devenv.yaml files write it: each reference with its file and line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from devkeel.checks.written_inputs import UnreadInput, inputs_of_yaml
from devkeel.errors import DevkeelError, Place
from devkeel.nix_cli.declared_inputs import is_inputs
from devkeel.nix_cli.places import local_path
from devkeel.source.flake_reference import FORGES, FlakeReference, is_revision
from devkeel.source.inputs import INPUTS, format_of, is_flake, path_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkeel.source.inputs import InputFormat

__all__ = ["FORGE_HOSTS", "DeclaredReference", "declared_references", "reference_of", "reference_to"]

# Names of the machine's registry, with a reference or a revision behind them (nix, src/libflake/flakeref.cc,
# `flakeIdRegexS`).
_REGISTERED = re.compile(r"[A-Za-z][\w-]*(?:/[\w.@+-]+){0,2}", re.ASCII)
FORGE_HOSTS = {"github": "github.com", "gitlab": "gitlab.com", "sourcehut": "git.sr.ht"}
# No project has as many inputs; aliases of aliases make any number of them.
_MOST = 1000
_WEB = ("http", "https", "tarball", "file", "ftp")


class DeclaredReference(Struct, frozen=True):
    """What one input refers to.

    name: of the input, with the way to it where it is an input's input: `a/nixpkgs`; `inputs` where those of the file
    could not be read. text: as it is written, None where the file does not write it out. kind: github, gitlab,
    sourcehut, git, hg, web, path, registry, or unknown. host: that it names, in small letters. pinned: whether it names
    a revision or a hash itself.
    """

    name: str
    place: Place
    text: str | None
    kind: str
    host: str | None = None
    pinned: bool = False


def reference_to(name: str, place: Place, text: str) -> DeclaredReference:
    """Return what a flake reference refers to."""
    text = text.strip()
    reference = FlakeReference.of(text)
    scheme, colon, _ = text.partition("?")[0].partition(":")
    transport = scheme.partition("+")[0].lower()
    pinned = is_revision(reference.revision or "") or reference.asked("narHash") is not None
    kind, host = "unknown", None
    if local_path(text) is not None:
        kind = "path"
    elif reference.kind == "forge":
        kind, host = transport, _asked_host(reference) or FORGE_HOSTS[transport]
    elif not colon or transport in ("flake", "indirect"):
        kind = "registry" if _REGISTERED.fullmatch(text.partition("?")[0].removeprefix(f"{scheme}:")) else "unknown"
    else:
        kind = transport if transport in ("git", "hg") else "web" if transport in _WEB else "unknown"
        host = _host(text)
    return DeclaredReference(name, place, text, kind, host, pinned)


def _asked_host(reference: FlakeReference) -> str | None:
    """Return the host that a query names; all of them, which is none that is known, where it names several."""
    asked = (part.partition("=") for part in reference.query)
    hosts = {unquote(value).lower() or "?" for key, _, value in asked if unquote(key) == "host"}
    return " ".join(sorted(hosts)) or None


def _host(text: str) -> str | None:
    try:
        return urlsplit(text).hostname
    except ValueError:
        return None


def reference_of(name: str, place: Place, given: Mapping[str, Any]) -> DeclaredReference:
    """Return what an input's attributes refer to: its `url`, or its `type` with what belongs to that."""
    url, kind = given.get("url"), given.get("type")
    pinned = any(isinstance(given.get(key), str) for key in ("rev", "narHash"))
    shown = " ".join(f"{key}={value}" for key, value in sorted(given.items()) if isinstance(value, str))
    if any(not isinstance(value, (str, bool, int)) for value in given.values()):
        return DeclaredReference(name, place, None, "unknown")
    if kind is None and isinstance(url, str):
        found = reference_to(name, place, url)
        return DeclaredReference(name, place, found.text, found.kind, found.host, found.pinned or pinned)
    if kind in FORGES:
        host = given.get("host", FORGE_HOSTS[str(kind)])
        return DeclaredReference(name, place, shown, str(kind), str(host).lower(), pinned)
    if kind == "path" or local_path(dict(given)) is not None:
        return DeclaredReference(name, place, shown, "path", None, pinned)
    if kind == "indirect":
        return DeclaredReference(name, place, shown, "registry", None, pinned)
    known = {"git": "git", "hg": "hg", "mercurial": "hg", "tarball": "web", "file": "web"}
    return DeclaredReference(name, place, shown, known.get(str(kind), "unknown"), _host(str(url)), pinned)


def declared_references(files: Mapping[str, bytes]) -> tuple[DeclaredReference, ...]:
    """Return what the inputs of a flake.nix and of devenv.yaml files refer to, in the order of the files' names.

    What follows another input refers to nothing itself. Of a file that cannot be read it is not known which it has:
    one that a reader refuses may be one that devenv or Nix takes.
    """
    found = list[DeclaredReference]()
    for name, data in sorted(files.items()):
        if is_flake(name) or is_inputs(name):
            try:
                found += [*_of_file(name, data)]
            except DevkeelError as error:
                line = error.place.line if error.place is not None else None
                found.append(DeclaredReference("inputs", Place(name, line or 1), None, "unknown"))
    return tuple(found)


def _of_file(file: str, data: bytes) -> Iterator[DeclaredReference]:
    form = format_of(file)
    tree, unread = (form.read(file, data), form.computed(file, data)) if is_flake(file) else inputs_of_yaml(data, file)
    for looked, (way, value) in enumerate(_inputs(tree)):
        if looked == _MOST:
            unread = form.line(file, data, [INPUTS]) or 1
            break
        found = _of_input(form, file, data, (way, value))
        if found is not None:
            yield found
    if unread is not None:
        yield DeclaredReference("inputs", Place(file, unread), None, "unknown")
        return
    for name, line in form.taken(file, data).items():
        if name not in tree:
            # An argument of `outputs` that is no input is one of the registry (nix, src/libflake/flake.cc, `getFlake`).
            yield DeclaredReference(name, Place(file, line), name, "registry")


def _of_input(form: InputFormat, file: str, data: bytes, item: tuple[tuple[str, ...], Any]) -> DeclaredReference | None:
    way, value = item
    name = "/".join(way)
    path = [INPUTS, *path_of(name)]
    place = Place(file, form.line(file, data, path) or form.line(file, data, path[:-1]))
    if not isinstance(value, dict):
        return DeclaredReference(name, place, None, "unknown")
    given = {key: item for key, item in value.items() if key not in ("inputs", "flake", "follows")}
    if any(isinstance(item, UnreadInput) for key, item in value.items() if key != "inputs"):
        return DeclaredReference(name, place, None, "unknown")
    shown = next((key for key in ("url", "type") if key in given), None)
    if shown is not None:
        return reference_of(name, Place(file, form.line(file, data, [*path, shown]) or place.line), given)
    # An input of a flake that says nothing of where it is, is one of the registry (the same, `parseFlakeInput`).
    registered = is_flake(file) and len(way) == 1 and "follows" not in value and name != "self"
    return DeclaredReference(name, place, name, "registry") if registered else None


def _inputs(tree: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the inputs of a tree and those of them, each with the way to it; a key alone says nothing of it."""
    for name, value in tree.items():
        yield (*above, name), {} if value is None else value
        inner = value.get("inputs") if isinstance(value, dict) else None
        if isinstance(inner, dict):
            yield from _inputs(inner, (*above, name))
        elif inner is not None:
            yield (*above, name, "inputs"), inner
