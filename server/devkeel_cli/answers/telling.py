"""What the command may show: the one place through which its output leaves, on either stream."""

from __future__ import annotations

import os
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

import click

from devkeel.deferred import Deferred

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.disclosure import output as disclosed
    from devkeel.disclosure.output import Disclosure
    from devkeel_words import speech
else:
    disclosed = Deferred("devkeel.disclosure.output")
    speech = Deferred("devkeel_words.speech")


__all__ = ["OutputLost", "about", "colour", "say", "told", "without"]

T = TypeVar("T")
_TOLD: ContextVar[Disclosure | None] = ContextVar("told", default=None)


class OutputLost(Exception):
    """The output could not be written, to a full disk for example. error: what the system says."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


def about(root: Path) -> None:
    """Hear which project it is about: the values of its `.env` files are not shown from now on."""
    _TOLD.set(_disclosure(root))


def without(given: object) -> None:
    """Hear what the caller gave: the values of secrets in it are not repeated."""
    _TOLD.set(told().without(given))


def told() -> Disclosure:
    """Return what may be shown; without a project no values are known."""
    return _TOLD.get() or _disclosure(None)


def _disclosure(root: Path | None) -> Disclosure:

    return disclosed.Disclosure(root, speaker=speech.as_command)


def colour() -> bool | None:
    """Return False where NO_COLOR is set (https://no-color.org) or TERM is dumb, else None: click looks for itself."""
    return False if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" else None


def say(text: str, *, err: bool = False, nl: bool = True) -> None:
    """Write text, which may have colours of our own, to stdout, or to stderr."""
    try:
        click.echo(told().masked(text), err=err, nl=nl, color=colour())
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputLost(error) from error
