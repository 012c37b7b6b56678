"""`devkeel diagnose`: what it reads, how it ends, and what it publishes."""

from __future__ import annotations

import io
import json
import shlex
import sys
from typing import TYPE_CHECKING, Any

import pytest

from devkeel_cli.arguments.printed_text import read_printed
from devkeel_cli.run import run

if TYPE_CHECKING:
    from pathlib import Path

MISSING = "main.c:1:10: fatal error: no/such/place.h: No such file or directory\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "project"
    place.mkdir()
    (place / "devenv.nix").write_text("{ pkgs, ... }:\n{\n  packages = [ pkgs.git ];\n}\n")
    monkeypatch.chdir(place)
    return place


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = run(["diagnose", *words, "--json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, found


def test_a_file_or_standard_input_is_read_and_a_cause_is_named_with_its_line(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "build.log").write_bytes(b"cc main.c\n\xff\xfe\n" + MISSING.encode())
    from_file = answer(capsys, "build.log")
    assert from_file[0] == 1  # nothing mends it
    (cause,) = from_file[1]["causes"]
    assert (cause["kind"], cause["subject"], cause["number"]) == ("header", "no/such/place.h", 3)
    for words in ((), ("-",)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((root / "build.log").read_bytes())))
        assert answer(capsys, *words) == from_file


def test_a_text_without_a_fix_has_an_exit_code_of_its_own(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "build.log").write_text("all is well\n")
    code, found = answer(capsys, "build.log")
    assert (code, found["causes"]) == (1, [])


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("build.log", "--job", "0" * 16), "bad_usage"),
        (("--job", "0" * 16), "unknown_job"),
        (("none.log",), "unreadable_file"),
        (("build.log", "--apply", "1"), "unknown_fix"),
        (("build.log", "--apply", "0"), "bad_usage"),
    ],
)
def test_what_cannot_be_done_is_refused_and_nothing_is_written(
    root: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: str
) -> None:
    (root / "build.log").write_text(MISSING)
    before = (root / "devenv.nix").read_bytes()
    exit_code, found = answer(capsys, *words)
    assert found["error"]["code"] == code
    assert exit_code == found["exit_code"] != 0
    assert (root / "devenv.nix").read_bytes() == before


def test_a_fix_is_published_by_its_number_and_taken_back(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "build.log").write_text("a.c:1:10: fatal error: zlib.h: No such file or directory\n")
    before = (root / "devenv.nix").read_bytes()
    code, found = answer(capsys, "build.log")
    assert (code, found["next"]) == (0, "`devkeel diagnose build.log --apply 1`")
    assert not answer(capsys, "build.log", "--apply", "1", "-n")[1]["published"]
    assert (root / "devenv.nix").read_bytes() == before
    assert answer(capsys, "build.log", "--apply", "1", "-m", "for the archive")[1]["published"]
    assert b"pkgs.zlib" in (root / "devenv.nix").read_bytes()
    code, found = answer(capsys, "build.log")
    (fix,) = found["causes"][0]["fixes"]
    assert (code, fix["edits"]) == (0, [])  # it is declared, and to be applied
    assert answer(capsys, "build.log", "--apply", "1")[1]["error"]["code"] == "no_edits"
    assert run(["undo"]) == 0
    assert (root / "devenv.nix").read_bytes() == before


def test_several_roots_are_mended_by_the_first_fix(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = (f"a.c:1:1: fatal error: {name}: No such file or directory\n" for name in ("zlib.h", "openssl/ssl.h"))
    (root / "build.log").write_text("".join(lines))
    _, found = answer(capsys, "build.log")
    names = [name for edit in found["together"]["edits"] for name in edit["names"]]
    assert names == ["zlib", "openssl"]
    assert answer(capsys, "build.log", "--apply", "1")[1]["published"]
    text = (root / "devenv.nix").read_text()
    assert all(name in text for name in names)
    assert len(json.loads(_printed(capsys, "history", "--json"))["operations"]) == 1


def _printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert run(words) == 0
    return capsys.readouterr().out


def test_a_file_that_a_fix_begins_is_begun(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused = "error: Package \u2018ngrok-3.1\u2019 in /n/a.nix:1 has an unfree license, refusing to evaluate.\n"
    (root / "build.log").write_text(refused)
    assert run(["diagnose", "build.log"]) == 0
    assert "--create" in capsys.readouterr().out
    assert answer(capsys, "build.log", "--apply", "1")[0] == 0
    assert "ngrok" in (root / "devenv.yaml").read_text()


def _typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_after_a_pipe_the_next_command_is_the_edit_and_not_the_text_again(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "build.log").write_text("")
    for words in ((), ("-",)):
        _typed(monkeypatch, "a.c:1:10: fatal error: zlib.h: No such file or directory\n")
        found = answer(capsys, *words)[1]
        assert found["next"] == "`devkeel add zlib`"
    assert run(shlex.split(found["next"].strip("`"))[1:]) == 0
    assert b"pkgs.zlib" in (root / "devenv.nix").read_bytes()


def test_of_a_long_text_the_end_is_held_and_its_lines_keep_their_numbers(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    above = "ok \u00e9\n" * 3_000_000
    _typed(monkeypatch, above + MISSING)
    assert len(read_printed("-").text) < len(above) / 2
    _typed(monkeypatch, above + MISSING)
    _, found = answer(capsys)
    (cause,) = found["causes"]
    assert cause["number"] == 3_000_001
    (root / "short.log").write_text(MISSING)
    assert answer(capsys, "short.log")[1]["omitted"] == 0
    assert 0 < found["omitted"] < len(above)


def test_a_device_without_an_end_is_refused(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = answer(capsys, "/dev/zero")
    assert (code != 0, found["error"]["code"]) == (True, "unreadable_file")
    assert answer(capsys, "/dev/null")[1]["causes"] == []
