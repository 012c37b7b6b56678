"""A table of sorted rows in a file, of which a look-up reads and unpacks one block.

The file: `DKT1`, the length of the list of blocks (4 bytes, little endian), that list, the blocks. The list is one line
a block, its size and the first key in it; it and each block are raw LZMA2. A row is `key TAB value`; keys are sorted
by their UTF-8 bytes, as Python sorts text. A sealed file has the CRC-32 of all that behind it.
"""

from __future__ import annotations

import lzma
import zlib
from bisect import bisect_right
from functools import lru_cache
from io import BytesIO
from itertools import accumulate
from typing import TYPE_CHECKING, BinaryIO

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["CERTAIN", "DEEPER", "Table", "open_sealed", "open_table", "packed", "sealed"]

DEEPER = "~"  # before those of a row whose name no package has as it is, and some have one folder deeper
CERTAIN = "!"  # before the attributes of a row of which the first is certainly meant
_MAGIC = b"DKT1"
_SEAL = 4  # bytes
_BLOCK = 64 * 1024  # unpacked; twice as much saves a twentieth of the file, and takes twice as long
_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": 1 << 17, "lc": 4, "pb": 0}]


class Table(Struct, frozen=True, dict=True):
    """A table: its file, the first key of each block, and where each begins and ends in the file.

    held: what was read of a file that may change or go; empty where each block is read from the file.
    """

    path: Path
    first: list[str]
    ends: list[int]
    held: bytes = b""

    def rows(self, prefix: str, limit: int) -> list[tuple[str, str]]:
        """Return the first rows whose keys begin with a text, as keys and values."""
        found = list[tuple[str, str]]()
        # The block before the first that begins behind the prefix may have it too.
        for number in range(max(bisect_right(self.first, prefix) - 1, 0), len(self.first)):
            if self.first[number] > prefix and not self.first[number].startswith(prefix):
                break
            text = self.block(number)
            place = text.find(f"\n{prefix}")
            while place >= 0 and len(found) < limit:
                key, _, value = text[place + 1 : text.index("\n", place + 1)].partition("\t")
                found.append((key, value))
                place = text.find(f"\n{prefix}", place + 1)
            if len(found) >= limit:
                break
        return found

    def get(self, key: str) -> str | None:
        """Return the value of a key; None where there is none."""
        number = bisect_right(self.first, key) - 1
        if number < 0:
            return None
        text = self.block(number)
        start = text.find(f"\n{key}\t")
        return None if start < 0 else text[start + len(key) + 2 : text.index("\n", start + 1)]

    def every(self) -> Iterator[tuple[str, str]]:
        """Yield all rows, in their order."""
        for number in range(len(self.first)):
            for line in self.block(number)[1:-1].split("\n"):
                key, _, value = line.partition("\t")
                yield key, value

    def block(self, number: int) -> str:
        """Return the text of a block: its lines, with a line feed before the first and after the last."""
        return _unpacked(self.path, self.held, self.ends[number], self.ends[number + 1])


@lru_cache(maxsize=128)  # of 64 kB: 8 MB at most
def _unpacked(path: Path, held: bytes, start: int, end: int) -> str:
    if held:
        return _text(held[start:end])
    with path.open("rb") as file:
        file.seek(start)
        return _text(file.read(end - start))


def _text(data: bytes) -> str:
    return lzma.decompress(data, lzma.FORMAT_RAW, filters=_FILTERS).decode()


def open_table(path: Path) -> Table:
    """Open a table; of its file only the list of blocks is read. Raises OSError, and ValueError for what is none."""
    with path.open("rb") as file:
        return _opened(path, file)


def open_sealed(path: Path) -> Table:
    """Open a table that is held whole from then on. Raises OSError, and ValueError for what is none or is damaged."""
    data = path.read_bytes()
    whole, seal = data[:-_SEAL], data[-_SEAL:]
    if zlib.crc32(whole).to_bytes(_SEAL, "little") != seal:
        raise ValueError(path)
    return replace(_opened(path, BytesIO(whole)), held=whole)


def sealed(data: bytes) -> bytes:
    """Return the bytes of a file whose damage is seen."""
    return data + zlib.crc32(data).to_bytes(_SEAL, "little")


def _opened(path: Path, file: BinaryIO) -> Table:
    if file.read(len(_MAGIC)) != _MAGIC:
        raise ValueError(path)
    size = int.from_bytes(file.read(4), "little")
    try:
        lines = _text(file.read(size)).splitlines()
    except (lzma.LZMAError, EOFError) as error:
        raise ValueError(path) from error
    parts = [line.split(" ", 1) for line in lines]
    start = len(_MAGIC) + 4 + size
    return Table(path, [key for _, key in parts], list(accumulate((int(size) for size, _ in parts), initial=start)))


def packed(rows: Iterable[tuple[str, str]]) -> bytes:
    """Return the bytes of the file of a table; the same for the same rows. rows: keys and values, sorted by keys."""
    blocks, first, lines, size = list[bytes](), list[str](), list[str](), 0
    for key, value in rows:
        if not lines:
            first.append(key)
        lines.append(f"{key}\t{value}")
        size += len(lines[-1]) + 1
        if size >= _BLOCK:
            blocks.append(_packed("\n" + "\n".join(lines) + "\n"))
            lines, size = [], 0
    if lines:
        blocks.append(_packed("\n" + "\n".join(lines) + "\n"))
    index = _packed("".join(f"{len(block)} {key}\n" for block, key in zip(blocks, first, strict=True)))
    return b"".join((_MAGIC, len(index).to_bytes(4, "little"), index, *blocks))


def _packed(text: str) -> bytes:
    return lzma.compress(text.encode(), lzma.FORMAT_RAW, filters=_FILTERS)
