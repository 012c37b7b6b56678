"""`devkeel doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel.display import clean
from devkeel_cli import exits
from devkeel_cli.options import backend_option, json_option, show
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.doctor import Examined
    from devkeel_cli.session import Session


@click.command("doctor")
@backend_option
@json_option
@pass_session
def command(session: Session, /, as_json: bool) -> int:
    """Tell what this machine has and lacks for the environment.

    Each backend that the project declares or uses: its tools and their versions, the lock, every environment's health,
    what was left over. Exits with 3 when something is wrong.
    """
    found = session.environment.doctor()
    show(found, _lines, as_json=as_json)
    return 0 if all(item.ok for item in found) else exits.CHECK_FAILED


def _lines(found: tuple[Examined, ...]) -> Iterator[str]:
    about = None
    for item in found:
        if item.about != about:
            about = item.about
            yield click.style(about, bold=True)
        yield f"  {'ok   ' if item.ok else 'wrong'} {clean(item.message)}"
        if item.remedy:
            yield f"        {clean(item.remedy)}"
