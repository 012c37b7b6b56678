"""`devkeel source`: any file, no project, no history."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from devkeel.transaction import files

from .conftest import process_environment

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Shell

NIX_FILE = '{\n  # about a\n  a.b = "x"; # c\n\n  config = { list = [ 1 pkgs.git ]; };\n}\n'
YAML_FILE = "a: 'x' # c\nlist:\n- 1\n"
TOML_FILE = "a = 'x' # c\nlist = [1]\nday = 2020-01-02\n"


@pytest.fixture(autouse=True)
def _files(devkeel: Shell) -> None:
    for name, text in (("x.nix", NIX_FILE), ("x.yaml", YAML_FILE), ("x.toml", TOML_FILE)):
        (devkeel.root / name).write_text(text)


def loaded_by(root: Path, *line: str) -> set[str]:
    code = "import sys\nfrom devkeel_cli.run import run\nrun(sys.argv[1:])\nprint('LOADED', *sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, *line],
        cwd=root,
        env=process_environment(),
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return set(done.stdout.rpartition("LOADED ")[2].split())


@pytest.mark.parametrize(
    ("line", "out"),
    [
        (("x.nix", "a.b"), "x\n"),
        (("x.nix", "a.b", "--json"), '"x"\n'),
        (("x.nix", "a"), '{\n  "b": "x"\n}\n'),
        (("x.nix", "config.list"), '[\n  1,\n  {\n    "expression": "pkgs.git"\n  }\n]\n'),
        (("x.yaml", "a"), "x\n"),
        (("x.yaml", "list"), "[\n  1\n]\n"),
        (("x.toml", "day"), '"2020-01-02"\n'),
    ],
)
def test_get_prints_text_as_it_is_and_the_rest_as_json(devkeel: Shell, line: tuple[str, ...], out: str) -> None:
    outcome = devkeel("source", "get", *line)
    assert (outcome.code, outcome.out) == (0, out)


def test_get_prints_the_source_of_an_expression(devkeel: Shell) -> None:
    devkeel("source", "set", "x.nix", "e", "pkgs.hello", "--nix")
    assert devkeel("source", "get", "x.nix", "e").out == "pkgs.hello\n"
    assert devkeel("source", "get", "x.nix", "e", "--json").data == {"expression": "pkgs.hello"}


@pytest.mark.parametrize("name", ["x.nix", "x.yaml", "x.toml"])
def test_get_of_what_nothing_defines_is_1(devkeel: Shell, name: str) -> None:
    outcome = devkeel("source", "get", name, "zz.y", "--json")
    assert outcome.code == 1
    assert outcome.data["error"]["code"] == "not_defined"


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("x.nix", NIX_FILE.replace('"x"', '"y"')),
        ("x.yaml", YAML_FILE.replace("'x'", "'y'")),
        ("x.toml", TOML_FILE.replace("'x'", "'y'")),
    ],
)
def test_set_writes_the_value_and_nothing_else(devkeel: Shell, name: str, after: str) -> None:
    path = "a.b" if name == "x.nix" else "a"
    outcome = devkeel("source", "set", name, path, "y")
    assert outcome.code == 0
    assert (devkeel.root / name).read_text() == after
    assert outcome.out.startswith(f"--- a/{name}\n+++ b/{name}\n")
    assert not (devkeel.root / ".devkeel").exists()
    assert not list(devkeel.root.glob(".devkeel-*"))
    again = devkeel("source", "set", name, path, "y")
    assert again.code == 0
    assert again.out.startswith("nothing to do\n")


def test_values_are_typed_as_by_set(devkeel: Shell) -> None:
    for options, text in ((("--string",), 'k: "3"'), (("--json-value",), "k: 3"), ((), "k: 3")):
        devkeel("source", "set", "x.yaml", "k", "3", *options)
        assert (devkeel.root / "x.yaml").read_text().endswith(f"{text}\n".replace('"', "'"))
    assert devkeel("source", "set", "x.yaml", "k", "{", "--json-value").code == 2
    assert devkeel("source", "set", "x.yaml", "k", "1", "--nix", "--json").data["error"]["code"] == "not_nix"
    assert devkeel("source", "set", "x.toml", "k", "null").code == 2


def test_append_takes_several_values_and_says_what_is_there(devkeel: Shell) -> None:
    outcome = devkeel("source", "append", "x.yaml", "list", "1", "2", "z", "--json")
    assert outcome.code == 0
    assert outcome.data["written"]
    assert len(outcome.data["notes"]) == 1
    assert (devkeel.root / "x.yaml").read_text() == YAML_FILE + "- 2\n- 'z'\n"


def test_unset_removes(devkeel: Shell) -> None:
    assert devkeel("source", "unset", "x.nix", "a.b").code == 0
    assert (devkeel.root / "x.nix").read_text() == "{\n  config = { list = [ 1 pkgs.git ]; };\n}\n"


def test_a_dry_run_prints_the_diff_and_writes_nothing(devkeel: Shell) -> None:
    outcome = devkeel("source", "set", "x.yaml", "a", "y", "--dry-run")
    assert outcome.code == 0
    assert "+a: 'y' # c" in outcome.out
    assert (devkeel.root / "x.yaml").read_text() == YAML_FILE


def test_a_dash_reads_stdin_and_writes_stdout(devkeel: Shell) -> None:
    command = [sys.executable, "-m", "devkeel_cli", "source", "set", "-", "a", "y", "--format", "yaml"]
    data = "\ufeffa: 'ü'\r\n".encode()
    done = subprocess.run(
        command, input=data, cwd=devkeel.root, env=process_environment(), capture_output=True, check=True, timeout=60
    )
    assert done.stdout == "\ufeffa: 'y'\r\n".encode()


def test_the_mode_stays_and_a_link_is_followed(devkeel: Shell) -> None:
    target = devkeel.root / "x.yaml"
    target.chmod(0o640)
    (devkeel.root / "link.yaml").symlink_to("x.yaml")
    assert devkeel("source", "set", "link.yaml", "a", "y").code == 0
    assert (devkeel.root / "link.yaml").is_symlink()
    assert target.read_text() == YAML_FILE.replace("'x'", "'y'")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_file_that_changes_meanwhile_is_a_conflict(devkeel: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    path = devkeel.root / "x.yaml"

    def interfere(step: str) -> None:
        if step == "temporary ready":
            path.write_text("mine: 1\n")

    monkeypatch.setattr(files, "hook", interfere)
    done = devkeel.process("source", "get", "x.yaml", "a")
    assert done.returncode == 0
    from devkeel_cli.run import run

    assert run(["source", "set", "x.yaml", "a", "y"]) == 4
    assert path.read_text() == "mine: 1\n"
    assert not list(devkeel.root.glob(".devkeel-*"))


def test_a_failure_while_writing_leaves_the_file_and_no_other(devkeel: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("temporary created", "temporary ready", "moved", "verified"):
        waiting = [name]

        def fail(step: str, waiting: list[str] = waiting) -> None:
            if step in waiting:
                waiting.remove(step)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(files, "hook", fail)
        assert devkeel("source", "set", "x.yaml", "a", "y", "--json").data["error"]["code"] == "disk_full"
        assert not waiting
        assert (devkeel.root / "x.yaml").read_text() == YAML_FILE
        assert not list(devkeel.root.glob(".devkeel-*"))


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (("get", "missing.nix", "a"), "missing_file"),
        (("get", ".", "a"), "not_a_file"),
        (("set", "x.nix", "a..b", "1"), "bad_option_path"),
        (("set", "x.nix", "a", "1"), "would_replace_set"),
        (("set", "x.yaml", "a.b", "1"), "opaque_value"),
        (("append", "x.toml", "a", "1"), "opaque_value"),
        (("unset", "broken.yaml", "a"), "syntax_error"),
    ],
)
def test_errors_are_those_of_the_editors(devkeel: Shell, line: tuple[str, ...], code: str) -> None:
    (devkeel.root / "broken.yaml").write_text("a: [\n")
    outcome = devkeel("source", *line, "--json")
    assert outcome.code in {1, 2}
    assert outcome.data["error"]["code"] == code


def test_each_format_loads_its_own_parser_and_none_the_server(devkeel: Shell) -> None:
    parsers = {"x.nix": "tree_sitter", "x.yaml": "ruamel.yaml", "x.toml": "tomllib"}
    for name, parser in parsers.items():
        loaded = loaded_by(devkeel.root, "source", "get", name, "a")
        assert parser in loaded
        assert not {"mcp", "devkeel_mcp", "pydantic", "sqlite3", "devkeel.api"} & loaded
        assert ("ruamel.yaml" in loaded) == (name == "x.yaml")


def test_the_package_of_the_editors_loads_no_parser(devkeel: Shell) -> None:
    code = "import sys, devkeel.source, devkeel.source.yaml, devkeel.source.toml; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=process_environment(), check=True, capture_output=True, text=True, timeout=60
    )
    assert not {"tree_sitter", "ruamel.yaml", "tomlkit"} & set(done.stdout.split())


def test_set_and_unset_of_a_project_take_a_file(devkeel: Shell) -> None:
    path = devkeel.root / "devenv.yaml"
    path.write_text("inputs:\n  # pinned\n  a:\n    url: github:x/a # a\n")
    syntax = ("--level", "syntax")
    line = ("set", "--file", "devenv.yaml", "inputs.a.url", "github:x/b", *syntax)
    assert devkeel(*line).code == 0
    assert path.read_text() == "inputs:\n  # pinned\n  a:\n    url: github:x/b # a\n"
    assert devkeel("unset", "--file", "devenv.yaml", "inputs.a", *syntax).code == 0
    assert path.read_text() == "inputs: {}\n"
    assert devkeel("undo").code == 0
    assert devkeel("set", "--file", "devenv.yaml", "a", "1", "--nix", "--json").data["error"]["code"] == "not_nix"
    assert devkeel("set", "--file", "../x.yaml", "a", "1").code == 1


def test_a_protected_option_and_the_settings_are_not_changed_by_it(devkeel: Shell) -> None:
    settings = 'protected = ["services.postgres"]\n'
    (devkeel.root / "devkeel.toml").write_text(settings)
    (devkeel.root / "devenv.nix").write_text("{ services.postgres.enable = true; packages = [ ]; }\n")
    for line in (
        ("devenv.nix", "services.postgres.enable", "false"),
        ("devkeel.toml", "protected", "[]"),
        ("devkeel.toml", "level", "syntax"),
    ):
        assert devkeel("source", "set", *line).code == 1
    assert (devkeel.root / "devkeel.toml").read_text() == settings
    assert devkeel("source", "set", "devenv.nix", "env.A", "x").code == 0


def test_a_protected_file_and_what_the_rules_keep_out_are_not_written_by_it(devkeel: Shell) -> None:
    (devkeel.root / "devkeel.toml").write_text(
        '[rules]\nprotected_files = ["kept/**", "*.yaml"]\nservices = { forbid = ["mysql"] }\n'
    )
    (devkeel.root / "kept").mkdir()
    (devkeel.root / "kept/a.toml").write_text("a = 1\n")
    (devkeel.root / "linked.toml").symlink_to("kept/a.toml")
    (devkeel.root / "b.yaml").write_text("a: 1\n")
    (devkeel.root / "c.toml").write_text("a = 1\n")
    for name in ("kept/a.toml", "linked.toml", "b.yaml"):
        refused = devkeel("source", "set", name, "a", "2", "--json")
        assert (refused.code, refused.data["error"]["code"]) == (1, "protected_file")
    assert devkeel("source", "set", "c.toml", "a", "2").code == 0
    refused = devkeel("source", "set", "devenv.nix", "services.mysql.enable", "true", "--json")
    assert refused.data["error"]["code"] == "rule_broken"


@pytest.mark.parametrize(("name", "patched"), [("x.toml", False), ("x.yaml", False), ("pyproject.toml", True)])
def test_exact_text_is_offered_for_files_that_take_it_alone(devkeel: Shell, name: str, patched: bool) -> None:
    (devkeel.root / "pyproject.toml").write_text(TOML_FILE)
    refused = devkeel("source", "append", name, "a", "y", "--json")
    assert refused.data["error"]["code"] == "opaque_value"
    assert ("devkeel patch" in refused.data["error"]["remedy"]) == patched
