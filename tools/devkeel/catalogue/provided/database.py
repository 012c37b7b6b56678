"""A nix-index database: which files each package of nixpkgs has, read from its first line to its last.

The format is nix-index's, version 1: `NIXI`, a version of 64 bits, and one zstd stream of lines. A line is what is
known of a file, NUL, and its path coded against the path of the line before (as locate's frcode does); a line of kind
`p` ends a package, whose own description stands in it as JSON.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, BinaryIO

import msgspec
from msgspec import Struct

from devkeel.errors import ProjectError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Listed", "packages"]

_MAGIC = b"NIXI"
_VERSION = 1
_BLOCK = 8 * 1024 * 1024
_LONG = 0x80  # the sign that two bytes follow
# No path of a store comes near these (Linux' own limit is 4,096 bytes): what goes beyond them unpacks to anything.
_LONGEST = 1024 * 1024  # bytes of a line, and of a path
_MOST = 512 * 1024 * 1024  # bytes of the paths of one package


class Listed(Struct):
    """A store path of a database.

    attribute, output and name: as nixpkgs has them. own: whether the attribute is this package; a path that another
    package only refers to stands under that one's attribute, as nix-locate shows in parentheses. system: what it was
    built for. files: kind, a letter, and path of each (r regular, x executable, s a link, d a directory).
    """

    attribute: str
    output: str
    name: str
    own: bool
    system: str
    files: list[bytes]


class _Origin(Struct):
    attr: str
    output: str
    toplevel: bool
    system: str | None = None  # databases of before 2025 have none


class _Said(Struct):
    name: str
    origin: _Origin


_SAID = msgspec.json.Decoder(_Said)


def packages(file: BinaryIO) -> Iterator[Listed]:
    """Yield each package of a database with its files. Raises ProjectError `bad_database`."""
    head = file.read(12)
    if head[:4] != _MAGIC or int.from_bytes(head[4:], "little") != _VERSION:
        raise _bad(repr(head))
    files, path, shared, held, size = list[bytes](), b"", 0, b"", 0
    for piece in _pieces(file):
        line = held + piece if held else piece
        end = line.find(0)
        # What says how much a path shares may be the sign of a line's end itself.
        if len(line) < end + 2 or (line[end + 1] == _LONG and len(line) < end + 4):
            held = line + b"\n"
            continue
        held = b""
        delta = line[end + 1]
        if delta == _LONG:
            shared += int.from_bytes(line[end + 2 : end + 4], "big", signed=True)
            path = path[:shared] + line[end + 4 :]
        else:
            shared += delta if delta < _LONG else delta - 256
            path = path[:shared] + line[end + 2 :]
        kind = line[end - 1 : end]
        if kind == b"p":
            yield _listed(path, files)
            files, size = [], 0
        else:
            files.append(kind + path)
            size += len(path)
            if len(path) > _LONGEST or size > _MOST:
                raise _bad(repr(path[:200]))


def _listed(text: bytes, files: list[bytes]) -> Listed:
    try:
        said = _SAID.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _bad(repr(text[:200])) from error
    origin = said.origin
    return Listed(origin.attr, origin.output, said.name, own=origin.toplevel, system=origin.system or "", files=files)


def _bad(seen: str) -> ProjectError:
    return ProjectError(
        "bad_database",
        "This is no database of nix-index, or one of another version.",
        seen=seen,
        remedy="Make it anew with nix-index.",
    )


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    rest = b""
    try:
        with zstd.ZstdFile(file) as stream:
            while block := stream.read(_BLOCK):
                pieces = (rest + block).split(b"\n")
                rest = pieces.pop()
                if len(rest) > _LONGEST:
                    raise _bad(repr(rest[:200]))
                yield from pieces
    except (zstd.ZstdError, EOFError) as error:
        raise _bad(str(error)) from error
