"""`devkeel events`, and where the command writes them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import jsonschema
import pytest

from devkeel.events.event import KINDS, SCHEMA, Event
from devkeel.events.outlet import farewell

if TYPE_CHECKING:
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion

    from .conftest import Shell

SYNTAX = ("--level", "syntax")
ON = '[events]\nfile = ".devkeel/events.jsonl"\n'


def test_what_happened_is_shown_by_lines_by_kind_and_as_json(devkeel: Shell) -> None:
    (devkeel.root / "devkeel.toml").write_text(ON)
    assert devkeel("add", "htop", "--reason", "to see what runs", *SYNTAX).code == 0
    assert devkeel("set", "a..b", "1", *SYNTAX).code != 0
    farewell()
    shown = devkeel("events")
    assert [line.split()[1] for line in shown.out.splitlines()] == ["proposed", "checked", "published", "failed"]
    assert "to see what runs" in shown.out
    only = devkeel("events", "--kind", "published", "--since", "1h", "--json")
    (event,) = map(json.loads, only.out.splitlines())
    assert (event["kind"], event["operation"], event["files"]) == ("published", 1, ["devenv.nix"])
    assert devkeel("events", "--since", "2999-01-01").out == ""


def test_every_event_is_of_the_form_that_is_printed(devkeel: Shell, snapshot: SnapshotAssertion) -> None:
    (devkeel.root / "devkeel.toml").write_text(ON)
    devkeel("add", "htop", *SYNTAX)
    devkeel("undo")
    devkeel("set", "a..b", "1", *SYNTAX)
    farewell()
    form = json.loads(devkeel("events", "--schema").out)
    judge = jsonschema.Draft202012Validator(form)
    events = list(map(json.loads, devkeel("events", "--json").out.splitlines()))
    assert {event["kind"] for event in events} >= {"proposed", "checked", "published", "restored", "failed"}
    for event in events:
        judge.validate(event)
    assert list(form["properties"]) == list(Event.__struct_fields__)
    assert form["properties"]["schema"]["const"] == SCHEMA
    assert form["properties"]["kind"]["enum"] == list(KINDS)
    assert form == snapshot


def test_a_file_of_others_is_cleaned_and_what_is_no_event_is_counted(devkeel: Shell) -> None:
    path = devkeel.root.parent / "foreign.jsonl"
    event = {"schema": 9, "id": "x", "time": "2026-01-01T00:00:00.000Z", "kind": "published\x1b[31m\nfailed"}
    lines = [json.dumps(event | {"reason": "\u202etxt"}), "[" * 9_000, "no", "{}", "x" * 400_000, json.dumps(event)]
    path.write_bytes("\n".join(lines).encode() + b"\n\xff\xfe\n" + json.dumps(event).encode())
    shown = devkeel("events", str(path))
    assert shown.code == 0
    assert len(shown.out.splitlines()) == 2
    assert not set("\x1b\u202e") & set(shown.out)
    assert "5 lines" in shown.err


@pytest.mark.parametrize("kind", ["off", "missing", "folder", "clone"])
def test_without_a_file_it_says_why(devkeel: Shell, kind: str) -> None:
    arguments: list[str] = []
    if kind == "missing":
        arguments = [str(devkeel.root / "none.jsonl")]
    elif kind == "folder":
        arguments = [str(devkeel.root)]
    elif kind == "clone":
        (devkeel.root / "devkeel.toml").write_text(ON)
        (devkeel.root / ".devkeel").mkdir()
        (devkeel.root / ".devkeel" / "events.jsonl").write_text('{"kind":"x","time":"","id":""}\n')
    refused = devkeel("events", "--json", *arguments)
    assert refused.code == 2
    assert refused.data["error"]["code"] == "no_events_file"


def test_the_variable_has_events_written_where_the_person_says(devkeel: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    path = devkeel.root.parent / "mine.jsonl"
    monkeypatch.setenv("DEVKEEL_EVENTS", str(path))
    line = [sys.executable, "-m", "devkeel_cli", "--root", str(devkeel.root)]
    subprocess.run([*line, "add", "htop", *SYNTAX], check=True, capture_output=True, timeout=120)
    assert [json.loads(text)["kind"] for text in path.read_text().splitlines()] == ["proposed", "checked", "published"]
    assert [text.split()[1] for text in devkeel("events").out.splitlines()] == ["proposed", "checked", "published"]


def test_what_is_followed_goes_on_over_files_that_are_put_aside(devkeel: Shell, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    event = {"schema": 1, "id": "x", "time": "2026-01-01T00:00:00.000Z", "kind": "started"}

    def add(number: int) -> None:
        with path.open("a") as file:
            file.write(json.dumps(event | {"operation": number}) + "\n")

    add(1)
    line = [sys.executable, "-u", "-m", "devkeel_cli", "--root", str(devkeel.root), "events", "-f", "--json", str(path)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["operation"] == 1
        add(2)
        path.rename(f"{path}.1")
        add(3)
        assert [json.loads(process.stdout.readline())["operation"] for _ in range(2)] == [2, 3]
        process.terminate()
        assert process.wait(timeout=60) == 128 + 15
