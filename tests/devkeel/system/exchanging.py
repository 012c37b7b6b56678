"""A program that exchanges two entries of a folder without end: `exchanging(place, name, other)`."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Two names change places without end: renameat2 where there is one, else a third name takes part.
_PROGRAM = """\
import os, sys
from devkeel.transaction.rename import exchange
place = os.open(sys.argv[1], os.O_RDONLY)
print("begun", flush=True)
while os.getppid() == int(sys.argv[4]):
    if not exchange(place, sys.argv[2], sys.argv[3]):
        for old, new in ((2, "t"), (3, sys.argv[2]), ("t", sys.argv[3])):
            os.rename(sys.argv[old] if isinstance(old, int) else old, new, src_dir_fd=place, dst_dir_fd=place)
"""


@contextmanager
def exchanging(place: Path, name: str, other: str) -> Iterator[None]:
    """Exchange two entries of a folder all the time while the block runs."""
    words = (sys.executable, "-c", _PROGRAM, str(place), name, other, str(os.getpid()))
    with subprocess.Popen(words, stdout=subprocess.PIPE) as program:
        try:
            assert program.stdout is not None
            assert program.stdout.readline() == b"begun\n"
            yield
        finally:
            program.kill()
