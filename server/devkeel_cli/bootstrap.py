"""Installing a tool that is missing: with --bootstrap, or when a person says yes on a terminal; never by itself."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TypeVar

import click

from devkeel.errors import Unavailable
from devkeel_cli.answers.telling import say, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.api import Environment

__all__ = ["with_bootstrap"]

T = TypeVar("T")


def with_bootstrap(environment: Environment, work: Callable[[], T], *, asked: bool) -> T:
    """Do `work`; where a tool is missing that devkeel can install and the person agrees, install it and do it again."""
    try:
        return work()
    except Unavailable as error:
        what = error.details.get("bootstrap")
        if what is None or not (asked or _says_yes(error, what)):
            raise
    say(f"installed {environment.bootstrap(what)}", err=True)
    return work()


def _says_yes(error: Unavailable, what: str) -> bool:
    person = sys.stdin.isatty() and sys.stderr.isatty() and not os.environ.get("CI")
    place = "into .devkeel/bin" if what == "micromamba" else "with uv, for this user"
    return person and click.confirm(f"{told().sentence(error.message)} Install {what} {place}?", err=True)
