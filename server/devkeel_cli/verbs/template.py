"""`devkeel template`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from devkeel_cli import exits
from devkeel_cli.answers import output, telling
from devkeel_cli.arguments.options import (
    dry_run_option,
    json_option,
    level_option,
    reason_option,
    revision_option,
    show,
)
from devkeel_cli.session import pass_session
from devkeel_words import template_lines

if TYPE_CHECKING:
    from devkeel_cli.session import Session

__all__ = ["command"]


def _from_here(_context: click.Context, _parameter: click.Parameter, source: str) -> str:
    """Return a directory where it is relative to the current one, as for every command."""
    path = source.removeprefix("path:")
    if path == source and ":" in source.partition("/")[0]:
        return source
    is_directory = path != source or "/" in source or source.startswith(".")
    return str(Path(path).expanduser().resolve()) if is_directory else source


def _pairs(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    for item in given:
        if "=" not in item:
            raise click.BadParameter(f"{item!r} is not NAME=VALUE.")
    return dict(item.split("=", 1) for item in given)


_SOURCE = click.argument("source", metavar="TEMPLATE", callback=_from_here)


@click.group("template")
def command() -> None:
    """Begin a project by a template, or add one to it.

    A TEMPLATE is the name of a built-in one, a directory with a kit.toml, or a flake reference such as
    github:OWNER/REPOSITORY?dir=DIRECTORY.
    """


@command.command("list")
@json_option
@pass_session
def known(session: Session, /, as_json: bool) -> None:
    """List the built-in templates with their parameters."""
    show(session.environment.templates(), template_lines.listed, as_json=as_json)


@command.command("info")
@_SOURCE
@json_option
@pass_session
def info(session: Session, /, source: str, as_json: bool) -> None:
    """Show what a template takes, what it adds, and what its result needs."""
    show(session.environment.template(source, anywhere=True), template_lines.info, as_json=as_json)


@command.command("validate")
@_SOURCE
@json_option
@pass_session
def validate(session: Session, /, source: str, as_json: bool) -> int:
    """Say what is not sound in a template; each set of its examples is tried.

    Exits with 3 where something is wrong.
    """
    report = session.environment.validate_template(source, anywhere=True)
    show(report, template_lines.validation, as_json=as_json)
    return 0 if report.ok else exits.CHECK_FAILED


@command.command("use")
@_SOURCE
@click.argument("parameters", metavar="[NAME=VALUE]...", nargs=-1, callback=_pairs)
@click.option("--here", is_flag=True, help="Begin in the current directory, whatever is declared above it.")
@dry_run_option
@level_option
@revision_option
@reason_option
@json_option
@pass_session
def use(
    session: Session,
    /,
    source: str,
    parameters: dict[str, str],
    here: bool,
    as_json: bool,
    **given: Any,  # noqa: ANN401  (of the library's verb)
) -> None:
    """Begin a project by a template, or add what it has to one.

    It only adds: files that are there and values that are set stay. A VALUE is JSON where the template's schema wants
    no text; a list may have commas instead.
    """
    environment = session.open(session.new_root if here else session.root)
    schemas = environment.template(source, anywhere=True).parameters.get("properties", {})
    values = {name: _value(schemas.get(name, {}), text) for name, text in parameters.items()}
    telling.without(values)
    result = environment.use_template(source, values, anywhere=True, **given)
    show(result, output.change, as_json=as_json)


def _value(schema: dict[str, Any], text: str) -> Any:  # noqa: ANN401  (data)
    """Return what a text means for a parameter: JSON, where that is not text itself."""
    kind = schema.get("type", "string")
    if kind == "string":
        return text
    if kind == "array" and not text.startswith("["):
        items = schema.get("items", {})
        return [_value(items, item.strip()) for item in text.split(",") if item.strip()]
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
