"""Asking the person at the terminal, or on a page that is open, where what is done is theirs to decide."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click
from msgspec import to_builtins

from devkeel.errors import Conflict, PolicyRefused
from devkeel_cli.answers import output
from devkeel_cli.arguments.on_page import AskedVerb, on_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.api import Environment
    from devkeel.change.result import ChangeResult

__all__ = ["confirmed", "or_confirmed", "yes_option"]

yes_option: Callable[[Any], Any] = click.option(
    "--yes", is_flag=True, help="You are the person who decides this: do not ask."
)


def confirmed(
    environment: Environment,
    asking: Callable[..., ChangeResult],
    tried: ChangeResult,
    asked: AskedVerb,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Show what a call would do and ask; return where the person wants it.

    tried: what its dry run came to. Raises click.Abort, PolicyRefused `declined`, and `person_needed` where there is no
    terminal to ask on and no page is open; Conflict `plan_differs`.
    """
    if yes:
        return
    if sys.stdin.isatty():
        output.write(output.change(tried), err=as_json)
        click.confirm(asked.question, abort=True, err=as_json)
    elif not on_page(environment, asked, to_builtins(tried)):
        raise PolicyRefused(
            "person_needed",
            "A person has to agree to this, and there is no terminal to ask on. Nothing was done.",
            remedy="Do it in a terminal. The person who decides it may add --yes.",
        )
    elif asking(dry_run=True).diff != tried.diff:
        raise Conflict(
            "plan_differs",
            "What the person was shown is not what would be done by now. Nothing was done.",
            remedy="Repeat the command, so that they see what it is now.",
        )


def or_confirmed(
    environment: Environment,
    asking: Callable[..., ChangeResult],
    asked: AskedVerb,
    *,
    yes: bool,
    as_json: bool,
) -> ChangeResult:
    """Return what a call makes; where a person has to agree to it, ask them, and call anew. Raises as `confirmed`."""
    try:
        return asking()
    except PolicyRefused as error:
        if error.code != "person_needed":
            raise
    confirmed(environment, asking, asking(dry_run=True), asked, yes=yes, as_json=as_json)
    return asking(agreed=True)
