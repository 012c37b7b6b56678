"""Library error -> tool error: one table, one shape.

A tool error is a result with `is_error`, never a protocol error, so that the model sees it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mcp_types import CallToolResult, TextContent

from devkeel import errors
from devkeel.deferred import Deferred
from devkeel.text.actions import do, say
from devkeel.text.clean import clean
from devkeel_mcp.answers import causes
from devkeel_mcp.answers.render import checks_line, diagnostic_line
from devkeel_mcp.answers.text import MAX_BYTES, cut, cut_line, few, fit
from devkeel_words.speech import as_tool

if TYPE_CHECKING:
    from devkeel.checks import report
    from devkeel.disclosure.output import Disclosure
    from devkeel.errors import DevkeelError
else:
    report = Deferred("devkeel.checks.report")

__all__ = ["error_result", "internal_error", "note_first"]

INTERNAL = "internal_error"
_UNCERTAIN = f"Look with {do('inspect')} before you try again."

# The first class that fits decides: what kind of error the model is told, and what to do where the error
# itself has no remedy. Subclasses come before their bases.
_TABLE: tuple[tuple[type[DevkeelError], str, str], ...] = (
    (errors.UsageError, "usage", "Correct the arguments and call again."),
    (errors.ProjectError, "project", "Correct the project's files, or name another file."),
    (errors.CheckFailed, "check_failed", "Correct what the diagnostics name and call again."),
    (errors.Refused, "refused", f"Use {do('patch')} with the exact text to replace."),
    (errors.PolicyRefused, "policy", "Ask the user: the project's settings forbid it."),
    (errors.Conflict, "conflict", f"Call {do('inspect')}, then repeat the edit on the new revision."),
    (errors.Unavailable, "unavailable", "Ask for a check level that this machine can run."),
    (errors.Busy, "busy", "Wait a moment and call again."),
    (errors.StateError, "state", "Ask the user to look at the .devkeel directory."),
    (errors.DevkeelError, "internal", _UNCERTAIN),
)

# Facts about a bad argument that its message says in words.
_SAID = {"tool", "argument"}

_LAST = 1_000


def internal_error(tool: str, error: BaseException | None = None) -> DevkeelError:
    """Return the error for an unexpected exception: its text stays in the log; what was done is said."""
    told = errors.standing(error)
    return errors.DevkeelError(
        INTERNAL,
        f"{tool} ended with an unexpected error inside devkeel; the server's log has it.",
        remedy=_UNCERTAIN,
        details={"stands": told} if told else {},
    )


def error_result(error: DevkeelError, disclosure: Disclosure) -> CallToolResult:
    """Return the tool error for a library error: text and structured content, each complete alone."""
    told = errors.standing(error)
    error = disclosure.error(error)
    kind, fallback = next((kind, then) for cls, kind, then in _TABLE if isinstance(error, cls))
    if told is not None:
        error.details.setdefault("stands", told)
    data: dict[str, Any] = {"kind": kind, "remedy": say(fallback, as_tool)} | error.as_data()
    return CallToolResult(
        content=[TextContent(type="text", text=_text(data, error))],
        # MCP, Tools: the text beside structured content is for clients that know no other.
        structured_content={"error": fit(data)},
        is_error=True,
    )


def _text(data: dict[str, Any], error: DevkeelError) -> str:
    remedy = f"next: {data['remedy']}"
    lines = [f"error[{data['code']}]: {data['message']}"]
    if error.place:
        lines.append(f"at: {error.place}")
    if error.seen is not None:
        lines.append(f"seen: {error.seen}")
    if error.alternatives:
        lines.append(f"valid: {', '.join(error.alternatives)}")
    if isinstance(error, errors.CheckFailed):
        lines += few(map(diagnostic_line, error.further))
    facts = dict(error.details)
    known = facts.pop("causes", ())
    if "ran" in facts:
        skipped = [report.Skipped(**item) for item in facts.pop("skipped", ())]
        lines.append(checks_line(facts.pop("ran"), skipped))
    lines += [_fact(name, value) for name, value in facts.items() if name not in _SAID]
    lines += causes.lines(known, "\n".join(lines))
    # Cut before the last line: what to do next is always told.
    told = cut(clean("\n".join(lines)), MAX_BYTES - _LAST)
    return f"{told}\n{cut_line(clean(remedy), _LAST)}"


def _fact(name: str, value: object) -> str:
    if isinstance(value, str):
        return f"{name}:\n{value.rstrip()}" if "\n" in value else f"{name}: {value}"
    return f"{name}: {json.dumps(value, ensure_ascii=False, default=str)}"


def note_first(result: CallToolResult, note: str, disclosure: Disclosure) -> None:
    """Put a note before what an answer says."""
    result.content.insert(0, TextContent(type="text", text=f"Note: {disclosure.sentence(note)}"))
