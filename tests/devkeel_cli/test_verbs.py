"""What each verb does, and what it prints."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from devkeel import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion

    from .conftest import Shell

SYNTAX = ("--level", "syntax")
_VOLATILE = (
    (re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|\+00:00)"), "<time>"),
    (re.compile(r"\b[0-9a-f]{16}\b"), "<revision>"),
    (re.compile(r"by devkeel \S+ \([^)]*\)"), "by <user>"),
    (re.compile(r"(checks that can run here: |checks that ran: |; skipped: ).*"), r"\1<machine>"),
)


def stable(text: str, shell: Shell) -> str:
    text = text.replace(str(shell.root), "<root>")
    for pattern, name in _VOLATILE:
        text = pattern.sub(name, text)
    return text


def test_a_session_reads_like_this(devkeel: Shell, snapshot: SnapshotAssertion) -> None:
    lines = [
        ("inspect",),
        ("search", "redis", "--limit", "3"),
        ("search", "env.APP_PORT"),
        ("search", "services.postgres.enable"),
        ("add", "ripgrep", "-m", "search", *SYNTAX),
        ("add", "ripgrep", *SYNTAX),
        ("remove", "jq", "--dry-run", *SYNTAX),
        ("enable", "redis", "--setting", "port=6380", *SYNTAX),
        ("disable", "redis", *SYNTAX),
        ("set", "env.APP_PORT", "9000", "--string", *SYNTAX),
        ("patch", "devenv.nix", "--old", "# Where", "--new", "# The port where", *SYNTAX),
        ("unset", "env.APP_PORT", *SYNTAX),
        ("check", *SYNTAX),
        ("diff",),
        ("history", "--limit", "3"),
        ("history", "1"),
        ("undo", "-m", "changed my mind"),
        ("undo", "--redo"),
    ]
    told = []
    for line in lines:
        outcome = devkeel(*line)
        assert outcome.code == 0, outcome.err
        told.append({"line": " ".join(line), "out": stable(outcome.out, devkeel), "err": outcome.err})
    assert told == snapshot


def test_errors_read_like_this(devkeel: Shell, snapshot: SnapshotAssertion) -> None:
    lines = [
        ("add", "rip grep"),
        ("set", "a..b", "1"),
        ("set", "env.A", "x", "--json-value"),
        ("patch", "devenv.nix", "--old", '"8000";', "--new", '"8000'),
        ("patch", "../elsewhere.nix", "--old", "a", "--new", "b"),
        ("add", "jq", "--expected-revision", "0" * 16),
        ("undo",),
        ("enable", "redis", "--setting", "port"),
        ("bogus",),
    ]
    told = []
    for line in lines:
        outcome = devkeel(*line)
        assert outcome.out == ""
        told.append({"line": " ".join(line), "code": outcome.code, "err": stable(outcome.err, devkeel)})
    assert told == snapshot


def test_init_makes_a_declaration_that_can_be_undone(devkeel: Shell) -> None:
    devkeel.declaration.unlink()
    assert devkeel("add", "git").code == 1
    made = devkeel("init", "--json")
    assert made.code == 0
    assert "devenv.nix" in made.data["files"]
    assert devkeel.declaration.exists()
    assert devkeel("undo").code == 0
    assert not devkeel.declaration.exists()


def test_init_acts_in_the_current_directory_and_says_where(devkeel: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = devkeel.root / "services" / "api"
    inner.mkdir(parents=True)
    (devkeel.root / ".git").mkdir()
    before = devkeel.declaration.read_bytes()
    monkeypatch.chdir(inner)
    assert devkeel("inspect", "--json").data["root"] == str(devkeel.root)
    tried = devkeel("init", "-n", "--no-direnv")
    assert f"in {inner} (dry run)" in tried.out
    assert any(str(devkeel.root) in line for line in tried.out.splitlines() if line.startswith("note:"))
    made = devkeel("init", "--json").data
    assert made["root"] == str(inner)
    assert devkeel.declaration.read_bytes() == before
    assert devkeel("inspect", "--json").data["root"] == str(inner)
    assert f"nothing to do in {inner}" in devkeel("init").out


def test_init_goes_where_the_caller_points(devkeel: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    inner, other, link = devkeel.root / "inner", tmp_path / "other", tmp_path / "link"
    inner.mkdir()
    other.mkdir()
    link.symlink_to(inner)
    monkeypatch.chdir(inner)
    assert devkeel("init", "-n", "--json", "--root", str(other)).data["root"] == str(other)
    assert devkeel("--root", str(devkeel.root), "init", "-n", "--json").data["root"] == str(devkeel.root)
    monkeypatch.chdir(link)
    assert devkeel("init", "-n", "--json").data["root"] == str(inner)
    monkeypatch.setenv("CLAUDE_PROJECT_DIR", str(devkeel.root))
    assert devkeel("init", "-n", "--json").data["root"] == str(inner)
    monkeypatch.chdir(other)
    assert devkeel("init", "-n", "--json").data["root"] == str(devkeel.root)
    monkeypatch.setenv("DEVKEEL_ROOT", str(inner))
    assert devkeel("init", "-n", "--json").data["root"] == str(inner)
    monkeypatch.setenv("DEVKEEL_ROOT", str(tmp_path / "nowhere"))
    assert devkeel("init", "-n", "--json").data["error"]["code"] == "root_not_found"
    monkeypatch.setenv("DEVKEEL_ROOT", "~nobody-of-that-name/project")
    assert devkeel("init", "-n", "--json").data["error"]["code"] == "root_not_found"
    monkeypatch.delenv("DEVKEEL_ROOT")
    monkeypatch.delenv("CLAUDE_PROJECT_DIR")
    monkeypatch.setenv("HOME", str(other))
    assert any("home directory" in note for note in devkeel("init", "-n", "--json").data["notes"])


def test_envrc_writes_the_file_as_an_operation_that_can_be_undone(devkeel: Shell) -> None:
    assert '+eval "$(devkeel env print)"' in devkeel("envrc", "--dry-run").out
    assert not (devkeel.root / ".envrc").exists()
    assert devkeel("envrc", "--prompt", "--json").data["files"] == [".envrc"]
    assert "DEVKEEL_PROMPT='(devenv:project)'" in (devkeel.root / ".envrc").read_text()
    assert devkeel("envrc").out.startswith("--- a/.envrc")
    assert "nothing to do" in devkeel("envrc").out
    assert devkeel("undo").code == devkeel("undo").code == 0
    assert not (devkeel.root / ".envrc").exists()
    (devkeel.root / ".envrc").write_text("layout python\n")
    refused = devkeel("envrc")
    assert refused.code == 1
    assert "devkeel env print" in refused.err


def test_create_makes_a_declaration_and_edits_it(devkeel: Shell) -> None:
    devkeel.declaration.unlink()
    assert devkeel("add", "git", "--create", *SYNTAX).code == 0
    assert "git" in devkeel.read()


def test_a_dry_run_prints_the_diff_and_writes_nothing(devkeel: Shell) -> None:
    before = devkeel.read()
    outcome = devkeel("add", "ripgrep", "--dry-run", "--json", *SYNTAX)
    assert outcome.code == 0
    assert outcome.data["changed"]
    assert not outcome.data["published"]
    assert "ripgrep" in outcome.data["diff"]
    assert devkeel.read() == before


def test_the_operation_names_the_user_and_the_reason(devkeel: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ada")
    devkeel("add", "ripgrep", "-m", "search", *SYNTAX)
    entry = devkeel("history", "--json").data["operations"][0]
    assert entry["actor"] == f"devkeel {__version__} (ada)"
    assert entry["reason"] == "search"


def test_diff_shows_what_somebody_wrote_since(devkeel: Shell) -> None:
    devkeel("add", "ripgrep", *SYNTAX)
    devkeel.declaration.write_text(devkeel.read() + "# mine\n")
    outcome = devkeel("diff", "--json")
    assert outcome.code == 0
    assert outcome.data["operation"] == 1
    assert "+# mine" in outcome.data["diff"]


def test_history_is_read_in_pages(devkeel: Shell) -> None:
    for name in ("ripgrep", "fd", "curl"):
        devkeel("add", name, *SYNTAX)
    first = devkeel("history", "--limit", "2", "--json").data
    rest = devkeel("history", "--before", str(first["next_before"]), "--json").data
    ids = [item["id"] for item in [*first["operations"], *rest["operations"]]]
    assert ids == [3, 2, 1]
    assert "next_before" not in rest


def test_patch_reads_texts_from_files_and_from_stdin(devkeel: Shell) -> None:
    (devkeel.root / "old.txt").write_text('  env.APP_PORT = "8000";\n')
    new = '  env.APP_PORT = "8001";\n'
    command = ("patch", "devenv.nix", "--old-file", "old.txt", "--new-file")
    (devkeel.root / "new.txt").write_text(new)
    assert devkeel(*command, "new.txt", *SYNTAX).code == 0
    assert '"8001"' in devkeel.read()
    assert devkeel(*command, "-").code != 0


@pytest.mark.parametrize(
    "texts",
    [
        (),
        ("--old", "a"),
        ("--old", "a", "--old-file", "x", "--new", "b"),
        ("--old-file", "missing", "--new", "b"),
        ("--old-file", "-", "--new-file", "-"),
        ("--old-file", "binary", "--new", "b"),
        ("--old", "a", "--new", "b", "--occurrences", "0"),
    ],
)
def test_patch_needs_exactly_one_of_each_text(devkeel: Shell, texts: tuple[str, ...]) -> None:
    (devkeel.root / "binary").write_bytes(b"\xff")
    assert devkeel("patch", "devenv.nix", *texts).code == 2


def test_the_root_is_the_nearest_parent_with_a_declaration(devkeel: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    below = devkeel.root / "src" / "deep"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert devkeel("inspect", "--json").data["root"] == str(devkeel.root)


def test_root_may_be_named(devkeel: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert devkeel("--root", str(devkeel.root), "inspect", "--json").data["root"] == str(devkeel.root)
    monkeypatch.setenv("DEVKEEL_ROOT", str(devkeel.root))
    assert devkeel("inspect", "--json").data["root"] == str(devkeel.root)
