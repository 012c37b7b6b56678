"""What a transaction is given, and what the history keeps of it."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

__all__ = [
    "EXTERNAL",
    "Attempt",
    "FileChange",
    "FileImage",
    "Kind",
    "LastSeen",
    "Late",
    "Operation",
    "Record",
    "Recovered",
    "Refusal",
]

Kind = Literal["edit", "undo", "redo", "restore", "create", "lock", "configure", "generate", "template", "external"]
EXTERNAL: Kind = "external"
"""What went past devkeel: noted when it was first seen, and published by no one here."""


class FileChange(Struct, frozen=True):
    """One file before and after.

    path: posix, relative to the root, links already resolved.
    before: the bytes that must be there; None when the file must not exist.
    after: the bytes that are published; None when the file is removed.
    """

    path: str
    before: bytes | None
    after: bytes | None


class FileImage(Struct, frozen=True):
    """What the history knows of one file: content hashes (SHA-256) and permission bits; None means absent."""

    path: str
    before_hash: str | None
    after_hash: str | None
    mode_before: int | None
    mode_after: int | None


class LastSeen(Struct, frozen=True):
    """How a file was when the history last saw it, and in which operation that is; a hash of None means absent."""

    operation: int
    hash: str | None
    mode: int | None


class Record(Struct, frozen=True):
    """What is kept with an operation: who, why, what and on which judgement.

    edits, report: JSON data, kept as given.
    reverts: id of the operation that this one undoes or redoes.
    """

    kind: Kind
    actor: str
    reason: str | None
    edits: list[dict[str, Any]]
    report: dict[str, Any]
    revision_before: str
    revision_after: str
    reverts: int | None = None


class Operation(Record, frozen=True, kw_only=True):
    """A published record with its identity.

    id: grows with time, never reused, may have gaps.
    token: 16 random hexadecimal digits.
    time: UTC, ISO 8601, seconds.
    undone_by: id of the operation that took its effect away; None while the effect stands.
    notes: what this publication could not keep (owner, attributes), as sentences; not part of the history.
    """

    id: int
    token: str
    time: str
    files: tuple[FileImage, ...]
    undone_by: int | None = None
    notes: tuple[str, ...] = ()


class Attempt(Struct, frozen=True):
    """An attempt to write that was refused or failed.

    actor, role: who tried. action: the verb. code: of the error. rule: what refused it, of devkeel.toml or among the
    checks; place: the file and line where that stands. reason: the one that the caller gave. files: what it was about;
    asked: what it asked for, in short words without secrets. seconds: how long it took until it was refused.
    """

    actor: str
    action: str
    code: str
    role: str | None = None
    rule: str | None = None
    place: str | None = None
    reason: str | None = None
    files: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    seconds: float | None = None


class Refusal(Attempt, frozen=True, kw_only=True):
    """An attempt as it is kept. id: grows with time. time: UTC, ISO 8601, seconds."""

    id: int
    time: str


class Recovered(Struct, frozen=True):
    """How an interrupted operation was settled.

    left_alone: paths whose content another program wrote meanwhile; they were not touched. kept: where files are kept
    that were pushed aside, and into which another program wrote or may still write.
    """

    operation_token: str
    outcome: Literal["completed", "rolled_back"]
    left_alone: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


class Late(Struct, frozen=True):
    """What a program wrote into a file after it was replaced, through a descriptor from before.

    path: of the file. place: where the old file is kept, relative to the root. operation: id of the one that replaced
    it. before, after: its contents then; data: what it holds now. written: whether a program may still write into it.
    """

    path: str
    place: str
    operation: int
    before: bytes | None
    after: bytes | None
    data: bytes
    written: bool
    gap: bool = False
