"""`devkeel events`."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from devkeel.deferred import Deferred
from devkeel.events.event import KINDS
from devkeel_cli.answers.telling import say, told
from devkeel_cli.arguments.options import json_option
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devkeel.events import schema
    from devkeel_cli.session import Session
else:
    schema = Deferred("devkeel.events.schema")

# Seconds between two looks at a file that is followed.
_LOOK = 0.2


@click.command("events")
@click.argument("path", metavar="[FILE]", type=click.Path(path_type=Path), required=False)
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes, until interrupted.")
@click.option("--since", metavar="WHEN", help="Only from then on: 30m, 12h, yesterday, 2026-01-31.")
@click.option("--kind", "kinds", type=click.Choice(KINDS), multiple=True, help="Only of this kind; may be repeated.")
@click.option("--schema", "of_form", is_flag=True, help="Print the JSON Schema of an event instead.")
@json_option
@pass_session
def command(
    session: Session,
    /,
    path: Path | None,
    follow: bool,
    since: str | None,
    kinds: tuple[str, ...],
    of_form: bool,
    as_json: bool,
) -> None:
    """Show the events that were written to a file.

    FILE is the one that devkeel.toml switches on, unless it is named; the variable DEVKEEL_EVENTS names it too. With
    --json each event is one line.
    """
    if of_form:
        say(schema.event_schema().rstrip("\n"))
        return
    with session.environment.events(path or session.events_file, since=since, kinds=kinds) as reader:
        _show(reader.read(), as_json=as_json)
        while follow:
            time.sleep(_LOOK)
            _show(reader.read(), as_json=as_json)
        if reader.skipped:
            told = "1 line is no event" if reader.skipped == 1 else f"{reader.skipped} lines are no events"
            say(f"note: {told}", err=True)


def _show(events: Iterable[dict[str, Any]], *, as_json: bool) -> None:
    for event in events:
        # Anybody may have written the file.
        shown = told().data(event)
        say(json.dumps(shown) if as_json else told().line(_line(shown)))


def _line(event: dict[str, Any]) -> str:
    number, code, reason, lost = (event.get(name) for name in ("operation", "code", "reason", "lost"))
    files = event.get("files")
    title = event.get("details", {}).get("title") if isinstance(event.get("details"), dict) else None
    words = [
        event["time"],
        f"{event['kind']:<9}",
        str(event.get("action") or ""),
        f"#{number}" if isinstance(number, int) else "",
        str(title or ""),
        ", ".join(map(str, files)) if isinstance(files, list) else "",
        f"[{code}]" if code else "",
        f"by {event['actor']}" if event.get("actor") else "",
    ]
    line = " ".join(word for word in words if word)
    line += f": {reason}" if reason else ""
    return f"{line} ({lost} before it were lost)" if lost else line
