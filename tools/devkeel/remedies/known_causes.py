"""The causes of a failure in short, as answers of what has failed carry them: one line each, with a ready call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from devkeel.errors import CheckFailed
from devkeel.remedies.diagnose import diagnose

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devkeel.context import Context
    from devkeel.errors import DevkeelError
    from devkeel.remedies.diagnose import DiagnosedCause
    from devkeel.remedies.fix import Fix

__all__ = ["KnownCause", "known_causes"]

# Errors that end what programs of the project, its libraries or Nix did: what these said is in them. Others are about
# the request, the files, the policy or devkeel's records, and name what mends them.
_OF_PROGRAMS = frozenset(
    {
        *("build_failed", "evaluation_failed", "install_failed", "import_failed", "unresolvable", "lock_failed"),
        *("process_crashed", "port_held", "process_not_ready", "processes_not_started", "manager_ended"),
        *("unfree_package", "broken_package", "program_missing", "not_in_environment", "lock_stale"),
    }
)
# The output names these itself, and nothing of the environment mends them.
_PLAIN = frozenset({"tests", "code"})
_SEARCHED = "conflict"
_SHOWN = 200  # characters of a line
_DETAIL = 16 * 1024  # of a text in an error's details


class KnownCause(Struct, frozen=True):
    """One cause in short. kind, subject: as `devkeel.diagnosis.cause.Cause` has them. line: the one that says so.

    fix: in a sentence what mends it, the best of what was tried; None where nothing does. edits: those of the fix, of
    all causes that lie as deep where one alone does not mend it. create: one of them begins a file, which is to be
    asked for; None where none does. command: what is run instead of an edit. call: the call that mends it instead,
    marked. lacks: which permission the fix takes that the caller has not. uncertain: what of the fix is not known.
    advice: what helps where no edit does. refused: why a fix that would be due is not offered.
    """

    kind: str
    subject: str
    line: str
    fix: str | None = None
    edits: tuple[dict[str, Any], ...] | None = None
    create: bool | None = None
    command: str | None = None
    call: str | None = None
    lacks: str | None = None
    uncertain: str | None = None
    advice: str | None = None
    refused: str | None = None


def known_causes(context: Context, text: str, error: DevkeelError | None = None) -> tuple[KnownCause, ...]:
    """Return the causes of a failure, by what was printed and by its error; none where nothing is known."""
    if error is not None and error.code not in _OF_PROGRAMS:
        return ()
    found = diagnose(context, "\n".join([text, *_said(error)]), action=None)
    # What a search for versions came to is in the error: it is not to be begun again.
    searched = None if error is None else error.details.get("searched")
    told = (_without_search(item, searched) if searched else item for item in found.causes)
    return tuple(_short(item, found.together) for item in told if item.fixes or item.kind not in _PLAIN)


def _without_search(cause: DiagnosedCause, searched: str) -> DiagnosedCause:
    kept = tuple(fix for fix in cause.fixes if fix.edits)
    return replace(cause, fixes=kept, advice=searched) if cause.kind == _SEARCHED else cause


def _said(error: DevkeelError | None) -> Iterable[str]:
    """Yield what an error says, in its sentences and in what programs printed."""
    if error is None:
        return
    yield error.message
    if isinstance(error, CheckFailed):
        yield from (item.message for item in error.diagnostics)
    yield from (value[-_DETAIL:] for value in error.details.values() if isinstance(value, str))


def _short(cause: DiagnosedCause, together: Fix | None) -> KnownCause:
    line = cause.line if len(cause.line) <= _SHOWN else f"{cause.line[:_SHOWN]}…"
    if not cause.fixes:
        return KnownCause(cause.kind, cause.subject, line, advice=cause.advice, refused=cause.refused)
    fix = cause.fixes[0]
    whole = together if together is not None and all(edit in together.edits for edit in fix.edits) else fix
    return KnownCause(
        cause.kind,
        cause.subject,
        line,
        fix=fix.sentence,
        edits=whole.edits or None,
        create=whole.create or None,
        command=fix.command,
        call=fix.call,
        lacks=fix.lacks,
        uncertain=fix.uncertain,
    )
