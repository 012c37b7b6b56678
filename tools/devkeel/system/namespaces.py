"""Linux namespaces that hold a program."""

from __future__ import annotations

__all__ = ["NAMESPACES"]


# unshare(1): `--pid` is about children, so `--fork` makes one; `--kill-child` ends it with unshare itself. It is the
# first of its namespace, and with the first all others of a namespace are killed (pid_namespaces(7)).
NAMESPACES = ("--net", "--ipc", "--pid", "--fork", "--kill-child=KILL")
"""What `unshare` makes for an evaluation beside the mounts: no network, no shared memory, processes of its own."""
