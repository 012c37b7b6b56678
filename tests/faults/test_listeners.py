"""Listeners of events that cannot keep up: a disk that is full, a reader that does not read, a process that is killed.

No published operation is lost, and the file of events stays readable.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = '[events]\nfile = ".devkeel/events.jsonl"\n'
# Changes one option again and again, and says after each publication which operation it was.
CHANGING = """
import os, resource, signal, sys
from pathlib import Path
from devkeel.api import Environment
from devkeel.edits.vocabulary import parse_edits

root, count = Path(sys.argv[1]), int(sys.argv[2])
environment = Environment(root, actor="fault")

def change(number):
    edits = parse_edits([{"kind": "set", "path": "env.ROUND", "value": os.getpid() * 1_000 + number}])
    operation = environment.change(edits, level="syntax").operation
    print(operation, flush=True)
"""
FULL = """
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # setrlimit(2): then the write fails with EFBIG, after what fits
most, hard = int(sys.argv[3]), resource.getrlimit(resource.RLIMIT_FSIZE)[1]
change(0)
environment.close()
resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
events = root / ".devkeel" / "events.jsonl"
line = events.read_bytes().splitlines(keepends=True)[-1]
with events.open("ab") as file:
    file.write(line * ((most - events.stat().st_size) // len(line)))
for number in range(1, count):
    change(number)
    environment.close()
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
change(count)
environment.close()
"""
HANGING = """
import threading
read, write = os.pipe()
environment.subscribe(lambda event: os.write(write, b"x" * 200_000))
for number in range(count):
    change(number)
"""
ENDLESS = """
number = 0
while True:
    change(number)
    number += 1
"""


def program(root: Path, code: str, *arguments: object) -> list[str]:
    return [sys.executable, "-c", CHANGING + code, str(root), *map(str, arguments)]


def published(root: Path) -> set[int]:
    environment = Environment(root, actor="test")
    try:
        return {item.id for item in environment.history(limit=1_000).operations}
    finally:
        environment.close()


def events(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.fault(47)
def test_a_disk_that_is_full_costs_events_which_are_counted_and_no_operation(root: Path) -> None:
    (root / "devkeel.toml").write_text(SETTINGS)
    run = subprocess.run(
        program(root, FULL, 6, 4 << 20), check=True, timeout=120, capture_output=True, text=True
    ).stdout
    operations = list(map(int, run.split()))
    assert len(operations) == 7
    assert published(root) >= set(operations)
    found = events(root / ".devkeel" / "events.jsonl")
    assert (found[-1]["kind"], found[-1]["operation"]) == ("published", operations[-1])
    # Three for each change; what did not fit is what the next one says.
    fitted = [item for item in found if item["id"] != found[2]["id"]]
    assert len(fitted) + 1 + sum(item.get("lost", 0) for item in found) == 3 * len(operations)
    assert sum(item.get("lost", 0) for item in found) > 0


@pytest.mark.fault(48)
def test_a_reader_that_does_not_read_holds_up_no_change_and_no_end(root: Path) -> None:
    run = subprocess.run(program(root, HANGING, 10), check=True, timeout=120, capture_output=True, text=True)
    assert published(root) >= set(map(int, run.stdout.split()))
    assert len(run.stdout.split()) == 10


@pytest.mark.fault(49)
def test_a_process_that_is_killed_loses_no_operation_and_leaves_its_events_readable(root: Path) -> None:
    (root / "devkeel.toml").write_text(SETTINGS)
    said = set[int]()
    for rounds in (1, 4, 7):
        with subprocess.Popen(program(root, ENDLESS, 0), stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            said |= {int(process.stdout.readline()) for _ in range(rounds)}
            process.send_signal(signal.SIGKILL)
            said |= {int(line) for line in process.stdout if line.endswith("\n")}
    assert published(root) >= said
    subprocess.run(program(root, "change(-1)\n", 0), check=True, timeout=120, capture_output=True)
    found = events(root / ".devkeel" / "events.jsonl")
    assert found[-1]["kind"] == "published"
    assert {item["operation"] for item in found if item["kind"] == "published"} <= published(root)
