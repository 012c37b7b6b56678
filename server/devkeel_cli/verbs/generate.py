"""`devkeel generate`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from devkeel_cli.answers import output
from devkeel_cli.arguments.options import (
    dry_run_option,
    json_option,
    level_option,
    reason_option,
    revision_option,
    show,
)
from devkeel_cli.session import pass_session
from devkeel_words import project_lines

if TYPE_CHECKING:
    from devkeel_cli.session import Session


def _pairs(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    for item in given:
        if "=" not in item:
            raise click.BadParameter(f"{item!r} is not NAME=VALUE.")
    return dict(item.split("=", 1) for item in given)


@click.command("generate")
@click.argument("kind", required=False)
@click.argument("parameters", metavar="[NAME=VALUE]...", nargs=-1, callback=_pairs)
@click.option("--replace", is_flag=True, help="Take away hand edits in the part, or a file of another origin.")
@dry_run_option
@level_option
@revision_option
@reason_option
@json_option
@pass_session
def command(
    session: Session,
    /,
    kind: str | None,
    parameters: dict[str, str],
    as_json: bool,
    **given: Any,  # noqa: ANN401  (of the library's verb)
) -> None:
    """Make flake.nix, .envrc, CI workflows and the like from what is declared.

    Without KIND: lists the kinds with their parameters. A VALUE of several texts has commas between them, or is JSON.
    Parameters that are not given are as the last time; what stands outside of devkeel's marks is kept.
    """
    if kind is None:
        show(session.environment.generators(), project_lines.generators, as_json=as_json)
        return
    show(session.environment.generate(kind, parameters, **given), output.change, as_json=as_json)
