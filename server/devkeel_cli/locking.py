"""Asking a person on a terminal, once, whether a lock that is stale or missing is to be made; never in CI."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from devkeel_cli.answers import output
from devkeel_cli.answers.follow import follow
from devkeel_cli.answers.telling import say

if TYPE_CHECKING:
    from devkeel.api import Environment
    from devkeel.change.result import ChangeResult

__all__ = ["offer_locks"]


def offer_locks(environment: Environment) -> None:
    """Make the locks that are stale or missing where a person on a terminal says yes; what was asked is remembered."""
    if os.environ.get("CI") or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    names = environment.locks_to_ask_about()
    if not names:
        return
    for item in environment.check_locks(names).locks:
        say(f"{item.file} is {item.state}" + (f": {item.reason}" if item.reason else ""), err=True)
    wanted = click.confirm("Make it now?" if len(names) == 1 else "Make them now?", err=True)
    environment.asked_about_locks(names)
    if wanted:
        job = environment.lock("create", names)
        follow(job)
        result: ChangeResult = job.value()
        for line in output.change(result):
            say(line, err=True)
