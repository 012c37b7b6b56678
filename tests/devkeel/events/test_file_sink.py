"""The file of events: whole lines, whoever writes it and whatever ends meanwhile."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.disclosure.output import Disclosure
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import ProjectError, UsageError
from devkeel.events.bus import Events
from devkeel.events.file_sink import FileSink
from devkeel.state.lines import FilePlace

if TYPE_CHECKING:
    from pathlib import Path

ADD_JQ = parse_edits([{"kind": "add_packages", "names": ["jq"]}])
SETTINGS = '[events]\nfile = ".devkeel/events.jsonl"\n'
MOST = 1 << 24


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def writing(root: Path, path: Path, most: int = MOST) -> Events:
    """Return events that go to a file, and nowhere else."""
    events = Events(root)
    events.attach(FileSink(FilePlace(root, path), most))
    return events


def test_a_change_writes_its_steps_where_the_settings_say_so(root: Path) -> None:
    (root / "devkeel.toml").write_text(SETTINGS)
    environment = Environment(root, actor="test")
    environment.change(ADD_JQ, reason="for the scripts")
    environment.close()
    path = root / ".devkeel" / "events.jsonl"
    assert [line["kind"] for line in lines(path)] == ["proposed", "checked", "published"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert str(root) not in path.read_text()


def test_what_only_looks_writes_nothing_where_devkeel_has_no_records(root: Path) -> None:
    (root / "devkeel.toml").write_text(SETTINGS)
    environment = Environment(root, actor="test")
    with pytest.raises(UsageError):
        environment.change([])
    environment.change(ADD_JQ, dry_run=True)
    environment.close()
    assert not (root / ".devkeel").exists()


def test_records_that_came_with_a_clone_are_not_written_into(root: Path) -> None:
    (root / "devkeel.toml").write_text(SETTINGS)
    state = root / ".devkeel"
    state.mkdir()
    (state / "events.jsonl").write_text('{"schema": 1}\n')
    environment = Environment(root, actor="test")
    environment.change(ADD_JQ, dry_run=True)
    environment.close()
    assert (state / "events.jsonl").read_text() == '{"schema": 1}\n'
    environment.change(ADD_JQ)
    environment.close()
    assert {"proposed", "published"} <= {line["kind"] for line in lines(state / "events.jsonl")}


@pytest.mark.parametrize(
    "named",
    ["../events.jsonl", "/tmp/events.jsonl", ".devkeel/state.db", ".devkeel/../x.jsonl", "a.jsonl", 3],  # noqa: S108
)
def test_settings_can_name_no_other_place(root: Path, named: object) -> None:
    (root / "devkeel.toml").write_text(f"[events]\nfile = {json.dumps(named)}\n")
    environment = Environment(root, actor="test")
    with pytest.raises(ProjectError) as caught:
        environment.change(ADD_JQ)
    assert caught.value.code == "bad_settings"
    assert caught.value.place is not None
    assert caught.value.place.line == 2
    environment.close()


@pytest.mark.parametrize("kind", ["link", "folder", "other name", "pipe", "link on the way"])
def test_nothing_is_written_through_a_link_or_into_what_is_no_plain_file(root: Path, kind: str) -> None:
    outside = root.parent / "outside"
    outside.write_text("mine\n")
    path = root / "events.jsonl"
    if kind == "link":
        path.symlink_to(outside)
    elif kind == "folder":
        path.mkdir()
    elif kind == "other name":
        os.link(outside, path)
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        (root.parent / "elsewhere").mkdir()
        (root / "in").symlink_to(root.parent / "elsewhere")
        path = root / "in" / "events.jsonl"
    with pytest.raises(UsageError) as caught:
        FilePlace(root, path).require()
    assert caught.value.code == "bad_events_file"
    events = writing(root, path)
    events.tell("failed", {})
    assert events.close()
    assert outside.read_text() == "mine\n"
    assert not (root.parent / "elsewhere" / "events.jsonl").exists()


def test_a_line_that_a_killed_process_left_unended_goes_and_text_of_others_stays(root: Path) -> None:
    path = root / "events.jsonl"
    whole = '{"schema":1,"id":"a"}\n'
    for torn, left in [
        ('{"schema":1,"id', whole),
        ('{"sch', whole),
        ("a note without an end", f"{whole}a note without an end\n"),
        ("", whole),
    ]:
        path.write_text(whole + torn)
        events = writing(root, path)
        events.tell("started", {})
        events.close()
        text = path.read_text()
        assert text.startswith(left)
        assert json.loads(text.removeprefix(left))["kind"] == "started"


def test_a_file_that_grows_is_put_aside_and_one_older_is_kept(root: Path) -> None:
    path, most = root / "events.jsonl", 20_000
    events = writing(root, path, most)
    for number in range(2_000):
        events.tell("started", {"operation": number})
        if number % 50 == 0:
            events.flush(60)
    events.close()
    older = root / "events.jsonl.1"
    assert path.stat().st_size <= most
    assert older.stat().st_size <= most
    numbers = [line["operation"] for line in (*lines(older), *lines(path))]
    assert numbers == list(range(numbers[0], 2_000))
    assert sorted(item.name for item in root.glob("events*")) == ["events.jsonl", "events.jsonl.1"]


WRITER = """
import sys
from pathlib import Path
from devkeel.events.bus import Events
from devkeel.events.file_sink import FileSink
from devkeel.state.lines import FilePlace
root, most, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
events = Events(root)
events.attach(FileSink(FilePlace(root, root / "events.jsonl"), most))
print("ready", flush=True)
number = 0
while number != count:
    events.tell("started", {"operation": number, "reason": "x" * (number % 400), "actor": sys.argv[4]})
    number += 1
    if number % 5_000 == 0:
        events.flush(60)
"""


def writer(root: Path, most: int, count: int, name: str) -> subprocess.Popen[str]:
    line = [sys.executable, "-c", WRITER, str(root), str(most), str(count), name]
    return subprocess.Popen(line, stdout=subprocess.PIPE, text=True)


def test_several_processes_write_one_file_whole_lines_each_in_its_order(root: Path) -> None:
    started = [writer(root, MOST, 3_000, name) for name in "abc"]
    for process in started:
        with process:
            assert process.wait(timeout=120) == 0
    found = lines(root / "events.jsonl")
    for name in "abc":
        assert [line["operation"] for line in found if line["actor"] == name] == list(range(3_000))


def test_a_process_that_is_killed_while_it_writes_leaves_the_file_readable(root: Path) -> None:
    path = root / "events.jsonl"
    for name in "abcd":
        with writer(root, 1 << 20, -1, name) as process:
            assert process.stdout is not None
            process.stdout.readline()
            while name not in {line["actor"] for line in lines_so_far(path)}:
                pass
            process.send_signal(signal.SIGKILL)
    events = writing(root, path)
    events.tell("published", {"operation": 1})
    events.close()
    assert lines(path)[-1]["kind"] == "published"
    assert all(lines(older) for older in root.glob("events.jsonl.1"))


def lines_so_far(path: Path) -> list[dict[str, Any]]:
    """Return the whole lines that are there at this moment."""
    text = path.read_text() if path.exists() else ""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def test_the_child_of_a_fork_writes_its_own_events_and_none_twice(root: Path) -> None:
    code = """
import os, sys
from pathlib import Path
from devkeel.events.bus import Events
from devkeel.events.file_sink import FileSink
from devkeel.state.lines import FilePlace
root = Path(sys.argv[1])
events = Events(root)
events.attach(FileSink(FilePlace(root, root / "events.jsonl"), 1 << 24))
events.tell("started", {"actor": "parent"})
child = os.fork()
events.tell("started", {"actor": "child" if child == 0 else "parent"})
if child:
    assert os.waitpid(child, 0)[1] == 0
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", code, str(root)], check=True, timeout=120)
    found = lines(root / "events.jsonl")
    assert sorted(line["actor"] for line in found) == ["child", "parent", "parent"]
    assert len({line["id"] for line in found}) == len(found)


def test_no_secret_control_character_or_endless_text_gets_into_the_file(root: Path) -> None:
    (root / ".env").write_text("API_KEY=k3y-of-the-house-42\n")
    path = root / "events.jsonl"
    events = Events(root, Disclosure(root))
    events.attach(FileSink(FilePlace(root, path), MOST))
    secret = "sk-ant-api03-" + "A1b2C3d4" * 12
    events.tell("failed", {"reason": f"with k3y-of-the-house-42 and {secret}\x1b[31m\u202e", "files": ("x" * 9_000,)})
    events.tell("failed", {"details": {"password": "hunter2-hunter2", "deep": [{"note": secret}]}})
    events.tell("failed", {"details": {"log": ["word " * 90] * 400}, "files": tuple(map(str, range(5_000)))})
    events.close()
    text = path.read_text()
    assert not [word for word in ("k3y-of", "A1b2C3d4", "hunter2", "\\u001b", "\u202e") if word in text]
    assert max(map(len, text.splitlines())) < 10_000
    assert lines(path)[-1]["details"].keys() == {"left_out"}
