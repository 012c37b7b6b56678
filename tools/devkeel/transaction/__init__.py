"""Publishes a set of file changes as one step, and keeps the history.

The promise: after any return, error or kill, every file of an operation holds its bytes from before or its
new bytes, all of them agree once the next writer has recovered, and nothing that another program wrote is
overwritten.
"""

from __future__ import annotations

from devkeel.transaction.operation import (
    EXTERNAL,
    Attempt,
    FileChange,
    FileImage,
    LastSeen,
    Late,
    Operation,
    Record,
    Recovered,
    Refusal,
)
from devkeel.transaction.transactions import Transactions

__all__ = [
    "EXTERNAL",
    "Attempt",
    "FileChange",
    "FileImage",
    "LastSeen",
    "Late",
    "Operation",
    "Record",
    "Recovered",
    "Refusal",
    "Transactions",
]
