"""`devkeel init`."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from devkeel.backends.registry import declared_by
from devkeel.deferred import Deferred
from devkeel.project.root import DECLARATION, declared_above
from devkeel_cli.answers import output, telling
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
    from typing import Any

    from devkeel.edits import vocabulary
    from devkeel_cli.answers import detection
    from devkeel_cli.session import Session
else:
    vocabulary = Deferred("devkeel.edits.vocabulary")
    detection = Deferred("devkeel_cli.answers.detection")


@click.command("init")
@backend_option
@direnv_option
@click.option("--detect", is_flag=True, help="Propose what the repository's files say that it needs; write nothing.")
@click.option("--write", is_flag=True, help="Publish what --detect proposes, as one operation.")
@click.option("--from", "source", metavar="FILE", help="Publish this JSON list of edits instead; - is stdin.")
@dry_run_option
@reason_option
@json_option
@pass_session
def command(
    session: Session,
    /,
    direnv: bool,
    detect: bool,
    write: bool,
    source: str | None,
    dry_run: bool,
    reason: str | None,
    as_json: bool,
) -> None:
    """Make a minimal devenv.nix where there is none, or with --backend another declaration.

    In the current directory, or in --root. Also devenv.yaml, the lines that .gitignore lacks, and an .envrc for direnv,
    as one operation that can be undone.

    With --detect it is begun from what manifests, locks, Dockerfiles, CI and the like say: each edit has the lines that
    are its reasons. `--detect --json` gives the edits, which --from takes back, all or some of them, changed or not.
    """
    root = session.new_root
    environment = session.open(root)
    edits: list[dict[str, Any]] = [] if source is None else _given(source)
    create = source is None or not (root / DECLARATION).exists()
    if (detect or write) and source is None:
        found = environment.detect(direnv=direnv)
        if not write or not found.edits:
            show(found, detection.proposal, as_json=as_json)
            return
        edits, create = [item.edit for item in found.edits], DECLARATION in declared_by(found.backend)
    telling.without(edits)
    result = environment.change(
        vocabulary.parse_edits(edits) if edits else [],
        create=create,
        direnv=direnv,
        dry_run=dry_run,
        reason=reason,
    )
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


def _given(source: str) -> list[dict[str, Any]]:
    """Return the edits of a file: a list of them, or what `--detect --json` prints."""
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text("utf-8")
        found = json.loads(text)
    except (OSError, ValueError) as error:
        raise click.UsageError(f"--from: {source} has no JSON that can be read: {error}.") from error
    items = found.get("edits") if isinstance(found, dict) else found
    if not isinstance(items, list):
        raise click.UsageError("--from: it is no list of edits.")
    return [item.get("edit", item) if isinstance(item, dict) else item for item in items]
