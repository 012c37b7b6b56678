"""`devkeel enable`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from devkeel.deferred import Deferred
from devkeel.errors import UsageError
from devkeel_cli.arguments.options import change, complete_name, file_option, in_file, writing_options
from devkeel_cli.arguments.values import read_value
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkeel import catalogue
    from devkeel_cli.arguments.options import Writing
    from devkeel_cli.session import Session
else:
    catalogue = Deferred("devkeel.catalogue")


@click.command("enable")
@click.argument("name", shell_complete=complete_name)
@click.option(
    "--setting",
    "settings",
    metavar="KEY=VALUE",
    multiple=True,
    help="An option below it, for example port=6380. VALUE is read as by `devkeel set`.",
)
@file_option
@writing_options
@pass_session
def command(session: Session, /, name: str, settings: tuple[str, ...], file: str | None, writing: Writing) -> None:
    """Enable a service or a language.

    NAME is a name such as redis or python, or the option path: services.redis, languages.python.
    """
    edit = {"kind": "enable", "name": name, "settings": _settings(name, settings), **in_file(file)}
    change(session, [edit], writing)


def _settings(name: str, given: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in given:
        key, equals, text = item.partition("=")
        if not equals or not key:
            raise UsageError(
                "bad_argument",
                "A setting has the form KEY=VALUE.",
                seen=item,
                remedy="For example port=6380.",
            )
        if key in found:
            raise UsageError(
                "bad_argument", f"The setting {key} is given twice.", seen=item, remedy="Give each setting once."
            )
        found[key] = read_value(_path_of(name, key), text)["value"]
    return found


def _path_of(name: str, key: str) -> str:
    """Return the option path of a setting: a bare name is a service or a language, whichever has it."""
    paths = [f"{name}.{key}"] if "." in name else [f"services.{name}.{key}", f"languages.{name}.{key}"]
    return next((path for path in paths if catalogue.option_type(path) is not None), paths[0])
