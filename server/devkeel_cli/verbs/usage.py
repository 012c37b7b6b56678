"""`devkeel usage`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel.deferred import Deferred
from devkeel_cli.arguments.options import json_option, show
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.answers import detection
    from devkeel_cli.session import Session
else:
    detection = Deferred("devkeel_cli.answers.detection")


@click.command("usage")
@json_option
@pass_session
def command(session: Session, /, as_json: bool) -> None:
    """Show packages that nothing uses, and programs that nothing declares.

    Suggestions, each with its evidence; nothing is changed. A package is unused where no file has a word for it, a
    program missing where a script, a recipe or a test in CI runs it.
    """
    show(session.environment.usage(), detection.usage, as_json=as_json)
