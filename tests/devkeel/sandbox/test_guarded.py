"""What a person's Git obeys is the same after a run as before, in each form that a repository has."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from devkeel.errors import Unavailable
from devkeel.project.root import SETTINGS
from devkeel.runtime import process
from devkeel.sandbox import ways
from devkeel.sandbox.guarded import guarded
from devkeel.sandbox.sandbox import Sandbox
from devkeel.sandbox.view import View

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.sandbox.account import SandboxAccount

QUIET = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
COMMIT = ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "It")

# What was seen to run outside of a sandbox at the next `git status` of a person, and its neighbours.
ATTACK = """
printf '#!/bin/sh\\necho ran > "$PWD/pwned"\\n' > pwn.sh; chmod +x pwn.sh
fake() {
  mkdir -p "$1/objects" "$1/refs"; echo ref: refs/heads/main > "$1/HEAD"
  printf '[core]\\nrepositoryformatversion=0\\nfsmonitor=%s/pwn.sh\\nworktree=%s\\n' "$PWD" "$PWD" > "$1/config"
}
fake evil
echo ../evil > .git/commondir
mv .git away; rm -rf .git; rm -f .git
cp -a evil .git; echo gitdir: evil > .git
git init -q . && git config core.fsmonitor "$PWD/pwn.sh"
fake .
rm -rf below/lib/.git; mv below/lib gone; mkdir -p below/lib; cp -a evil below/lib/.git
mv below gone2; mkdir -p below/lib; cp -a evil below/lib/.git
exit 0
"""


def git(place: Path, *words: str) -> str:
    found = subprocess.run(("git", "-C", str(place), *words), capture_output=True, text=True, check=True, env=QUIET)
    return found.stdout.strip()


def form(top: Path, kind: str) -> Path:
    """A project in a repository of one kind; `git status` works in each, or finds none."""
    root = top / kind
    root.mkdir()
    if kind == "none":
        return root
    if kind == "part":
        git(root, "init", "-q", "--template=")
        (root / "part").mkdir()
        return root / "part"
    git(root, "init", "-q", "--template=")
    git(root, *COMMIT)
    if kind == "submodule":
        library = root / "below" / "lib"
        git(root, "init", "-q", "--template=", str(library))
        git(library, *COMMIT)
        git(root, "update-index", "--add", "--cacheinfo", f"160000,{git(library, 'rev-parse', 'HEAD')},below/lib")
    elif kind == "worktree":
        git(root, "worktree", "add", "-q", str(top / "further"))
        return top / "further"
    return root


def ran(root: Path, script: str) -> tuple[str, SandboxAccount]:
    argv = ("/bin/sh", "-c", script)
    with Sandbox(View(root)).holding(argv, root, {}) as holding:
        found = process.run(holding.argv, timeout=60, environment={}, cwd=root, inherits=holding.inherits)
        assert found.returncode == 0, found.stderr
        return found.stdout.decode(), holding.account("")


@pytest.mark.skipif(ways.way() is None, reason="this system gives no such sandbox to this user")
@pytest.mark.parametrize("kind", ["none", "part", "plain", "worktree", "submodule"])
def test_a_persons_git_runs_nothing_of_a_run(tmp_path: Path, kind: str) -> None:
    root = form(tmp_path, kind)
    ran(root, ATTACK)
    with suppress(subprocess.CalledProcessError):  # no repository, as before
        git(root, "status")
    assert list(tmp_path.rglob("pwned")) == []
    if kind in ("none", "part"):
        assert not {".git", "HEAD"} & {item.name for item in root.iterdir()}


@pytest.mark.skipif(ways.way() is None, reason="this system gives no such sandbox to this user")
def test_git_is_read_in_a_run_and_what_a_run_makes_for_others_is_said(tmp_path: Path) -> None:
    root = form(tmp_path, "plain")
    (root / ".envrc").touch()
    out, account = ran(root, "touch new .mcp.json; git status --short && git log --oneline && ! (: > .envrc)")
    assert "?? new" in out
    assert [line.split()[0] for line in account.blocked] == [".mcp.json"]


@pytest.mark.parametrize("name", [".git", SETTINGS])
def test_what_could_be_exchanged_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / name).symlink_to("elsewhere")
    with pytest.raises(Unavailable) as caught:
        guarded(tmp_path)
    assert caught.value.code == "not_sandboxed"


def test_a_bare_repository_is_refused(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", ".")
    with pytest.raises(Unavailable) as caught:
        guarded(tmp_path)
    assert caught.value.code == "not_sandboxed"


# What was reported of other sandboxes: hooks that are kept with the sources, and reached by a link.
LINKED = """
for place in tracked/pre-commit scripts/check.sh editor/tasks.json agent/hook.sh; do
  (echo '#!/bin/sh'; echo 'echo ran > pwned') > $place && chmod +x $place
done
mv tracked gone; mkdir -p tracked; mv scripts gone; mkdir -p scripts; rm -rf editor; mkdir -p editor
rm .vscode .envrc; mkdir .vscode; echo ran > .envrc
echo more > sources/it.sh
exit 0
"""


@pytest.mark.skipif(ways.way() is None, reason="this system gives no such sandbox to this user")
def test_what_links_lead_to_is_held_and_a_link_that_was_exchanged_is_named(tmp_path: Path) -> None:
    root = form(tmp_path, "plain")
    held = {
        name: root / name for name in ("tracked/post-commit", "scripts/check.sh", "editor/tasks.json", "agent/hook.sh")
    }
    for place in (*held.values(), root / "sources" / "it.sh"):
        place.parent.mkdir()
        place.write_text("true\n")
        place.chmod(0o755)
    (tmp_path / "outside").write_text("true\n")
    (root / ".git" / "hooks").symlink_to("../tracked")
    (root / "tracked" / "pre-push").symlink_to("../scripts/check.sh")
    (root / ".vscode").symlink_to("editor")
    (root / ".claude").mkdir()
    (root / ".claude" / "hook.sh").symlink_to("../agent/hook.sh")
    (root / ".claude" / "all").symlink_to("..")
    (root / ".envrc").symlink_to(tmp_path / "outside")
    _, account = ran(root, LINKED)
    assert {name: place.read_text() for name, place in held.items()} == dict.fromkeys(held, "true\n")
    assert not (root / "tracked" / "pre-commit").exists()
    assert (root / "sources" / "it.sh").read_text() == "more\n"
    said = [line.split()[0] for line in account.blocked if "exchanged" in line]
    assert said == [".envrc", ".vscode"]
    git(root, *COMMIT)
    assert not (root / "pwned").exists()


@pytest.mark.parametrize("name", ["hooks", "tools/hooks"])
def test_a_way_that_gits_configuration_names_by_a_link_is_refused(tmp_path: Path, name: str) -> None:
    root = form(tmp_path, "plain")
    (root / "real" / "hooks").mkdir(parents=True)
    (root / "tools").symlink_to("real")
    (root / "hooks").symlink_to("real/hooks")
    git(root, "config", "core.hooksPath", name)
    with pytest.raises(Unavailable) as caught:
        guarded(root)
    assert caught.value.code == "not_sandboxed"
    git(root, "config", "core.hooksPath", "real/hooks")
    assert str(root / "real" / "hooks") in guarded(root).read
