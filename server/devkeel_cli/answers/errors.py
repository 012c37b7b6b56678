"""Library error -> lines on stderr, or one JSON object on stdout; and its exit code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from devkeel.deferred import Deferred
from devkeel.errors import CheckFailed, DevkeelError, UsageError
from devkeel.text.clean import clean
from devkeel_cli.answers.output import checks_line, finding, paint_diff, write_json
from devkeel_cli.answers.telling import say, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.checks import report
    from devkeel_cli.answers import diagnosis
else:
    report = Deferred("devkeel.checks.report")
    diagnosis = Deferred("devkeel_cli.answers.diagnosis")

__all__ = ["show_error", "unexpected", "usage"]


def show_error(error: DevkeelError, *, as_json: bool, exit_code: int | None = None) -> int:
    """Show an error where it belongs and return the exit code of the process."""
    code = error.exit_code if exit_code is None else exit_code
    error = told().error(error)
    if as_json:
        write_json({"error": error.as_data(), "exit_code": code})
    else:
        label = click.style(f"error[{error.code}]:", fg="red", bold=True)
        say("\n".join([f"{label} {clean(error.message)}", *_lines(error)]), err=True)
    return code


def usage(error: click.ClickException) -> UsageError:
    """Return click's complaint about the command line as an error of ours."""
    context = getattr(error, "ctx", None)
    help_call = f"{context.command_path} --help" if context else "devkeel --help"
    return UsageError("bad_usage", error.format_message(), remedy=f"See `{help_call}`.")


def unexpected(error: Exception) -> DevkeelError:
    """Return the error for an unexpected exception."""
    return DevkeelError(
        "internal_error",
        f"devkeel met an unexpected error ({type(error).__name__}).",
        remedy="Run it again with DEVKEEL_DEBUG=1 to see the traceback, and report it.",
    )


def _said(error: DevkeelError) -> str:
    found = error.further if isinstance(error, CheckFailed) else ()
    return "\n".join([error.message, *(item.message for item in found)])


def _lines(error: DevkeelError) -> Iterator[str]:
    if error.place:
        yield f"  at:    {clean(str(error.place))}"
    if error.seen is not None:
        yield f"  seen:  {clean(error.seen)}"
    if error.alternatives:
        yield f"  valid: {clean(', '.join(error.alternatives))}"
    if isinstance(error, CheckFailed):
        yield from (f"  {line}" for item in error.further for line in finding(item))
    facts = dict(error.details)
    causes = facts.pop("causes", None)
    if "ran" in facts:
        skipped = [report.Skipped(**item) for item in facts.pop("skipped", ())]
        yield f"  {checks_line(facts.pop('ran'), skipped)}"
    for name, value in facts.items():
        if name == "diff" and isinstance(value, str):
            yield paint_diff(value)
        else:
            fact = value if isinstance(value, str) else json.dumps(value, default=str)
            yield f"  {clean(name)}: {clean(fact)}"
    if causes:
        yield from (f"  {line}" for line in diagnosis.known(causes, _said(error)))
    if error.remedy:
        yield f"  next:  {clean(error.remedy)}"
