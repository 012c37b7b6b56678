"""The history from the command line: its head, whether it is whole, and writing it out."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Shell


@pytest.fixture
def written(devkeel: Shell) -> Shell:
    for name in ("fd", "ripgrep"):
        assert devkeel("add", name, "--level", "schema", "-m", f"for {name}").code == 0
    return devkeel


def tampered(devkeel: Shell, statement: str) -> None:
    with closing(sqlite3.connect(devkeel.root / ".devkeel" / "state.db", isolation_level=None)) as connection:
        connection.execute(statement)


def test_a_head_that_is_kept_tells_whether_the_history_goes_on_from_it(written: Shell) -> None:
    number, head = written("history", "head").out.split()
    assert number == "2"
    assert written("history", "head", "--json").data == {"operation": 2, "hash": head}
    assert written("add", "htop", "--level", "schema").code == 0
    found = written("history", "verify", "--head", f"{number}:{head}", "--json")
    assert found.code == 0
    assert (found.data["ok"], found.data["operations"], found.data["since_head"]) == (True, 3, 1)
    other = written("history", "verify", "--head", "f" * 64, "--json")
    assert other.code == 3
    assert [item["code"] for item in other.data["faults"]] == ["head_unknown"]
    wrong = written("history", "verify", "--head", "nothing", "--json")
    assert (wrong.code, wrong.data["error"]["code"]) == (2, "bad_head")


def test_what_was_changed_of_it_is_said_with_its_operation(written: Shell) -> None:
    tampered(written, "UPDATE operation SET reason = 'another' WHERE id = 1")
    found = written("history", "verify", "--json")
    assert found.code == 3
    assert {(item["code"], item["operation"]) for item in found.data["faults"]} == {
        ("operation_changed", 1),
        ("operation_unsealed", 1),
    }
    assert "operation_changed" in written("history", "verify").out


def test_the_history_is_written_out_and_compared_without_the_project(
    written: Shell, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("kept") / "history.jsonl"
    head = written("history", "head").out.split()[1]
    assert written("history", "export", str(place), "--diffs", "--contents").code == 0
    assert place.stat().st_mode & 0o777 == 0o600
    lines = [json.loads(line) for line in place.read_text().splitlines()]
    assert [line["kind"] for line in lines] == ["devkeel-history", "operation", "operation", "end"]
    assert "+    pkgs.ripgrep" in lines[2]["diff"]
    found = written("history", "verify", "--export", str(place), "--head", head, "--json")
    assert (found.code, found.data["operations"], found.data["since_head"]) == (0, 2, 0)
    # a file that is there is not written over
    assert written("history", "export", str(place)).code == 2
    assert written("history", "verify", "--export", str(place.with_name("missing"))).code == 2
    place.write_text("".join(json.dumps(line | {"reason": "x"}) + "\n" for line in lines))
    assert written("history", "verify", "--export", str(place)).code == 3
    place.write_text("no export\n")
    assert written("history", "verify", "--export", str(place), "--json").data["error"]["code"] == "bad_export"


def test_secrets_are_written_out_only_where_that_is_asked_for(devkeel: Shell) -> None:
    secret = "ghp_" + "Ab1" * 12
    assert devkeel("set", "env.GITHUB_TOKEN", secret, "--string", "--level", "schema").code == 0
    assert devkeel("add", "fd", "--level", "schema").code == 0
    masked = devkeel("history", "export", "--diffs")
    assert secret not in masked.out
    lines = [json.loads(line) for line in masked.out.splitlines()]
    assert [line.get("masked", False) for line in lines] == [False, True, False, False]
    assert secret in devkeel("history", "export", "--exact").out


def test_what_was_refused_is_written_out_with_its_files(
    devkeel: Shell, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret = "ghp_" + "Ab1" * 12
    (devkeel.root / "devkeel.toml").write_text('protected = ["env.SECRET"]\n')
    for reason in ("I want it", f"for {secret}"):
        assert devkeel("set", "env.SECRET", "x", "--string", "--reason", reason).code != 0
    place = tmp_path_factory.mktemp("kept") / "history.jsonl"
    assert devkeel("history", "export", str(place), "--diffs", "--contents").code == 0
    _, *refused, _ = (json.loads(line) for line in place.read_text().splitlines())
    assert [(line["kind"], line["files"], line.get("masked", False)) for line in refused] == [
        ("refusal", ["devenv.nix"], False),
        ("refusal", ["devenv.nix"], True),
    ]
    assert secret not in place.read_text()
    assert devkeel("history", "verify", "--export", str(place)).code == 0


def test_an_export_that_fails_leaves_no_part_of_one(written: Shell, tmp_path_factory: pytest.TempPathFactory) -> None:
    place = tmp_path_factory.mktemp("kept") / "history.jsonl"
    tampered(written, "UPDATE blob SET data = x'00'")
    assert written("history", "export", str(place), "--contents").code != 0
    assert not place.exists()


def test_an_id_is_shown_and_no_verb(written: Shell) -> None:
    assert written("history", "1").out.startswith("#1")
    assert written("history", "1", "--json").data["operation"]["id"] == 1
    assert written("history", "--limit", "1").out.startswith("#2")
    assert written("history", "nothing").code == 2
    assert "history verify" in written("history", "--help").out


def test_a_project_without_a_history_has_none_to_find_fault_with(devkeel: Shell) -> None:
    assert devkeel("history", "verify", "--json").data["operations"] == 0
    assert devkeel("history", "head").out.split() == ["0", "0" * 64]
    assert devkeel("history", "export").out == ""
    assert not (devkeel.root / ".devkeel").exists()
