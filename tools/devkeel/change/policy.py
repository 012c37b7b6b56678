"""The policy in devkeel.toml, changed for a person who asked for it: an operation like every other.

One key is set or taken out, and proven to be all that changes; what the file says then is read as every call reads it
before it is published. An undo of that is such a change too, and a person agrees to it as well (`person.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.change.judge import Intent
from devkeel.change.write import conclude, expect, patiently
from devkeel.deferred import Deferred
from devkeel.errors import ProjectError, UsageError
from devkeel.project.policy import POLICY
from devkeel.project.root import SETTINGS
from devkeel.project.settings import read_settings
from devkeel.source.path import format_path, parse_path

if TYPE_CHECKING:
    from devkeel.candidate.candidate import Candidate
    from devkeel.change.changes import Asked
    from devkeel.change.result import ChangeResult
    from devkeel.context import Context
    from devkeel.source import toml
    from devkeel.source.plain_data import Data
else:
    toml = Deferred("devkeel.source.toml")

__all__ = ["configure"]


def configure(context: Context, key: str, value: Data | None, asked: Asked) -> ChangeResult:
    """Set or take out one key of the policy; see the verb of `Environment` that calls it."""
    names = parse_path(key)
    if names[0] not in POLICY:
        raise UsageError(
            "not_policy",
            f"{names[0]} is no part of the policy, which is what is changed here.",
            seen=key[:200],
            remedy=f"Name a key of the policy; a person changes the rest of {SETTINGS} by hand.",
            alternatives=POLICY,
        )

    def attempt(context: Context, candidate: Candidate) -> ChangeResult:
        expect(context, asked.expected_revision, candidate.files)
        data = candidate.read(SETTINGS) or b""
        document = toml.Document(data, SETTINGS)
        edited = toml.unset(document, names) if value is None else toml.set(document, names, value)
        candidate.notes += edited.notes
        if edited.data != data:
            candidate.put(SETTINGS, edited.data)
            _require_usable(candidate)
        given = [{"kind": "policy", "key": format_path(names)} | ({} if value is None else {"value": value})]
        intent = Intent("configure", asked.reason, asked.dry_run, "syntax", given, agreed=asked.agreed)
        return conclude(context, candidate, intent)

    return patiently(context, attempt, stubborn=asked.stubborn, dry_run=asked.dry_run)


def _require_usable(candidate: Candidate) -> None:
    """Raise ProjectError `bad_settings` where the file could not be used then; its lines are of what is not written."""
    try:
        read_settings(candidate)
    except ProjectError as error:
        raise ProjectError(
            error.code,
            f"The file would be of no use then: {error.message} Nothing was written.",
            seen=error.seen,
            remedy="Give the key another value.",
            alternatives=error.alternatives,
            details=error.details,
        ) from error
