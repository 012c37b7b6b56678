"""Scripts that fail, hang, flood or leave their session: what a build, or a command, may do to a server.

What runs is looked for in /proc by `MARK`, which is of this run of the tests alone.
"""

from __future__ import annotations

import os

MARK = f"/bin/sleep 96{os.getpid()}"
HANGS = f"while :; do {MARK}; done"
FAILS = "echo widget.c:3: error >&2; exit 1"
LEAVES = f"/usr/bin/setsid /bin/sh -c '{HANGS}' >/dev/null 2>&1 & /bin/sleep 0.5; exit 1"
LEAVES_WITH_ITS_OUTPUT = f"/usr/bin/setsid /bin/sh -c '{HANGS}' & exit 1"
MOST = 200  # MiB that a server may take meanwhile
LOG = 10 * 1024 * 1024  # bytes of a log on disk
THOROUGH = os.environ.get("DEVKEEL_CI") == "1" or os.environ.get("DEVKEEL_FAULTS") == "all"
FLOOD = 1024 if THOROUGH else 64  # MiB


def floods(megabytes: int, zero: str = "\\0") -> str:
    """Return a script that prints so much and fails. zero: how a zero byte is written there."""
    letters = f"$(/usr/bin/head -c 8000 /dev/zero | /usr/bin/tr '{zero}' x)"
    return f"/usr/bin/yes {letters} | /usr/bin/head -c {megabytes * 1024 * 1024}; exit 1"
