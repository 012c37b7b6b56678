"""Why two builds of one archive differ: its header, its members, or what is in them.

What is read here came out of a build, and may be anything: what is no archive after all is compared as it is.
"""

from __future__ import annotations

import io
import tarfile
import zipfile
import zlib
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sized

__all__ = ["archive_causes"]

_DEEPEST = 3
_MOST = 32 * 1024 * 1024  # bytes of what is unpacked
_MEMBERS = 5_000
_GZIP, _ZIP, _PYC = b"\x1f\x8b\x08", b"PK\x03\x04", b"\r\n"
_BROKEN = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, OSError, ValueError, KeyError, IndexError, EOFError),
    *(RuntimeError, NotImplementedError, OverflowError, TypeError),
)


class _Member(Struct, frozen=True):
    """A member of an archive: its time, its owners and modes, its content."""

    time: object
    owners: object
    data: bytes


def archive_causes(
    first: bytes, second: bytes, written_in: Callable[[bytes, bytes], tuple[str, ...]], depth: int = 0
) -> tuple[str, ...]:
    """Return the names of causes by which two files differ, which may be archives in archives.

    written_in: says so of what is no archive.
    """
    if first == second:
        return ()

    def inside(left: bytes, right: bytes) -> tuple[str, ...]:
        return archive_causes(left, right, written_in, depth + 1) if depth < _DEEPEST else ()

    try:
        known = _of_archive(first, second, inside)
    except _BROKEN:
        known = None
    return written_in(first, second) if known is None else known


def _of_archive(
    first: bytes, second: bytes, inside: Callable[[bytes, bytes], tuple[str, ...]]
) -> tuple[str, ...] | None:
    """Return what makes two archives of one kind differ, None for what is no archive."""
    if first.startswith(_GZIP) and second.startswith(_GZIP):
        return _of_gzip(first, second, inside)
    if first.startswith(_ZIP) and second.startswith(_ZIP):
        return _of_members(_zip_members(first), _zip_members(second), inside)
    if first[257:262] == second[257:262] == b"ustar":
        return _of_members(_tar_members(first), _tar_members(second), inside)
    if first[:4] == second[:4] and first[2:4] == _PYC:
        return _of_pyc(first, second)
    return None


def _of_gzip(first: bytes, second: bytes, inside: Callable[[bytes, bytes], tuple[str, ...]]) -> tuple[str, ...]:
    left, right = _inflated(first), _inflated(second)
    header = ("gzip_header",) if _gzip_head(first) != _gzip_head(second) else ()
    if left == right:
        return header or ("compression",)
    return _all(header, inside(left, right))


def _inflated(data: bytes) -> bytes:
    # RFC 1952: 16 and more of window bits is a gzip header (zlib, inflateInit2).
    unpacking = zlib.decompressobj(16 + zlib.MAX_WBITS)
    found = unpacking.decompress(data, _MOST)
    if unpacking.unconsumed_tail or not unpacking.eof:
        raise ValueError("it is too large, or not whole")
    return found


def _gzip_head(data: bytes) -> bytes:
    """Return what of a header is chance: the time, and the name where it has one (RFC 1952, 2.3)."""
    named = data[3] & 8 and not data[3] & 4
    return data[4:8] + (data[10 : data.index(b"\0", 10)] if named else b"")


def _zip_members(data: bytes) -> dict[str, _Member]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        found, left = dict[str, _Member](), _MOST
        items = archive.infolist()
        _require_few(items)
        for item in items:
            with archive.open(item) as file:
                content = file.read(left + 1)
            left -= len(content)
            if left < 0 or item.filename in found:
                raise ValueError(item.filename)
            found[item.filename] = _Member((item.date_time, item.extra), item.external_attr, content)
        return found


def _tar_members(data: bytes) -> dict[str, _Member]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        found = dict[str, _Member]()
        items = archive.getmembers()
        _require_few(items)
        for item in items:
            file = archive.extractfile(item) if item.isreg() else None
            content = file.read() if file is not None else item.linkname.encode("utf-8", "surrogateescape")
            if item.name in found:
                raise ValueError(item.name)
            owners = (item.uid, item.gid, item.uname, item.gname, item.mode)
            found[item.name] = _Member(item.mtime, owners, content)
        return found


def _require_few(items: Sized) -> None:
    if len(items) > _MEMBERS:
        raise ValueError("it has too many members")


def _of_members(
    first: Mapping[str, _Member], second: Mapping[str, _Member], inside: Callable[[bytes, bytes], tuple[str, ...]]
) -> tuple[str, ...]:
    if first.keys() != second.keys():
        return ()
    pairs = [(first[name], second[name]) for name in first]
    found = []
    if any(left.time != right.time for left, right in pairs):
        found.append("member_times")
    if [*first] != [*second]:
        found.append("member_order")
    if any(left.owners != right.owners for left, right in pairs):
        found.append("member_owners")
    causes = tuple(found)
    for left, right in pairs:
        if left.data != right.data:
            inner = inside(left.data, right.data)
            if not inner:
                return ()
            causes = _all(causes, inner)
    return causes or ("compression",)


def _all(outer: tuple[str, ...], inner: tuple[str, ...]) -> tuple[str, ...]:
    """Return both, and nothing where the inner difference has no known cause."""
    return tuple(dict.fromkeys((*outer, *inner))) if inner else ()


def _of_pyc(first: bytes, second: bytes) -> tuple[str, ...]:
    # PEP 552: magic, flags (0: by time), the time and the size of the source, the code.
    timed = first[4:8] == second[4:8] == bytes(4) and first[8:12] != second[8:12]
    times = ("pyc_times",) if timed else ()
    if first[16 if timed else 4 :] == second[16 if timed else 4 :]:
        return times
    same_parts = sorted(first[16:]) == sorted(second[16:])
    return (*times, "pyc_order") if same_parts else ()
