"""Asking the person at the terminal, where what is done is theirs to decide."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeVar

import click

from devkeel.errors import PolicyRefused
from devkeel_cli.answers import output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Made = TypeVar("Made")

__all__ = ["confirm", "or_confirmed", "yes_option"]

yes_option: Callable[[Any], Any] = click.option(
    "--yes", is_flag=True, help="You are the person who decides this: do not ask."
)


def confirm(shown: Iterable[str], question: str, *, yes: bool, as_json: bool) -> None:
    """Show what would be done and ask; raise click.Abort where the person does not want it.

    Raises PolicyRefused `person_needed` where there is no terminal to ask on.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise PolicyRefused(
            "person_needed",
            "A person has to agree to this, and there is no terminal to ask on. Nothing was done.",
            remedy="Do it in a terminal. The person who decides it may add --yes.",
        )
    output.write(shown, err=as_json)
    click.confirm(question, abort=True, err=as_json)


def or_confirmed(
    asking: Callable[..., Made], shown: Callable[[Made], Iterable[str]], *, yes: bool, as_json: bool
) -> Made:
    """Return what a call makes; where a person has to agree to it, show it, ask them, and call anew."""
    try:
        return asking()
    except PolicyRefused as error:
        if error.code != "person_needed":
            raise
        confirm(shown(asking(dry_run=True)), "Change the policy?", yes=yes, as_json=as_json)
    return asking(agreed=True)
