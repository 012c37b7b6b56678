"""`devkeel purge`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.arguments.options import show
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.session import Session


@click.command("purge")
@pass_session
def command(session: Session, /) -> None:
    """Remove the environments that devkeel made.

    The project's files, the history, and environments that others made stay.
    """
    removed = session.environment.environments().purge()
    show(removed, lambda names: [f"removed {name}" for name in names] or ["nothing to remove"], as_json=False)
