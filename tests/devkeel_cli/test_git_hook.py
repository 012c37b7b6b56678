"""`devkeel install --git-hook`, and the commits that it judges: with real Git."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from devkeel_cli import git_hook
from devkeel_cli.group import cli

if TYPE_CHECKING:
    from .conftest import Shell

pytestmark = pytest.mark.broken_declaration
ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent


@pytest.fixture
def repository(devkeel: Shell, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in {"NAME": "t", "EMAIL": "t@example.org"}.items():
        monkeypatch.setenv(f"GIT_AUTHOR_{name}", value)
        monkeypatch.setenv(f"GIT_COMMITTER_{name}", value)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("PATH", f"{PROGRAMS}:{os.environ['PATH']}")
    git(devkeel.root, "init", "-q", "-b", "main")
    git(devkeel.root, "add", "devenv.nix")
    git(devkeel.root, "commit", "-q", "-m", "one")
    return devkeel.root


def git(root: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *argv], cwd=root, capture_output=True, text=True, check=False, timeout=90)


def commit(root: Path, text: str, *argv: str, file: str = "devenv.nix") -> subprocess.CompletedProcess[str]:
    (root / file).write_text(text)
    git(root, "add", file)
    return git(root, "commit", "-q", "-m", "more", *argv)


def break_it(root: Path) -> str:
    return (root / "devenv.nix").read_text().replace("true;", "true")


def test_guardrail_a_commit_that_breaks_the_environment_is_refused_with_the_finding_and_the_remedy(
    devkeel: Shell, repository: Path
) -> None:
    outcome = devkeel("install", "--git-hook")
    assert (outcome.code, "check --staged" in outcome.out) == (0, True)
    assert not (repository / ".git" / "hooks" / "pre-commit").exists()
    assert devkeel("install", "--git-hook", "--write").code == 0
    good = (repository / "devenv.nix").read_text()
    refused = commit(repository, break_it(repository))
    assert refused.returncode == 1
    assert "syntax_error" in refused.stderr
    assert "devkeel patch" in refused.stderr
    assert commit(repository, break_it(repository), "--no-verify").returncode == 0
    # what was broken before is no reason to refuse another change
    assert commit(repository, "text\n", file="README").returncode == 0
    done = commit(repository, good)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_commit_of_named_files_is_judged_by_the_index_that_git_makes_for_it(devkeel: Shell, repository: Path) -> None:
    devkeel("install", "--git-hook", "--write")
    (repository / "devenv.nix").write_text(break_it(repository))
    assert git(repository, "commit", "-q", "-m", "a", "devenv.nix").returncode == 1
    assert git(repository, "commit", "-q", "-a", "-m", "a").returncode == 1


@pytest.mark.parametrize(
    ("body", "said"), [("exit 70\n", "70"), ("kill -9 $$\n", "not judged"), (None, "not installed")]
)
def test_a_broken_or_missing_devkeel_lets_the_commit_go_and_says_why(
    devkeel: Shell, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str | None, said: str
) -> None:
    devkeel("install", "--git-hook", "--write")
    hook = repository / ".git" / "hooks" / "pre-commit"
    hook.write_text(hook.read_text().replace(str(PROGRAMS / "devkeel"), "/nowhere/devkeel"))
    place = tmp_path / "programs"
    place.mkdir()
    if body is not None:
        (place / "devkeel").write_text(f"#!/bin/sh\n{body}")
        (place / "devkeel").chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}:/usr/bin:/bin")
    done = commit(repository, break_it(repository))
    assert done.returncode == 0
    assert said in done.stderr


def test_a_hanging_devkeel_lets_the_commit_go(
    devkeel: Shell, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_hook, "SECONDS", 1)
    devkeel("install", "--git-hook", "--write")
    place = tmp_path / "programs"
    place.mkdir()
    (place / "devkeel").write_text("#!/bin/sh\ntrap '' TERM\nexec sleep 60\n")
    (place / "devkeel").chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}:/usr/bin:/bin")
    begun = time.monotonic()
    done = commit(repository, break_it(repository))
    assert done.returncode == 0
    assert "not judged" in done.stderr
    assert time.monotonic() - begun < 20


def test_the_hook_goes_where_git_looks_and_out_again(devkeel: Shell, repository: Path) -> None:
    git(repository, "config", "core.hooksPath", ".githooks")
    devkeel("install", "--git-hook", "--write")
    hook = repository / ".githooks" / "pre-commit"
    assert os.access(hook, os.X_OK)
    assert commit(repository, break_it(repository)).returncode == 1
    git(repository, "restore", "--staged", "--worktree", ".")
    text = hook.read_bytes()
    assert "nothing to do" in devkeel("install", "--git-hook", "--write").out
    assert hook.read_bytes() == text
    devkeel("install", "--git-hook", "--remove", "--write")
    assert not hook.exists()


def test_another_project_of_the_repository_joins_the_hook(devkeel: Shell, repository: Path) -> None:
    devkeel("install", "--git-hook", "--write")
    folder = repository / "an api"
    folder.mkdir()
    (folder / "devenv.nix").write_text("{ }\n")
    devkeel("install", "--git-hook", "--write", "--root", str(folder))
    refused = commit(repository, "{ a = ; }\n", file="an api/devenv.nix")
    assert refused.returncode == 1
    devkeel("install", "--git-hook", "--remove", "--write", "--root", str(folder))
    assert commit(repository, "{ a = ; }\n", file="an api/devenv.nix").returncode == 0
    assert (repository / ".git" / "hooks" / "pre-commit").exists()


def test_a_hook_of_another_program_stays_and_the_line_is_said(devkeel: Shell, repository: Path) -> None:
    hook = repository / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntrue\n")
    hook.chmod(0o755)
    outcome = devkeel("install", "--git-hook", "--write")
    assert outcome.code == 0
    assert hook.read_text() == "#!/bin/sh\ntrue\n"
    line = outcome.out.split("Add a line there: ")[1].splitlines()[0]
    hook.write_text(f"#!/bin/sh\n{line}\n")
    assert commit(repository, break_it(repository)).returncode == 1
    git(repository, "restore", "--staged", "--worktree", ".")
    assert commit(repository, "text\n", file="README").returncode == 0
    outcome = devkeel("install", "--git-hook", "--remove", "--write")
    assert hook.exists()


@pytest.mark.parametrize(
    ("file", "name"),
    [
        (".pre-commit-config.yaml", "pre-commit"),
        ("lefthook.yml", "lefthook"),
        (".husky/pre-commit", "husky"),
    ],
)
def test_a_framework_is_told_its_line_and_nothing_is_written(
    devkeel: Shell, repository: Path, file: str, name: str
) -> None:
    (repository / file).parent.mkdir(exist_ok=True)
    (repository / file).write_text("repos: []\n")
    outcome = devkeel("install", "--git-hook", "--write")
    assert (outcome.code, name in outcome.out, "check --staged" in outcome.out) == (0, True, True)
    assert not (repository / ".git" / "hooks" / "pre-commit").exists()


def test_without_a_repository_it_says_so(devkeel: Shell) -> None:
    outcome = devkeel("install", "--git-hook", "--write")
    assert (outcome.code, "no_repository" in outcome.err) == (1, True)


def test_what_pre_commit_reads_calls_a_command_that_there_is() -> None:
    [hook] = YAML(typ="safe").load((ROOT / ".pre-commit-hooks.yaml").read_bytes())
    assert {"id", "name", "entry", "language", "files"} <= hook.keys()
    program, verb, *argv = shlex.split(hook["entry"])
    command = cli.get_command(cli.make_context("devkeel", [], resilient_parsing=True), verb)
    assert program == "devkeel"
    assert command is not None
    assert command.make_context(verb, argv).params["staged"]
