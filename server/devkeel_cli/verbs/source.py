"""`devkeel source`."""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import click
from msgspec import Struct

from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError, Place, ProjectError, Refused
from devkeel.source import nix, toml, yaml
from devkeel.text.actions import do
from devkeel.text.clean import clean
from devkeel_cli.answers import output
from devkeel_cli.answers.telling import say, told
from devkeel_cli.arguments.options import json_option, reading_options
from devkeel_cli.arguments.values import read_value
from devkeel_cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.policy import protected
    from devkeel.project import environment_files
    from devkeel.project import root as project_root
    from devkeel.source import Edited
    from devkeel.text import diff as diffs
    from devkeel.transaction import single_file
    from devkeel_cli.arguments.values import Reading
else:
    environment_files = Deferred("devkeel.project.environment_files")
    project_root = Deferred("devkeel.project.root")
    diffs = Deferred("devkeel.text.diff")
    protected = Deferred("devkeel.policy.protected")
    single_file = Deferred("devkeel.transaction.single_file")

STDIN = "-"
_SETTINGS = "devkeel.toml"
_SUFFIXES = {".yaml": "yaml", ".yml": "yaml", ".toml": "toml"}

Format = Literal["nix", "yaml", "toml"]


class _Source(Struct, frozen=True):
    """A file, or standard input: its bytes and how they are read. real: where it is, links resolved."""

    name: str
    kind: Format
    data: bytes
    real: Path | None

    @property
    def document(self) -> Any:  # noqa: ANN401  (of the format's editor)
        """The parsed file; `config` and `imports` are attributes like any other."""
        if self.kind == "nix":
            return self.editor.Document(self.data, self.name, module=False)
        return self.editor.Document(self.data, self.name)

    @property
    def editor(self) -> Any:  # noqa: ANN401  (one of three modules with the same functions)
        """The module that edits this format."""
        if self.kind == "nix":
            return nix
        if self.kind == "yaml":
            return yaml
        return toml

    def value(self, path: str, text: str, reading: Reading | None) -> Any:  # noqa: ANN401  (data or an expression)
        """Return what VALUE says; only devenv's options have types that decide."""
        fields = read_value(path if self.kind == "nix" else "", text, reading or "auto")
        if "value" in fields:
            return fields["value"]
        if self.kind != "nix":
            raise Refused(
                "not_nix",
                f"{self.name} is not a Nix file, so that no Nix expression can stand in it.",
                place=Place(self.name),
                remedy="Give a value.",
            )
        return self.editor.Expression(fields["expression"])


def _open(name: str, kind: Format | None) -> _Source:
    kind = kind or cast("Format", _SUFFIXES.get(Path(name).suffix.lower(), "nix"))
    if name == STDIN:
        return _Source("<stdin>", kind, sys.stdin.buffer.read(), None)

    real = Path(os.path.realpath(name))
    _require(real, "source")
    data = project_root.Project(real.parent).read(real.name)
    if data is None:
        raise ProjectError(
            "missing_file", f"There is no file {name}.", place=Place(name), remedy="Name a file that exists."
        )
    return _Source(name, kind, data, real)


_format_option = click.option(
    "--format",
    "kind",
    type=click.Choice(["nix", "yaml", "toml"]),
    help="What FILE is. Default: by its suffix, else nix.",
)
_dry_run_option = click.option("-n", "--dry-run", is_flag=True, help="Show the diff, write nothing.")


def _writing(command: Callable[..., None]) -> Callable[..., None]:
    return _format_option(_dry_run_option(json_option(_offering(command))))


def _offering(command: Callable[..., None]) -> Callable[..., None]:
    """Let the refusal of an edit offer what takes the file: exact text is for the environment's own."""

    @functools.wraps(command)
    def offering(file: str, **given: Any) -> None:  # noqa: ANN401  (click's arguments)
        try:
            command(file, **given)
        except DevkeelError as error:
            if do("patch") in (error.remedy or "") and not environment_files.is_environment_file(Path(file).name):
                error.remedy = "Write this change in the file yourself: this edit is not certain there."
            raise

    return offering


@click.group("source")
def command() -> None:
    """Edit any Nix, YAML or TOML file, without history.

    FILE is an attribute set in Nix, or .yaml, .yml or .toml by its suffix; it need not be in a project. - reads
    standard input and writes the result to standard output. Nothing but the syntax is checked, and nothing can be
    undone: without history; use `devkeel set` inside a project.
    """


@command.command("get")
@click.argument("file")
@click.argument("path")
@_format_option
@json_option
def get(file: str, path: str, kind: Format | None, as_json: bool) -> None:
    """Print the value at PATH.

    Text is printed as it is, an expression as its source, anything else as JSON.
    """
    source = _open(file, kind)
    try:
        value = source.editor.get(source.document, path)
    except KeyError as error:
        raise ProjectError(
            "not_defined",
            f"Nothing in {source.name} defines {path}.",
            place=Place(source.name),
            remedy="Name a path that the file defines, or set it.",
        ) from error
    written = getattr(value, "source", value)
    if as_json or not isinstance(written, str):
        output.write_json(_plain(value), exact=True)
    else:
        # A pipe gets the exact text; a terminal must not obey it.
        click.echo(clean(written) if sys.stdout.isatty() else written)


def _plain(value: Any) -> Any:  # noqa: ANN401  (data)
    """Return a value as JSON has it: expressions as `{"expression": …}`, dates as text."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if hasattr(value, "source"):
        return {"expression": value.source}
    return value.isoformat() if hasattr(value, "isoformat") else value


@command.command("set")
@click.argument("file")
@click.argument("path")
@click.argument("value")
@reading_options
@_writing
def set_(file: str, path: str, value: str, reading: Reading | None, kind: Format | None, **shown: bool) -> None:
    """Set PATH to VALUE.

    VALUE is JSON where it parses, else text. Without history; use `devkeel set` inside a project.
    """
    source = _open(file, kind)
    _finish(source, source.editor.set(source.document, path, source.value(path, value, reading)), **shown)


@command.command("unset")
@click.argument("file")
@click.argument("path")
@_writing
def unset(file: str, path: str, kind: Format | None, **shown: bool) -> None:
    """Remove what is at PATH.

    Without history; use `devkeel unset` inside a project.
    """
    source = _open(file, kind)
    _finish(source, source.editor.unset(source.document, path), **shown)


@command.command("append")
@click.argument("file")
@click.argument("path")
@click.argument("values", metavar="VALUE...", nargs=-1, required=True)
@reading_options
@_writing
def append(
    file: str, path: str, values: tuple[str, ...], reading: Reading | None, kind: Format | None, **shown: bool
) -> None:
    """Append each VALUE that the list at PATH lacks.

    VALUE is JSON where it parses, else text. Without history; use `devkeel set` inside a project.
    """
    source = _open(file, kind)
    items = [source.value(path, value, reading) for value in values]
    _finish(source, source.editor.append(source.document, path, *items), **shown)


def _require(path: Path, action: str, **given: bool) -> None:
    """Judge what is done to a file by each project around it, by its own folder where there is none."""
    session = click.get_current_context().find_object(Session) or Session(None)
    around = [folder for folder in path.parents if (folder / _SETTINGS).exists()]
    for folder in around or ([path.parent] if session.roles else []):
        session.open(folder).require(action, **given)


def _finish(source: _Source, edited: Edited, *, dry_run: bool, as_json: bool) -> None:
    """Write the result where it belongs, and say what changed."""
    diff = diffs.unified(os.path.basename(source.name), source.data, edited.data) if edited.changed else ""  # noqa: PTH119
    notes, written = list(edited.notes), False
    if source.real is None and not dry_run and not as_json:
        sys.stdout.buffer.write(edited.data)
        for note in notes:
            say(f"note: {clean(note)}", err=True)
        return
    if source.real is not None:
        _require(source.real, "source.write", dry_run=dry_run)
    if source.real is not None and edited.changed and not dry_run:
        protected.require_unprotected_file(source.real, source.data, edited.data)
        notes += single_file.replace_file(source.real, source.data, edited.data)
        written = True
    if as_json:
        result = {"file": source.name, "changed": edited.changed, "written": written, "diff": diff, "notes": notes}
        # What came through standard input goes back as it is: it is the result, and not a report of it.
        output.write_json(result if source.real else result | {"text": edited.data.decode()}, exact=not source.real)
        return
    lines = [output.paint_diff(told().text(diff))] if diff else ["nothing to do"]
    output.write([*lines, *(f"note: {clean(note)}" for note in notes)])
