"""`devkeel restart`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from devkeel_cli.arguments.starting import manage, start_options
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.session import Session


@click.command("restart")
@start_options
@pass_session
def command(
    session: Session, /, names: tuple[str, ...], timeout: float, on_failure: Literal["keep", "restore"], as_json: bool
) -> None:
    """Start the processes anew.

    Without NAME, everything, with the declaration as it is now.
    """
    manage(session, "restart", names, timeout=timeout, on_failure=on_failure, as_json=as_json)
