"""`devkeel nix run`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from devkeel_cli import exits
from devkeel_cli.answers import output
from devkeel_cli.answers.follow import follow
from devkeel_cli.arguments.options import json_option
from devkeel_cli.arguments.overrides import override_option, overriding
from devkeel_cli.session import pass_session
from devkeel_cli.verbs.run import become

if TYPE_CHECKING:
    from devkeel_cli.session import Session

__all__ = ["command"]


@click.command("run", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option(
    "-p", "--package", "packages", metavar="PACKAGE", multiple=True, required=True, help="Several may be given."
)
@click.option("--file", metavar="FILE", help="A Nix file of the project: PACKAGE without # is an attribute of it.")
@click.option("--cwd", metavar="DIR", help="Directory to run in, relative to the root.")
@click.option("--pure", is_flag=True, help="Without the programs of the host.")
@override_option
@click.option("--timeout", metavar="SECONDS", type=float, help="End it after that, building included.")
@json_option
@click.argument("argv", nargs=-1, type=click.UNPROCESSED)
@pass_session
def command(
    session: Session,
    /,
    packages: tuple[str, ...],
    overrides: dict[str, str],
    timeout: float | None,
    as_json: bool,
    argv: tuple[str, ...],
    **given: Any,  # noqa: ANN401  (file, cwd, pure, as `Environment.run_packages` has them)
) -> int:
    """Run a command with packages, and declare nothing.

    PACKAGE is such as jq, of the nixpkgs that the project pins, or #hello of flake.nix. ARGV is the command, after --.
    It has this terminal and its exit code is returned. With --timeout or --json it runs as an agent would run it:
    without a terminal and without input.
    """
    if not argv:
        raise click.UsageError("Say what to run: devkeel nix run -p jq -- jq --version.")
    environment = overriding(session.environment, overrides)
    if timeout is None and not as_json:
        job = environment.call_packages(packages, argv, **given)
        follow(job)
        become(environment.result(job))
    job = environment.run_packages(packages, argv, timeout=timeout or 3600.0, **given)
    follow(job)
    result = environment.result(job)
    output.write_run(result, as_json=as_json)
    return exits.TIMED_OUT if result.exit_code is None else exits.of_command(result.exit_code)
