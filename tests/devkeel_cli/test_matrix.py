"""Every verb of the command under what it takes, less by one, everything and nothing: only what lacks is denied.

The project gets every call past its judge and no further: its devenv.nix does not parse. What each call takes is
written here by hand; the tools have every one of the 64 sets in tests/devkeel_mcp/test_matrix.py.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import pytest

from devkeel_cli.group import VERBS
from devkeel_cli.run import run

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.forged, pytest.mark.xdist_group("command matrix")]

LETTERS = {"r": "read", "w": "write", "b": "build", "x": "execute", "n": "network", "p": "publish"}
SETS = ["".join(letters) for size in range(len(LETTERS) + 1) for letters in combinations(LETTERS, size)]
EVERYTHING = SETS[-1]
# What has no project to judge by: they answer a host, and change nothing of a project. `serve` judges each call.
UNJUDGED = {"guard", "hook", "completion", "serve"}
ELSEWHERE = "--expected-revision=0000"
CALLS: list[tuple[str, str]] = [
    ("r", "inspect a..b"),
    ("r", "search ripgrep --cursor=no"),
    ("r", "usage"),
    *(
        (takes, f"{verb} {more}")
        for verb in (
            *("add fd", "remove fd", "enable redis", "disable redis", "set env.A 1", "unset env.A", "append a.b c"),
            *("prepend a.b c", "rename a.b c.d", "comment a.b", "uncomment a.b", "patch devenv.nix --old=zz --new=y"),
            *("input add x github:a/b", "library add six --language=python", "template use go", "generate no"),
        )
        for takes, more in (
            ("rw", ELSEWHERE),
            ("r", f"{ELSEWHERE} --dry-run"),
            ("rwb", f"{ELSEWHERE} --level=build"),
        )
    ),
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
    ("r", "template list"),
    ("r", "template info no"),
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


def test_every_verb_is_in_the_matrix() -> None:
    assert {words.split()[0] for _, words in CALLS} == VERBS.keys() - UNJUDGED


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("matrix")
    (root / "devenv.nix").write_text("{ pkgs, ... }: {\n")
    (root / "other.nix").write_text("{ a = 1; }\n")
    lines = [f"[roles.a{name}]\npermissions = {[LETTERS[letter] for letter in name]}\n" for name in SETS]
    (root / "devkeel.toml").write_text("".join(lines).replace("'", '"'))
    return root


@pytest.mark.parametrize(("takes", "words"), CALLS, ids=[words for _, words in CALLS])
def test_a_call_is_denied_by_what_lacks_alone(
    root: Path, capfd: pytest.CaptureFixture[str], takes: str, words: str
) -> None:
    less = [EVERYTHING.replace(letter, "") for letter in takes]
    for name in (takes, EVERYTHING, "", *less):
        run(["--root", str(root), "--role", f"a{name}", *words.format(root=root).split()])
        denied = "permission_denied" in "".join(capfd.readouterr())
        assert denied is not (set(takes) <= set(name)), name
