"""The console script: one way in, one place where every failure becomes a sentence and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

import click

from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError, standing
from devkeel_cli import exits
from devkeel_cli.answers.telling import OutputLost
from devkeel_cli.collection import no_more, seldom
from devkeel_cli.group import cli
from devkeel_cli.session import deliver_events
from devkeel_cli.signals import Ended, end_on_signals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkeel import runtime
    from devkeel_cli.answers import errors
else:
    runtime = Deferred("devkeel.runtime")
    errors = Deferred("devkeel_cli.answers.errors")

__all__ = ["main", "run"]

# Seconds that a child has to end by itself, when the signal came before any code waited for it.
_GRACE = 2.0


def main() -> NoReturn:
    """Run `devkeel` with the process's arguments and exit."""
    seldom()
    _open_streams()
    end_on_signals()
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    # Python ignores SIGPIPE, so that a write without a reader fails with EPIPE (write(2)) and does not end the process.
    except BrokenPipeError:
        code = _pipe_closed()
    except OSError as error:
        code = _output_lost(error)
    if "rattler" in sys.modules:  # its threads may crash an interpreter that is finalizing
        sys.stderr.flush()
        deliver_events()
        os._exit(code)
    no_more()
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; what goes wrong is said on stderr, or as JSON."""
    try:
        result = cli.main(list(arguments), prog_name="devkeel", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return exits.USAGE
    except click.Abort as error:
        _end_children()
        click.echo("Interrupted.", err=True)
        _tell_what_stands(error)
        return exits.INTERRUPTED
    except Ended as ended:
        _end_children()
        _tell_what_stands(ended)
        return ended.code
    except (BrokenPipeError, SystemExit):  # click meets the closed pipe first, and exits
        return _pipe_closed()
    except Exception as error:  # noqa: BLE001  # the last line of defence: no traceback for a human
        return _failed(error, as_json=_asks_for_json(arguments))
    return result if isinstance(result, int) else 0


def _open_streams() -> None:
    """Give the process the streams that it was started without: a file would get their numbers, and what they print."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            # open(2) gives the lowest number that is free, so that a closed stdout would be the next file.
            nothing = os.open(os.devnull, os.O_RDWR)
            if nothing != number:
                os.dup2(nothing, number)
                os.close(nothing)
            setattr(sys, name, os.fdopen(number, mode))


def _tell_what_stands(error: BaseException) -> None:
    told = standing(error)
    if told is not None:
        with suppress(OSError):
            click.echo(f"devkeel: {told}", err=True)


def _end_children() -> None:

    runtime.end_children(_GRACE)


def _failed(error: Exception, *, as_json: bool) -> int:
    told = standing(error)
    if told is not None and isinstance(error, DevkeelError):
        error.details.setdefault("stands", told)
    elif told is not None:
        _tell_what_stands(error)
    try:
        if isinstance(error, OutputLost):
            raise error
        return _told(error, as_json=as_json)
    except OutputLost as lost:
        return _output_lost(lost.error)
    except OSError as obstacle:
        return _output_lost(obstacle)


def _told(error: Exception, *, as_json: bool) -> int:

    if isinstance(error, DevkeelError):
        return errors.show_error(error, as_json=as_json)
    if isinstance(error, click.ClickException):
        return errors.show_error(errors.usage(error), as_json=as_json)
    if os.environ.get("DEVKEEL_DEBUG"):
        traceback.print_exception(error)
    return errors.show_error(errors.unexpected(error), as_json=as_json, exit_code=exits.INTERNAL)


def _asks_for_json(arguments: Sequence[str]) -> bool:
    """Return whether `--json` is among the options, even when the rest of the line makes no sense."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in options


def _pipe_closed() -> int:
    # The reader has gone (`devkeel history | head`): what is still buffered has nowhere to go.
    # The interpreter flushes stdout once more at its end, and would complain of the same.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return exits.PIPE_CLOSED


def _output_lost(error: OSError) -> int:
    """Say that the output could not be written, to a full disk for example, where that can be said."""
    with suppress(OSError):
        click.echo(f"devkeel: the output could not be written: {error.strerror}.", err=True)
    for number in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)
    return exits.INTERNAL
