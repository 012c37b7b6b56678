"""An agent's own tools neither change the policy nor write what it protects, as far as that is certain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.guard.judge import judge
from devkeel.guard.question import Patch, Question, Replacement, Replacing, Running, WholeFile

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.guard.question import Answer

FILE = """\
prompt = false # as we like it
protected = ["packages"]

[rules]
protected_files = [".github/**", "*.lock"]
"""
MINE = FILE.replace("packages", "env")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = (tmp_path / "project").resolve()
    (root / ".github").mkdir(parents=True)
    (root / "devenv.nix").write_text("{ pkgs, ... }:\n{\n  packages = [ pkgs.git ];\n}\n")
    (root / "devkeel.toml").write_text(FILE)
    (root / "mine.toml").write_text(MINE)
    (root / "same.toml").write_text(FILE.replace("as we like it", "still"))
    return root


Act = WholeFile | Replacing | Patch | Running


def said(root: Path, act: Act) -> Answer | None:
    found = judge(Question(act, str(root)), [str(root)])
    return found[1] if found else None


CHANGING: dict[str, Act] = {
    "the whole file": WholeFile("devkeel.toml", MINE),
    "emptied": WholeFile("devkeel.toml", ""),
    "appended": WholeFile("devkeel.toml", "\nminimum_age_days = 0\n", appends=True),
    "a text": Replacing("devkeel.toml", (Replacement('["packages"]', "[]"),)),
    "the guard": Replacing("./devkeel.toml", (Replacement("prompt", 'guard = "off"\nprompt'),)),
    "a patch": Patch(
        "*** Begin Patch\n*** Update File: devkeel.toml\n@@\n"
        '-protected = ["packages"]\n+protected = []\n*** End Patch\n'
    ),
    "a patch that deletes it": Patch("*** Begin Patch\n*** Delete File: devkeel.toml\n*** End Patch\n"),
    "a heredoc": Running("cat > devkeel.toml <<'EOF'\nprotected = []\nEOF\n"),
    "an echo": Running("echo 'level = \"schema\"' > devkeel.toml"),
    "rm": Running("cd . && rm -f devkeel.toml"),
    "sudo rm": Running("sudo rm ./devkeel.toml"),
    "git rm": Running("git rm devkeel.toml"),
    "mv away": Running("mv devkeel.toml /tmp/x"),
    "mv over": Running("mv mine.toml devkeel.toml"),
    "cp over": Running("cp -f mine.toml ./devkeel.toml"),
    "yes for a person": Running("devkeel policy set protected '[]' --yes"),
    "yes in a shell": Running("bash -c 'devkeel policy unset rules --yes'"),
    "yes to an undo": Running("devkeel undo --yes"),
    "a protected file": WholeFile(".github/workflows/ci.yml", "on: push\n"),
    "a protected text": Replacing(".github/a", (Replacement("a", "b"),)),
    "a protected lock": Running("echo '{}' > devenv.lock"),
    "a protected patch": Patch("*** Begin Patch\n*** Add File: .github/x.yml\n+a\n*** End Patch\n"),
}


@pytest.mark.parametrize("act", CHANGING.values(), ids=CHANGING)
def test_what_changes_the_policy_or_a_protected_file_is_denied(root: Path, act: Act) -> None:
    answer = said(root, act)
    assert answer is not None
    assert answer.decision == "deny"


LEAVING: dict[str, Act] = {
    "a comment": Replacing("devkeel.toml", (Replacement("as we like it", "still"),)),
    "the prompt": Replacing("devkeel.toml", (Replacement("false", '"x"'),)),
    "another layout": WholeFile("devkeel.toml", FILE.replace('["packages"]', '[\n  "packages",\n]')),
    "cp of the same": Running("cp same.toml devkeel.toml"),
    "cp of it": Running("cp devkeel.toml old.toml"),
    "reading": Running("cat devkeel.toml | grep protected"),
    "rm of another": Running("rm -f other.toml; grep x devkeel.toml"),
    "unknown": Running("sed -i s/a/b/ devkeel.toml"),
    "a question": Running("devkeel policy set protected '[]'"),
    "an agreement to a cache": Running("devkeel nix allow x --yes"),
    "another file": WholeFile("src/main.py", "print()\n"),
    "another place": WholeFile("/etc/devkeel.toml", "protected = []\n"),
}


@pytest.mark.parametrize("act", LEAVING.values(), ids=LEAVING)
def test_everything_else_goes_on(root: Path, act: Act) -> None:
    assert said(root, act) is None


def test_a_policy_is_begun_by_a_person_too(root: Path) -> None:
    (root / "devkeel.toml").unlink()
    assert said(root, WholeFile("devkeel.toml", MINE)) is not None
    assert said(root, WholeFile("devkeel.toml", "prompt = false\n")) is None


def test_the_settings_say_what_the_guard_does_with_it(root: Path) -> None:
    (root / "devkeel.toml").write_text(f'guard = "tell"\n{FILE}')
    answer = said(root, WholeFile("devkeel.toml", FILE))
    assert answer is not None
    assert answer.decision == "tell"
