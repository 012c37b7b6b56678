"""An evaluation sees the project, the store and the system, and nothing else of this machine's files."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.derivations import unique

from devkeel.api import Environment
from devkeel.errors import CheckFailed
from devkeel.nix_cli.confinement import by_convention, evaluate
from devkeel.nix_cli.enclosure import Enclosure, encloses, enclosure_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.runtime import Completed

    Without = Callable[..., None]

_WRONG = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


@pytest.fixture(autouse=True)
def namespaces() -> None:
    if not encloses():
        pytest.skip("this system gives no namespaces to this user")


def inside(folder: Path, script: str, *read: Path) -> Completed:
    enclosure = Enclosure(read or (folder,))
    return evaluate(("/bin/sh", "-c", script), timeout=20, cwd=folder, limit=9999, enclosure=enclosure)


@pytest.mark.parametrize("name", ["plain", "a b", "a#b", "back\\slash", "quote'd", "line\nfeed", "ü"])
def test_what_is_shown_is_read_and_what_is_beside_it_is_not_there(tmp_path: Path, name: str) -> None:
    shown = tmp_path / name
    shown.mkdir()
    (shown / "file").write_text("seen")
    (tmp_path / "hidden").write_text("canary")
    (shown / "link").symlink_to("../hidden")
    found = inside(shown, "cat file; cat link ../hidden; ls -A ..; : > made")
    assert found.stdout.decode() == f"seen{name}\n"
    assert found.returncode
    assert not (shown / "made").exists()


def test_a_link_to_nothing_is_not_shown_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("gone")
    (tmp_path / "shown").mkdir()
    found = inside(tmp_path / "shown", "echo here", tmp_path / "shown", tmp_path / "link")
    assert found.stdout == b"here\n"


def test_home_and_temporary_files_are_others_and_go_with_it(tmp_path: Path) -> None:
    found = inside(
        tmp_path, 'ls -A "$HOME" /root /home; ls -A /etc; : > "$HOME/made" && : > "$TMPDIR/made" && echo made'
    )
    told = found.stdout.decode().split()
    assert told[-1] == "made"
    assert not {"shadow", "ssh", "ssl", "hosts", "nix"} & set(told)
    assert not Path("~/made").expanduser().exists()


def test_no_process_of_others_is_seen_nor_their_root(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "canary").touch()
    place = shlex.quote(str(tmp_path / "canary"))
    found = inside(tmp_path / "project", f"for one in /proc/[0-9]*; do [ ! -e $one/root{place} ] || echo $one; done")
    assert (found.stdout, found.returncode) == (b"", 0)


def test_an_exit_code_and_a_signal_come_through(tmp_path: Path) -> None:
    assert inside(tmp_path, "exit 7").returncode == 7
    assert inside(tmp_path, "kill -TERM $$").returncode == 128 + 15


def test_a_repository_elsewhere_is_seen_where_it_is_the_projects_own(tmp_path: Path) -> None:
    main, other, stranger = tmp_path / "main", tmp_path / "other", tmp_path / "stranger"
    for words in (("init", "-q", main), ("-C", main, "worktree", "add", "-q", "--orphan", "-b", "b", other)):
        if subprocess.run(["git", *words], check=False, capture_output=True).returncode:
            (main / ".git" / "worktrees" / "other").mkdir(parents=True)
            (main / ".git" / "worktrees" / "other" / "gitdir").write_text(f"{other}/.git\n")
            (main / ".git" / "worktrees" / "other" / "commondir").write_text("../..\n")
            other.mkdir(exist_ok=True)
            (other / ".git").write_text(f"gitdir: {main}/.git/worktrees/other\n")
    stranger.mkdir()
    (stranger / ".git").write_text((other / ".git").read_text())
    for folder, seen in ((other, True), (stranger, False)):
        opened = Environment(folder, actor="test")
        opener = opened.context.candidate(()).stage
        assert opener is not None
        with opener() as stage:
            enclosure = enclosure_of(stage)
        opened.close()
        assert enclosure is not None
        assert ((main / ".git") in enclosure.read) is seen


@pytest.mark.nix
@pytest.mark.usefixtures("nix_machine")
def test_a_flake_copies_nothing_from_outside_into_the_store(tmp_path: Path) -> None:
    name = unique("canary")
    (tmp_path / name).mkdir()
    (tmp_path / name / "secret").write_text("canary")
    root = tmp_path / "project"
    root.mkdir()
    text = f'builtins.path {{ path = "{tmp_path / name}"; sha256 = "{_WRONG}"; name = "{name}"; }}'
    (root / "flake.nix").write_text(f"{{ outputs = _: {{ x = {text}; }}; }}")
    environment = Environment(root.resolve(), actor="test")
    job = environment.build("#x", timeout=60)
    assert job.wait(60)
    with pytest.raises(CheckFailed) as caught:
        environment.result(job)
    environment.close()
    assert str(tmp_path / name) in caught.value.message
    assert not list(Path("/nix/store").glob(f"*{name}*"))


def test_where_there_is_no_root_of_its_own_an_answer_about_a_flake_says_so(without: Without) -> None:
    assert by_convention(flake=True) is None
    without("namespaces")
    assert "into the store" in (by_convention(flake=True) or "")
