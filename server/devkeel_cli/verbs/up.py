"""`devkeel up`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from devkeel_cli.arguments.starting import manage, start_options
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.session import Session


@click.command("up")
@start_options
@pass_session
def command(
    session: Session, /, names: tuple[str, ...], timeout: float, on_failure: Literal["keep", "restore"], as_json: bool
) -> None:
    """Start the processes and wait until they are ready.

    Without NAME, all that start by themselves. When the declaration has changed since they were
    started, everything is started anew.
    """
    manage(session, "start", names, timeout=timeout, on_failure=on_failure, as_json=as_json)
