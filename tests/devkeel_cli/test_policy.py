"""`devkeel policy` and an undo of it ask the person, and do nothing where there is no terminal and no page."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.policy.roles import Caller
from devkeel.proposals.presence import attending

from .conftest import process_environment

if TYPE_CHECKING:
    from devkeel.proposals.proposal import ProposalView

    from .conftest import Shell

SET = ("policy", "set", "rules.packages.forbid", '["mysql"]')


def test_the_policy_changes_where_a_person_says_so(devkeel: Shell) -> None:
    settings = devkeel.root / "devkeel.toml"
    refused = devkeel(*SET, "--json")
    assert (refused.code, refused.data["error"]["code"]) == (1, "person_needed")
    assert "+forbid" in devkeel(*SET, "--dry-run").out
    assert not settings.exists()
    assert devkeel(*SET, "--yes").code == 0
    assert "mysql" in settings.read_text()
    assert devkeel(*SET).code == 0  # nothing is left to ask about
    assert devkeel("undo").code == 1
    assert "-forbid" in devkeel("undo", "--dry-run").out
    assert devkeel("undo", "--yes").code == 0
    assert not settings.exists()
    assert devkeel("policy", "unset", "rules").code == 0
    assert devkeel("policy", "set", "colour", "red", "--yes").code == 2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('["a", "b"]', '["a", "b"]'),
        ('{"a": 1}', None),
        ("7", "7"),
        ("warn", '"warn"'),
        ("1\nlevel = 2", '"1\\nlevel = 2"'),
    ],
)
def test_a_value_is_toml_json_or_a_text(devkeel: Shell, text: str, value: str | None) -> None:
    tried = devkeel("policy", "set", "lock_file_policy", text, "--dry-run")
    wrong = devkeel("policy", "set", "rules.minimum_age_days", text, "--dry-run")
    assert (wrong.code == 0) is (text == "7")
    assert (tried.code == 0) is (text == "warn")
    if tried.code == 0:
        assert f"+lock_file_policy = {value}" in tried.out


def test_a_person_is_asked_at_the_terminal(devkeel: Shell) -> None:
    for answer, written in (("n\n", False), ("y\n", True)):
        ours, theirs = pty.openpty()
        try:
            os.write(ours, answer.encode())
            argv = [sys.executable, "-m", "devkeel_cli", *SET]
            done = subprocess.run(
                argv, cwd=devkeel.root, env=process_environment(), stdin=theirs, capture_output=True, check=False
            )
        finally:
            os.close(ours)
            os.close(theirs)
        assert (done.returncode == 0) is written, done
        assert (devkeel.root / "devkeel.toml").exists() is written


class AtPage:
    """A run of the command without a terminal, while a person has a page open."""

    def __init__(self, shell: Shell, *argv: str) -> None:
        self.page = Environment(shell.root, actor="a person", caller=Caller("command"))
        self.run = subprocess.Popen(
            [sys.executable, "-m", "devkeel_cli", *argv],
            cwd=shell.root,
            env=process_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def sees(self) -> ProposalView:
        """Return the one thing that is asked, as soon as it is."""
        while not (found := self.page.proposals().proposals):
            assert self.run.poll() is None, self.run.communicate()
        return found[0]

    def says(self, *, agrees: bool) -> ProposalView:
        seen = self.sees()
        self.page.answer_proposal(seen.id, agrees=agrees, seen=seen.digest)
        return seen

    def ends(self) -> int:
        self.run.communicate(timeout=60)
        assert self.page.proposals().proposals == ()
        return self.run.returncode


def test_a_person_at_a_page_is_asked_where_there_is_no_terminal(devkeel: Shell) -> None:
    settings = devkeel.root / "devkeel.toml"
    with attending(devkeel.root):
        refused = AtPage(devkeel, *SET)
        seen = refused.says(agrees=False)
        assert refused.ends() == 1
        assert not settings.exists()
        assert (seen.through, seen.action) == ("command", "policy set")
        assert seen.arguments == {"key": "rules.packages.forbid", "value": ["mysql"]}
        assert "+forbid" in seen.shown["diff"]
        done = AtPage(devkeel, *SET)
        done.says(agrees=True)
        assert done.ends() == 0
        assert "mysql" in settings.read_text()
        undone = AtPage(devkeel, "undo")
        assert undone.says(agrees=True).why
        assert undone.ends() == 0
        assert not settings.exists()
        moved = AtPage(devkeel, *SET)
        moved.sees()
        settings.write_text("job_after = 3\n")
        moved.says(agrees=True)
        assert moved.ends() == 4
        assert settings.read_text() == "job_after = 3\n"
        ended = AtPage(devkeel, *SET)
        ended.sees()
        ended.run.terminate()
        ended.ends()
    assert settings.read_text() == "job_after = 3\n"
    assert devkeel(*SET).code == 1


def test_a_cache_is_named_and_agreed_to_on_the_page(devkeel: Shell, tmp_path_factory: pytest.TempPathFactory) -> None:
    url, settings = f"file://{tmp_path_factory.mktemp('cache')}", devkeel.root / "devkeel.toml"
    with attending(devkeel.root):
        named = AtPage(devkeel, "nix", "cache", "configure", url, "--public-key", f"team-1:{'A' * 43}=")
        assert "public_key" in named.says(agrees=True).shown["diff"]
        assert named.ends() == 0
        settings.write_text(settings.read_text().replace("team-1", "team-2"))
        assert "waits for you" in devkeel("nix", "allow").out
        agreed = AtPage(devkeel, "nix", "allow", url)
        seen = agreed.says(agrees=True)
        assert seen.arguments == {"addresses": [url]}
        assert any("team-2" in note for note in seen.shown["notes"])
        assert agreed.ends() == 0
    assert "waits for you" not in devkeel("nix", "allow").out
