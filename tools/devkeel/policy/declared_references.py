"""What inputs refer to, as flake.nix and the devenv.yaml files write it: each reference with its file and line."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

from devkeel.errors import DevkeelError, Place
from devkeel.nix_cli.declared_inputs import entries, is_inputs, root_of, text_of
from devkeel.nix_cli.places import local_path
from devkeel.nix_cli.references import FORGES
from devkeel.source import nix
from devkeel.source.plain_data import position

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tree_sitter import Node

    from devkeel.source.nix.read.index import Definition
    from devkeel.source.yaml.document import Item

__all__ = ["DeclaredReference", "declared_references", "reference_of", "reference_to"]

_FLAKE = "flake.nix"
# Names of the machine's registry, with a reference or a revision behind them (nix, src/libflake/flakeref.cc,
# `flakeIdRegexS`).
_REGISTERED = re.compile(r"[A-Za-z][\w-]*(?:/[\w.@+-]+){0,2}", re.ASCII)
_REVISION = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_FORGE_HOSTS = {"github": "github.com", "gitlab": "gitlab.com", "sourcehut": "git.sr.ht"}
_WEB = ("http", "https", "tarball", "file", "ftp")


class DeclaredReference(Struct, frozen=True):
    """What one input refers to.

    name: of the input, with the way to it where it is an input's input: `a/nixpkgs`. text: as it is written, None
    where the file computes it. kind: github, gitlab, sourcehut, git, hg, web, path, registry, or unknown. host: that it
    names, in small letters. pinned: whether it names a revision or a hash itself.
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
    address, _, rest = text.partition("?")
    query = {key: values[0] for key, values in parse_qs(rest.partition("#")[0]).items()}
    pinned = _REVISION.fullmatch(query.get("rev", "")) is not None or "narHash" in query
    scheme, colon, inner = address.partition(":")
    transport = scheme.partition("+")[0].lower()
    if local_path(text) is not None:
        return DeclaredReference(name, place, text, "path", None, pinned)
    if transport in FORGES:
        pinned = pinned or any(_REVISION.fullmatch(part) for part in inner.split("/")[2:])
        return DeclaredReference(
            name, place, text, transport, query.get("host", _FORGE_HOSTS[transport]).lower(), pinned
        )
    if not colon or transport in ("flake", "indirect"):
        words = inner if colon else address
        kind = "registry" if _REGISTERED.fullmatch(words) else "unknown"
        return DeclaredReference(
            name, place, text, kind, None, pinned or bool(_REVISION.fullmatch(words.rpartition("/")[2]))
        )
    kind = transport if transport in ("git", "hg") else "web" if transport in _WEB else "unknown"
    return DeclaredReference(name, place, text, kind, _host(text), pinned)


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
        host = given.get("host", _FORGE_HOSTS[str(kind)])
        return DeclaredReference(name, place, shown, str(kind), str(host).lower(), pinned)
    if kind == "path" or local_path(dict(given)) is not None:
        return DeclaredReference(name, place, shown, "path", None, pinned)
    if kind == "indirect":
        return DeclaredReference(name, place, shown, "registry", None, pinned)
    known = {"git": "git", "hg": "hg", "mercurial": "hg", "tarball": "web", "file": "web"}
    return DeclaredReference(name, place, shown, known.get(str(kind), "unknown"), _host(str(url)), pinned)


def declared_references(files: Mapping[str, bytes]) -> tuple[DeclaredReference, ...]:
    """Return what the inputs of a flake.nix and of devenv.yaml files refer to, in the order of the files' names.

    What follows another input refers to nothing itself. A file that cannot be parsed has none.
    """
    found = list[DeclaredReference]()
    for name, data in sorted(files.items()):
        if posixpath.basename(name) == _FLAKE:
            found += _of_flake(name, data)
        elif is_inputs(name):
            found += _of_yaml(name, data)
    return tuple(found)


def _of_yaml(file: str, data: bytes) -> Iterator[DeclaredReference]:
    text = data.decode("utf-8", "replace")

    def at(item: Item) -> Place:
        return Place(file, *position(text, item.start))

    def below(item: Item | None, way: str) -> Iterator[DeclaredReference]:
        for entry in entries(item, "inputs"):
            fields = {inner.key.value: inner.value for inner in entries(entry.value)}
            name = f"{way}{entry.key.value}"
            if (url := text_of(fields.get("url"))) is not None:
                yield reference_to(name, at(fields["url"]), url)
            yield from below(entry.value, f"{name}/")

    yield from below(root_of(data, file), "")


class _Input(Struct):
    """An input as far as it was read: its attributes, its place, and whether it follows another."""

    place: Place
    given: dict[str, Any]
    follows: bool = False
    opaque: bool = False


def _of_flake(file: str, data: bytes) -> Iterator[DeclaredReference]:
    try:
        document = nix.Document(data, file, module=False)
        definitions = document.definitions
    except DevkeelError:
        return
    inputs, outputs = dict[tuple[str, ...], _Input](), None
    for item in definitions:
        if item.path[:1] == ("outputs",) and item.value is not None:
            outputs = item.value if len(item.path) == 1 else outputs
        elif item.path[0] == "inputs":
            _take(document, item, inputs)
    for way, found in inputs.items():
        name = "/".join(way)
        if found.opaque:
            yield DeclaredReference(name or "inputs", found.place, None, "unknown")
        elif "url" in found.given or "type" in found.given:
            yield reference_of(name, found.place, found.given)
        elif not found.follows and len(way) == 1 and way[0] != "self":
            # An input that says nothing of where it is, is one of the registry (nix, src/libflake/flake.cc,
            # `parseFlakeInput`).
            yield DeclaredReference(name, found.place, name, "registry")
    if outputs is not None and not any(found.opaque for found in inputs.values()):
        yield from _arguments(document, outputs, {way[0] for way in inputs})


def _take(document: nix.Document, item: Definition, inputs: dict[tuple[str, ...], _Input]) -> None:
    """Note what a definition below `inputs` says of which input."""
    path, place = item.path[1:], document.place(item.node.start_byte)
    # NAME, or NAME.inputs.NAME and so on; then an attribute, where the definition is of one.
    attribute = path[-1] if path and len(path) % 2 == 0 else None
    inner = path[:-1] if attribute else path
    way, names = tuple(inner[::2]), inner[1::2]
    for count in range(1, len(way)):
        inputs.setdefault(way[:count], _Input(place, {}))
    found, value = inputs.setdefault(way, _Input(place, {})), document.value(item)
    if any(name != "inputs" for name in names) or (attribute is None and (not way or value != {})):
        found.opaque = found.opaque or value != {}
    elif attribute == "follows":
        found.follows = True
    elif attribute is not None and attribute not in ("flake", "inputs"):
        found.place = place if attribute in ("url", "type") and "url" not in found.given else found.place
        # A reference may stand without quotes (Nix manual, "URL literals").
        bare = item.value is not None and item.value.type == "uri_expression"
        found.given[attribute] = document.source(item) if bare else value


def _arguments(document: nix.Document, outputs: Node, known: set[str]) -> Iterator[DeclaredReference]:
    """Yield the arguments of `outputs` that are no declared input: each is one of the registry.

    See nix, src/libflake/flake.cc, `getFlake`.
    """
    for child in outputs.named_children if outputs.type == "function_expression" else ():
        for formal in child.named_children if child.type == "formals" else ():
            named = formal.child_by_field_name("name") if formal.type == "formal" else None
            name = (named.text or b"").decode("utf-8", "replace") if named is not None else "self"
            if name != "self" and name not in known and not document.problems:
                yield DeclaredReference(name, document.place(formal.start_byte), name, "registry")
