"""Noting in the history what went past devkeel, when a call that may write sees it first."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from devkeel.candidate.repository import moved_since
from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError
from devkeel.project.declaration import declared_revision, environment_names, parts_of
from devkeel.project.root import SETTINGS
from devkeel.transaction import EXTERNAL, Record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from devkeel import runtime
    from devkeel.context import Context
    from devkeel.history import external
    from devkeel.project.root import Project
    from devkeel.transaction import FileChange
else:
    external = Deferred("devkeel.history.external")
    runtime = Deferred("devkeel.runtime")

__all__ = ["note_external"]

_UNKNOWN = "unknown"
_SECONDS = 5.0
# git(1), since 2.45: what a partial clone lacks is not fetched.
_LOCAL = {"GIT_NO_LAZY_FETCH": "1"}


def note_external(context: Context, declared: Mapping[str, bytes]) -> int | None:
    """Note what others did to the environment files since the history last saw them; return the operation's id.

    What is read for it is watched from now on. Nothing of it stands in the way of the call: what cannot be noted now is
    noted when the change is published, or by the next call.
    """
    source, store = context.source, context.records
    # What may be done is a part of how things came about, though no environment is made of it.
    names = [*declared, *parts_of(source, declared), *environment_names(), SETTINGS]
    contents = dict[str, bytes | None]()
    for name in names:
        with suppress(DevkeelError):  # outside of what may be read, too large, a directory
            path = source.resolve(name)
            contents[path] = source.read(path)
    if context.basis is not None:
        context.basis.watched = frozenset(contents)
    with suppress(DevkeelError, OSError):
        changes = external.not_noted(store, contents)
        if changes:
            return store.note(changes, _record(context, declared, changes))
    return None


def _record(context: Context, declared: Mapping[str, bytes], changes: Sequence[FileChange]) -> Record:
    revision, newest = declared_revision(context.source, declared), context.records.history(limit=1)
    before = newest[0].revision_after if newest else revision
    moved = not newest or moved_since(context.project.root, datetime.fromisoformat(newest[0].time).timestamp())
    told = [text for text in (_line_ends(changes), _in_git(context.project, changes) if moved else None) if text]
    return Record(EXTERNAL, _UNKNOWN, " ".join(told) or None, [], {}, before, revision)


def _line_ends(changes: Sequence[FileChange]) -> str | None:
    """Return which files have other line ends and nothing else."""
    names = [
        item.path
        for item in changes
        if item.before is not None and item.after is not None and _plain(item.before) == _plain(item.after)
    ]
    return f"Of {', '.join(names)} only the line ends." if names else None


def _in_git(project: Project, changes: Sequence[FileChange]) -> str | None:
    """Return that the files are as Git's HEAD has them, as after a checkout, a pull or a commit; None where not."""
    listed = _git(project, "ls-tree", "-z", "HEAD", "--", *(item.path for item in changes))
    if listed is None:
        return None
    blobs = dict[str, str]()
    for entry in listed.split("\0"):
        facts, _, path = entry.partition("\t")
        blobs[path] = facts.rpartition(" ")[2]
    if not all(_is_blob(item.after, blobs.get(item.path)) for item in changes):
        return None
    commit = _git(project, "rev-parse", "--short", "HEAD") or "HEAD"
    branch = (_git(project, "symbolic-ref", "--short", "-q", "HEAD") or "").strip()
    return f"As Git has it in {commit.strip()}{f' ({branch})' if branch else ''}."


def _git(project: Project, *argv: str) -> str | None:
    try:
        found = runtime.run(
            ("git", "-C", str(project.root), "--no-optional-locks", *argv), timeout=_SECONDS, environment=_LOCAL
        )
    except DevkeelError:
        return None
    return None if found.returncode else found.stdout.decode("utf-8", "replace")


def _is_blob(data: bytes | None, name: str | None) -> bool:
    if data is None or name is None:
        return data is None and name is None
    # gitformat-pack(5) and git-hash-object(1): the hash is over the type, the size and the content.
    make = hashlib.sha256 if len(name) == hashlib.sha256().digest_size * 2 else hashlib.sha1
    # With core.autocrlf the work tree has other line ends than the object.
    return any(make(b"blob %d\0%s" % (len(text), text)).hexdigest() == name for text in (data, _plain(data)))


def _plain(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n")
