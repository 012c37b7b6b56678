"""Following a job: a line that moves on a terminal, plain lines elsewhere, and an end on Ctrl-C."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from devkeel_cli.answers.telling import say, told

if TYPE_CHECKING:
    from devkeel.runtime.jobs import Job

__all__ = ["follow"]

_LOOK = 0.2
_SIGNS = "|/-\\"
_WIDTH = 70


def follow(job: Job) -> None:
    """Wait for the end of a job and show what it is at, on stderr. Ctrl-C ends the job with everything in it."""
    shown, step = None, 0
    live = sys.stderr.isatty()
    try:
        while not job.wait(_LOOK):
            sentence = told().sentence(job.progress or "")
            if live:
                say(f"\r{_SIGNS[step % len(_SIGNS)]} {sentence[:_WIDTH]:<{_WIDTH}}", err=True, nl=False)
            elif sentence and sentence != shown:
                say(sentence, err=True)
            shown, step = sentence, step + 1
    except KeyboardInterrupt:
        job.cancel()
        raise click.Abort from None
    finally:
        if live and step:
            say(f"\r{'':<{_WIDTH + 2}}\r", err=True, nl=False)
