"""`devkeel init`."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from devkeel.project.root import declared_above
from devkeel_cli.answers import output
from devkeel_cli.arguments.options import (
    backend_option,
    direnv_option,
    dry_run_option,
    json_option,
    reason_option,
    show,
)
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel_cli.session import Session


@click.command("init")
@backend_option
@direnv_option
@dry_run_option
@reason_option
@json_option
@pass_session
def command(session: Session, /, direnv: bool, dry_run: bool, reason: str | None, as_json: bool) -> None:
    """Make a minimal devenv.nix where there is none, or with --backend another declaration.

    In the current directory, or in --root. Also devenv.yaml, the lines that .gitignore lacks, and an .envrc for direnv,
    as one operation that can be undone.
    """
    root = session.new_root
    result = session.open(root).change([], create=True, direnv=direnv, dry_run=dry_run, reason=reason)
    notes = (*result.notes, *_surroundings(root)) if result.changed else result.notes
    show(replace(result, root=str(root), notes=notes), output.change, as_json=as_json)


def _surroundings(root: Path) -> Iterator[str]:
    """Yield what a person may not have meant: a project in a project, and all that they own as one."""
    above = declared_above(root.parent) if root != root.parent else None
    if above is not None:
        yield f"{above} was the root here so far; from {root} down, this one is."
    with suppress(RuntimeError):  # no home is known
        if root == Path.home().resolve():
            yield f"{root} is your home directory: everything below it belongs to this environment."
