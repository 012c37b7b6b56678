"""Every verb of the command under every set of permissions: only what lacks is denied.

The project gets every call past its judge and no further: its devenv.nix does not parse. What each call takes is
written here by hand. The first call of a verb that takes this or that has every set; its others, and forms of an edit
that try it or check it by a build, have what they take, less by one, everything and nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devkeel_cli.group import VERBS
from devkeel_cli.run import run

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.forged

# A file system in memory: each refusal of a write is kept, and synced to the disk.
MEMORY = Path("/dev/shm")  # noqa: S108  (each module makes a directory of its own there)

LETTERS = {"r": "read", "w": "write", "b": "build", "x": "execute", "n": "network", "p": "publish"}
SETS = ["".join(letters) for size in range(len(LETTERS) + 1) for letters in combinations(LETTERS, size)]
EVERYTHING = SETS[-1]
# What has no project to judge by: they answer a host, and change nothing of a project. `serve` judges each call.
UNJUDGED = {"guard", "hook", "completion", "serve", "review"}
ELSEWHERE = "--expected-revision=0000"
EDITS = (
    *("add fd", "remove fd", "enable redis", "disable redis", "set env.A 1", "unset env.A", "append a.b c"),
    *("prepend a.b c", "rename a.b c.d", "comment a.b", "uncomment a.b", "patch devenv.nix --old=zz --new=y"),
    *("input add x github:a/b", "library add six --language=python", "template use go", "generate no"),
)
CALLS: list[tuple[str, str]] = [
    ("r", "inspect a..b"),
    ("r", "search ripgrep --cursor=no"),
    ("r", "usage"),
    *(("rw", f"{verb} {ELSEWHERE}") for verb in EDITS),
    ("r", "env list"),
    ("r", "env current"),
    ("r", "env info"),
    ("r", "env print"),
    ("rbx", "env create base"),
    ("rw", "env activate base"),
    ("rw", "env remove base"),
    ("rwn", "lock create no"),
    ("rn", "lock create no --dry-run"),
    ("r", "lock check no"),
    ("rw", "envrc base"),
    ("r", "template info no"),
    ("r", "template list"),
    ("r", "template validate no"),
    ("rw", "purge"),
    ("r", "check --level=syntax"),
    ("rb", "check --level=build"),
    ("r", "diff"),
    ("r", "history 9"),
    ("r", "history head"),
    ("r", "history verify"),
    ("rw", f"undo 9 {ELSEWHERE}"),
    ("r", f"undo 9 {ELSEWHERE} --dry-run"),
    ("rw", f"restore 9 {ELSEWHERE}"),
    ("rw", "adopt --yes"),
    ("rbx", "apply --env=base"),
    ("rb", "apply --env=base --dry-run"),
    ("rwbx", "apply --env=base --on-failure=restore"),
    ("rx", "run true"),
    ("rb", "nix build nixpkgs#hello"),
    ("r", "nix eval nixpkgs#hello"),
    ("rbx", "nix run -p nixpkgs#hello true"),
    ("r", "nix shell --file=none.nix"),
    ("r", "nix reproduce nixpkgs#hello"),
    ("rb", "nix reproduce nixpkgs#hello --prove"),
    ("rn", "nix cache exists no"),
    ("rn", "nix cache verify no"),
    ("rnp", "nix cache upload no"),
    ("rn", "nix cache upload no --dry-run"),
    ("rwp", "nix cache configure no --yes"),
    ("rp", "nix cache configure no --dry-run"),
    ("r", "nix cache list"),
    ("rn", "nix builders"),
    ("r", "job 0"),
    ("r", "diagnose {root}/other.nix"),
    ("rbn", "library repair"),
    ("r", "diagnose --job=0"),
    ("rx", "up no"),
    ("rx", "down no"),
    ("rx", "restart no"),
    ("r", "why PATH"),
    ("r", "ps"),
    ("r", "logs no"),
    ("r", "source get {root}/other.nix a"),
    ("rw", "source set {root}/other.nix a 1"),
    ("r", "source set {root}/other.nix a 1 --dry-run"),
    ("rw", "init"),
    ("r", "init --dry-run"),
    ("r", "install --host=claude-code"),
    ("r", "policy show"),
    ("r", "policy explain inspect"),
    ("r", "report --since=never"),  # a report names the refusals of the other calls
    ("r", "policy validate"),
    ("rw", "policy set guard tell --yes"),
    ("r", "policy set no 1 --dry-run"),
    ("r", "doctor"),
    ("rw", "doctor --repair"),
    ("r", "events {root}/other.nix"),
    ("rx", "gate no"),
    ("r", "gate no --no-run"),
]

FORMS = [
    (takes, f"{verb} {ELSEWHERE} {more}")
    for verb in EDITS
    for takes, more in (("r", "--dry-run"), ("rwb", "--level=build"))
]
FIRST = list({(words.split()[0], takes): (takes, words) for takes, words in reversed(CALLS)}.values())
OTHERS = [item for item in [*CALLS, *FORMS] if item not in FIRST]


def test_every_verb_is_in_the_matrix() -> None:
    assert {words.split()[0] for _, words in CALLS} == VERBS.keys() - UNJUDGED


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    where = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="devkeel-matrix-", dir=where) as place:
        root = Path(place).resolve() / "project"
        root.mkdir()
        (root / "devenv.nix").write_text("{ pkgs, ... }: {\n")
        (root / "other.nix").write_text("{ a = 1; }\n")
        yield root


def permit(root: Path, name: str) -> None:
    """Let the role `a` have a set of permissions, and nothing else be said."""
    (root / "devkeel.toml").write_text(
        f"[roles.a]\npermissions = {[LETTERS[letter] for letter in name]}\n".replace("'", '"')
    )


def arguments(root: Path, words: str) -> list[str]:
    return ["--root", str(root), "--role", "a", *words.format(root=root).split()]


def denied(root: Path, capfd: pytest.CaptureFixture[str], name: str, words: str) -> bool:
    permit(root, name)
    run(arguments(root, words))
    return "permission_denied" in "".join(capfd.readouterr())


@pytest.mark.parametrize(("takes", "words"), FIRST, ids=[words for _, words in FIRST])
def test_a_call_is_denied_under_every_set_that_lacks_what_it_takes_and_under_no_other(
    root: Path, capfd: pytest.CaptureFixture[str], takes: str, words: str
) -> None:
    wrong = [name for name in SETS if denied(root, capfd, name, words) is (set(takes) <= set(name))]
    assert wrong == []


@pytest.mark.parametrize(("takes", "words"), OTHERS, ids=[words for _, words in OTHERS])
def test_another_call_of_a_verb_is_denied_by_what_it_takes_alone(
    root: Path, capfd: pytest.CaptureFixture[str], takes: str, words: str
) -> None:
    less = [EVERYTHING.replace(letter, "") for letter in takes]
    wrong = [
        name for name in (takes, EVERYTHING, "", *less) if denied(root, capfd, name, words) is (set(takes) <= set(name))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("takes", "words"),
    [("r", "inspect a..b"), ("rw", f"add fd {ELSEWHERE}"), ("rx", "run true"), ("rn", "nix builders")],
)
def test_a_process_of_the_command_is_held_the_same(root: Path, takes: str, words: str) -> None:
    for name in (takes, EVERYTHING.replace(takes[-1], "")):
        permit(root, name)
        done = subprocess.run(
            [sys.executable, "-m", "devkeel_cli", *arguments(root, words)],
            check=False,
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert ("permission_denied" in done.stdout + done.stderr) is not (set(takes) <= set(name)), name
