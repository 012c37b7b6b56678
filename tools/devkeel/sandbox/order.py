"""What the keeper of a sandbox is to do, and what it reports: the words that both sides share."""

from __future__ import annotations

import os
import stat
from typing import Literal, TypedDict

__all__ = ["BEGIN", "COUNTERS", "FAILED", "KeeperReport", "Order", "Way", "state_of"]

Way = Literal["bubblewrap", "namespaces"]
"""What makes a sandbox."""

BEGIN = """
cd "$1" || exit 126
shift
echo >&9
read -r _ <&8 || exit 125
. /proc/self/fd/7
exec 7<&- 8<&- 9>&-
trap : HUP INT QUIT TERM
"$@"
exit $?
"""
"""What begins a command in a sandbox, for `sh -c`: the directory and the command follow. It has the variables read that
are the command's, and waits until the keeper is ready."""

FAILED = 125
"""The exit code where no sandbox could be made."""

COUNTERS = ("Ip.OutNoRoutes", "Ip6.OutNoRoutes", "Tcp.AttemptFails", "Udp.NoPorts", "Udp6.NoPorts")


class Order(TypedDict):
    """What to start. words: what makes the sandbox and runs the command in it. variables: of the command, as a script.

    cut: whether it has a network of its own. ports: those of the project that are passed on there. owner: the process
    whose descendants listen on these. watched: directories that are listed at the end, by name. speaks: whether it says
    on stderr what came of it. pins: directories to take away at the end, by path, as open descriptors (`pins.py`).
    obeyed: paths that are looked for at the end, with what they are before (`state_of`).
    """

    words: list[str]
    variables: str
    path: str
    cut: bool
    ports: list[int]
    owner: int
    watched: dict[str, str]
    same: dict[str, tuple[int, int]]
    speaks: bool
    pins: dict[str, int]
    obeyed: dict[str, list[int | str] | None]


class KeeperReport(TypedDict):
    """What came of it. laid: whether the command began. counters: of its network. left: by directory.

    made: names that are obeyed by programs of a person's, and came to be or were exchanged.
    """

    laid: bool
    counters: dict[str, int]
    left: dict[str, list[str]]
    passed: dict[str, int]
    refused: list[int]
    made: list[str]


def state_of(path: str) -> list[int | str] | None:
    """Return what is at a path: device, inode and kind, and where a link leads; None where nothing is.

    The inode alone does not tell: what takes the place of a removed file often gets its number.
    """
    try:
        info = os.lstat(path)
        kind = stat.S_IFMT(info.st_mode)
        return [info.st_dev, info.st_ino, kind, os.readlink(path) if stat.S_ISLNK(kind) else ""]  # noqa: PTH115  (as text)
    except OSError:
        return None
