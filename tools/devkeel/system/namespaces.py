"""Linux namespaces that hold a program."""

from __future__ import annotations

__all__ = ["NAMESPACES"]


NAMESPACES = ("--net", "--ipc", "--pid", "--fork", "--kill-child=KILL")
"""What `unshare` makes for an evaluation beside the mounts: no network, no shared memory, processes of its own."""
