"""Records in `.devkeel` that somebody else has put there: links, pipes, nonsense."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.errors import StateError, UsageError
from devkeel.runtime.jobs import Jobs
from devkeel.state.files import lock, make_directory, read_record, write_record

if TYPE_CHECKING:
    from pathlib import Path

NAME = "0123456789abcdef"


def record(state: Path, **more: Any) -> None:
    known = {"id": NAME, "kind": "run", "title": "t", "state": "succeeded", "started": "2026-01-01", "survivors": []}
    (state / "jobs").mkdir(parents=True)
    write_record(state / "jobs" / f"{NAME}.json", known | {"log": {}, "owner": {}} | more)


def test_a_directory_behind_a_link_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "state").mkdir()
    make_directory(tmp_path / "state")  # devkeel's own from now on
    (tmp_path / "state" / "gc").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateError):
        make_directory(tmp_path / "state", "gc", "one")
    assert not [*(tmp_path / "elsewhere").iterdir()]


def test_a_lock_that_is_a_link_is_told(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateError), lock(tmp_path / "lock"):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_what_is_no_record_is_none(tmp_path: Path) -> None:
    write_record(tmp_path / "real", {})
    (tmp_path / "unsealed").write_text("{}")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "deep").write_text("[" * 200_000)
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "huge").open("w") as huge:
        huge.truncate(2**40)
    assert read_record(tmp_path / "real") == {}
    assert [read_record(tmp_path / name) for name in ("unsealed", "link", "deep", "pipe", "huge", "gone")] == [None] * 6


def test_what_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    write_record(tmp_path / "kept", {"a": 1})
    with pytest.raises(StateError) as raised:
        write_record(tmp_path / "kept", {"a": "x" * 2**24})
    assert raised.value.code == "state_unusable"
    assert read_record(tmp_path / "kept") == {"a": 1}


def test_a_record_of_any_size_is_not_read_whole(tmp_path: Path) -> None:
    path = make_directory(tmp_path / ".devkeel") / "gates.json"
    write_record(path, {"text": "x" * 1_000_000})
    assert read_record(path) == {"text": "x" * 1_000_000}
    with path.open("r+b") as file:
        file.truncate(1 << 34)  # sparse: it takes no room, and would take all memory
    assert read_record(path) is None


def test_a_log_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    record(tmp_path)
    (tmp_path / "jobs" / f"{NAME}.log").symlink_to(tmp_path / "secret")
    assert Jobs(tmp_path).read(NAME, 0, 100).data == b""


@pytest.mark.parametrize(
    "wrong",
    [
        {"log": {"size": "x"}},
        {"log": {"head": -1}},
        {"progress": 5},
        {"error": []},
        {"error": {"code": 5, "message": "x"}},
        {"error": {"code": "x"}},
        {"started": "2026\x1b[2J"},
        {"kind": "\x1b[2J"},
    ],
)
def test_a_record_that_is_no_jobs_is_unknown(tmp_path: Path, wrong: dict[str, Any]) -> None:
    record(tmp_path, **wrong)
    with pytest.raises(UsageError):
        Jobs(tmp_path).find(NAME)
    assert Jobs(tmp_path).every() == []
