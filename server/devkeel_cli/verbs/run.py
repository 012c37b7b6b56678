"""`devkeel run`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from devkeel.context import InSandbox
from devkeel.errors import Unavailable
from devkeel_cli import exits
from devkeel_cli.answers import output
from devkeel_cli.answers.follow import follow
from devkeel_cli.answers.telling import say, told
from devkeel_cli.arguments.options import backend_option, json_option
from devkeel_cli.session import deliver_events, pass_session

if TYPE_CHECKING:
    from devkeel.environments.run import Invocation
    from devkeel_cli.session import Session

__all__ = ["become", "command"]


@click.command("run", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--task", metavar="NAME", help="Run a devenv task.")
@click.option("--test", is_flag=True, help="Run the project's test.")
@click.option("--cwd", metavar="DIR", help="Directory to run in, relative to the root.")
@click.option("--timeout", metavar="SECONDS", type=float, help="End it after that, with everything in it.")
@click.option("--env", "named", metavar="NAME", help="Run in a named environment instead.")
@click.option("--pure", is_flag=True, help="Without the programs of the host.")
@click.option("--sandbox", is_flag=True, help="It sees the project, its environment and the system, and no more.")
@click.option("--network/--no-network", default=True, help="Whether it has the network in the sandbox.")
@backend_option
@json_option
@click.argument("argv", nargs=-1, type=click.UNPROCESSED)
@pass_session
def command(
    session: Session,
    /,
    timeout: float | None,
    named: str | None,
    sandbox: bool,
    network: bool,
    as_json: bool,
    argv: tuple[str, ...],
    **given: Any,  # noqa: ANN401  (task, test, cwd, pure, as `Environment.run` has them)
) -> int:
    """Run a command in the applied environment.

    ARGV is the command, after --. It has this terminal and its exit code is returned. With --timeout or --json it
    runs as an agent would run it: without a terminal and without input.
    """
    if not (argv or given["task"] or given["test"]):
        raise click.UsageError("Say what to run: devkeel run -- pytest -q, --task NAME or --test.")
    if argv and argv[0].startswith("-"):
        raise click.NoSuchOption(argv[0].partition("=")[0])
    environment = session.environment
    given["held"] = InSandbox(network) if sandbox or not network else None
    if timeout is None and not as_json:
        become(environment.call(argv, environment=named, **given))
    job = environment.run(argv, timeout=timeout or 600.0, environment=named, **given)
    follow(job)
    result = environment.result(job)
    output.write_run(result, as_json=as_json)
    return exits.TIMED_OUT if result.exit_code is None else exits.of_command(result.exit_code)


def become(call: Invocation) -> None:
    """Turn this process into a command: terminal, input and signals are its own then."""
    for note in call.notes:
        say(f"note: {told().sentences(note)}", err=True)
    inherited = {name: value for name, value in os.environ.items() if name not in call.unset}
    argv, variables = call.argv, {**inherited, **call.variables}
    sys.stdout.flush()
    os.chdir(call.place)
    try:
        # execve(2) keeps the PID, the terminal and open descriptors without FD_CLOEXEC; it runs no handlers of
        # Python's.
        deliver_events()
        os.execvpe(argv[0], argv, variables)  # noqa: S606  (argv, and no shell)
    except OSError as error:
        raise Unavailable(
            "program_missing",
            f"{argv[0]} is not installed, or cannot be run.",
            seen=argv[0],
            remedy=f"Add the package or library that has it, apply, run it again. The system says: {error.strerror}.",
        ) from error
