"""Why two builds of one file differ, where its bytes show it: by what both are the same without.

A cause is named only where taking it away makes the two equal, alone or with the others that are named.
"""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING

from devkeel.builds.archive_causes import archive_causes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["CAUSES", "causes_of"]

CAUSES: Mapping[str, tuple[str, str]] = {
    "time_stamps": (
        "time stamps are written into it",
        "have the builder write SOURCE_DATE_EPOCH, or no time",
    ),
    "build_paths": (
        "the paths of temporary directories are written into it",
        "build in a directory of a fixed name, or have the compiler map it (-ffile-prefix-map, --remap-path-prefix)",
    ),
    "random_ids": ("random identifiers are written into it", "derive them from the content, or leave them out"),
    "order": (
        "the same parts stand in another order",
        "sort what the file system or a hash table lists; Python wants PYTHONHASHSEED=0 beside it",
    ),
    "gzip_header": ("its gzip header has a time or a name", "compress with `gzip -n`, or from a pipe"),
    "compression": ("the same content is compressed in another way", "compress with one thread, or one fixed program"),
    "member_times": (
        "the members of the archive have the times of the build",
        "give the archive SOURCE_DATE_EPOCH; `tar --mtime=@$SOURCE_DATE_EPOCH`, `touch -d @…` before zip",
    ),
    "member_order": (
        "the members of the archive stand in another order",
        "sort them: `tar --sort=name`, `find … | sort | zip -X -@`",
    ),
    "member_owners": (
        "the members of the archive have other owners or modes",
        "`tar --owner=0 --group=0 --numeric-owner --mode=…`, `zip -X`",
    ),
    "pyc_times": (
        "the compiled Python has the time of its source",
        "set SOURCE_DATE_EPOCH, or compile with `--invalidation-mode unchecked-hash`",
    ),
    "pyc_order": ("sets in the compiled Python stand in another order", "set PYTHONHASHSEED=0"),
}
"""What makes builds differ: by name, a sentence and what is done about it."""

_MOST = 16 * 1024 * 1024  # bytes that are looked into, and what of no archive is
_MOST_TEXT = 2 * 1024 * 1024
_DAYS, _MONTHS = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)", rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK = rb"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AP]M)?(?: ?(?:Z|UTC|GMT|[A-Z]{3,4}|[+-]\d{2}:?\d{2}))?"
_TIMES = re.compile(
    rb"(?:%(days)s,? +)?(?:%(months)s +\d{1,2}|\d{1,2} +%(months)s)(?:,? +\d{4})?(?: +%(clock)s)?(?: +\d{4})?"
    rb"|\d{4}[-/.]\d{2}[-/.]\d{2}(?:[T _]%(clock)s)?|%(clock)s|(?<!\d)\d{8}[T_-]?\d{6}Z?(?!\d)"
    # Seconds since 1970, of the last decades and the next; with milli-, micro- and nanoseconds.
    rb"|(?<![\d.])1[3-9]\d{8}(?:\.\d+|\d{3}|\d{6}|\d{9})?(?!\d)"
    % {b"days": _DAYS, b"months": _MONTHS, b"clock": _CLOCK}
)
# mktemp(1), Python's tempfile, and the build directories of Nix outside of a sandbox (nix, src/libstore/build,
# `createTempDir`).
_PATHS = re.compile(rb"/(?:tmp|var/tmp|build|private/tmp)/[\w.+-]+")
_IDS = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PARTS = re.compile(rb"[\s,;:{}\[\]()]+")


def _ordered(data: bytes) -> bytes:
    return b"\n".join(sorted(_PARTS.split(data)))


_WITHOUT: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    ("time_stamps", lambda data: _TIMES.sub(b"@", data)),
    ("build_paths", lambda data: _PATHS.sub(b"/@", data)),
    ("random_ids", lambda data: _IDS.sub(b"@", data)),
    ("order", _ordered),
)


def causes_of(first: bytes, second: bytes) -> tuple[str, ...]:
    """Return names of `CAUSES` that together explain how two files differ; none where they do not."""
    if first == second or max(len(first), len(second)) > _MOST:
        return ()
    return archive_causes(first, second, _written_in)


def _written_in(first: bytes, second: bytes) -> tuple[str, ...]:
    """Return the fewest causes without which two texts, or what is text in them, are the same."""
    if max(len(first), len(second)) > _MOST_TEXT:
        return ()
    for size in range(1, len(_WITHOUT) + 1):
        for chosen in combinations(_WITHOUT, size):
            left, right = first, second
            for _, without in chosen:
                left, right = without(left), without(right)
            if left == right:
                return tuple(name for name, _ in chosen)
    return ()
