"""The text of a failure from a file or from standard input: its end, in memory that is bounded."""

from __future__ import annotations

import os
import stat
import sys
from codecs import getincrementaldecoder
from collections import deque
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.errors import ProjectError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

__all__ = ["STDIN", "PrintedText", "is_kept", "read_printed"]

STDIN = "-"
_BLOCK = 256 * 1024  # bytes
_KEPT = 4 * 1024 * 1024  # characters: more than a diagnosis looks at
_OF_A_DEVICE = 16 * 1024 * 1024  # bytes, from what is no file and no pipe: it may have no end


class PrintedText(Struct, frozen=True):
    """The end of what was printed. omitted: characters before it; lines: how many ended there."""

    text: str
    omitted: int = 0
    lines: int = 0


def is_kept(file: str | None) -> bool:
    """Return whether a text can be read once more: it is in a regular file."""
    return file not in (None, STDIN) and Path(str(file)).is_file()


def read_printed(file: str) -> PrintedText:
    """Return the end of a file, or of standard input for `-`. Raises ProjectError `unreadable_file`."""
    try:
        with ExitStack() as stack:
            source = sys.stdin.buffer if file == STDIN else stack.enter_context(Path(file).open("rb"))
            return _end(_blocks(source, file))
    except OSError as error:
        raise ProjectError(
            "unreadable_file",
            f"The text of the failure cannot be read: {error.strerror}.",
            seen=file,
            remedy="Name a file that you may read, or - for standard input.",
        ) from error


def _blocks(source: BinaryIO, file: str) -> Iterator[bytes]:
    bound, read = _OF_A_DEVICE if _is_device(source) else None, 0
    while block := source.read(_BLOCK):
        read += len(block)
        if bound is not None and read > bound:
            raise ProjectError(
                "unreadable_file",
                "The text of the failure cannot be read: this is a device, which may have no end.",
                seen=file,
                remedy="Name a file with what was printed, or - for standard input.",
            )
        yield block


def _is_device(source: BinaryIO) -> bool:
    try:
        mode = os.fstat(source.fileno()).st_mode
    except OSError:  # it has no descriptor
        return False
    return stat.S_ISCHR(mode) or stat.S_ISBLK(mode)


def _end(blocks: Iterator[bytes]) -> PrintedText:
    decoder = getincrementaldecoder("utf-8")("replace")
    kept, held, omitted, lines = deque[str](), 0, 0, 0
    for block in blocks:
        kept.append(decoder.decode(block))
        held += len(kept[-1])
        while held - len(kept[0]) > _KEPT:
            gone = kept.popleft()
            held -= len(gone)
            omitted += len(gone)
            lines += gone.count("\n")
    return PrintedText("".join([*kept, decoder.decode(b"", final=True)]), omitted, lines)
