"""The git of those programs that ask it about a repository while it is only looked at."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from devkeel.runtime import executing, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from devkeel.runtime import Completed

# What a repository's own configuration may name, as git-config(1) and gitattributes(5) have it.
SETTINGS = (
    *("core.fsmonitor", "core.sshCommand", "core.editor", "core.pager", "core.askPass", "core.gitProxy"),
    *("core.alternateRefsCommand", "diff.external", "diff.evil.command", "diff.evil.textconv", "gpg.program"),
    *("filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "merge.evil.driver", "credential.helper"),
    *("pager.diff", "pager.log", "alias.diff", "interactive.diffFilter", "sequence.editor", "trailer.evil.command"),
)
ATTRIBUTES = "* filter=evil diff=evil merge=evil\n"
# Each as Nix has it (src/libfetchers/git.cc, 2.8 and 2.34), and what a newer one may come to ask.
QUESTIONS = (
    ("rev-parse", "--verify", "--no-revs", "HEAD^{commit}"),
    ("diff", "HEAD", "--quiet", "--ignore-submodules", "--"),
    ("diff", "HEAD"),
    ("ls-files", "-z"),
    ("log", "-1", "--format=%ct", "--no-show-signature", "HEAD"),
    ("status", "--porcelain"),
    ("archive", "HEAD"),
    ("-c", "log.showSignature=true", "rev-list", "--count", "HEAD"),
    ("show-ref", "--head"),
    ("cat-file", "--textconv", "HEAD:text"),
    ("check-ref-format", "--allow-onelevel", "main"),
)


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", root, "-c", "user.name=me", "-c", "user.email=me@here", *arguments], check=True)


@pytest.fixture
def fired(tmp_path: Path) -> Callable[[], list[str]]:
    """What the repository's programs have left."""
    (tmp_path / "fired").mkdir()
    return lambda: sorted(path.name for path in (tmp_path / "fired").iterdir())


@pytest.fixture
def clone(tmp_path: Path, fired: Callable[[], list[str]]) -> Path:
    """A repository whose configuration names a program everywhere, and a file that has changed."""
    assert not fired()
    root = tmp_path / "clone"
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch=main")
    (root / "text").write_text("before\n")
    (root / ".gitattributes").write_text(ATTRIBUTES)
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message=start")
    with (root / ".git" / "config").open("a") as config:
        for setting in SETTINGS:
            section, _, rest = setting.partition(".")
            part, _, name = rest.rpartition(".")
            head = f'[{section} "{part}"]' if part else f"[{section}]"
            sign = "!" if section == "alias" else ""
            config.write(f'{head}\n\t{name} = "{sign}touch {tmp_path}/fired/{setting}; cat"\n')
    (root / "included").write_text(f'[filter "other"]\n\tclean = touch {tmp_path}/fired/included; cat\n')
    git(root, "config", "include.path", "../included")
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-index-change", "post-checkout", "reference-transaction", "fsmonitor-watchman"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/fired/{name}\n")
        (hooks / name).chmod(0o755)
    git(root, "config", "core.hooksPath", str(hooks))
    (root / ".git" / "info" / "attributes").write_text(ATTRIBUTES + "*.md filter=other\n")
    (root / "text").write_text("after!\n")
    return root


def ask(root: Path, *arguments: str) -> Completed:
    return run(("sh", "-c", 'exec git "$@"', "sh", "-C", str(root), *arguments), timeout=30)


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
def test_no_program_of_the_repository_is_run(
    clone: Path, fired: Callable[[], list[str]], question: tuple[str, ...]
) -> None:
    found = ask(clone, *question)
    assert fired() == []
    assert found.returncode == (1 if "--quiet" in question else 0), found.stderr


def test_git_itself_would_run_them(clone: Path, fired: Callable[[], list[str]]) -> None:
    with executing():
        ask(clone, "diff", "HEAD")
    assert {"core.fsmonitor", "diff.evil.textconv"} & {*fired()} or "diff.external" in fired()


@pytest.mark.parametrize("kind", ["worktree", "pointer", "submodule", "bare", "commondir"])
def test_nor_where_the_repository_is_elsewhere(
    clone: Path, tmp_path: Path, fired: Callable[[], list[str]], kind: str
) -> None:
    place = tmp_path / "place"
    if kind == "worktree":
        with executing():
            git(clone, "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "filter.evil.process=",
                "-c", "filter.evil.smudge=", "worktree", "add", "--quiet", "--no-checkout", str(place))  # fmt: skip
    elif kind == "pointer":
        place.mkdir()
        (place / ".git").write_text(f"gitdir: {clone / '.git'}\n")
    elif kind == "submodule":
        place = tmp_path / "outer"
        place.mkdir()
        git(place, "init", "--quiet")
        (place / ".gitmodules").write_text('[submodule "inner"]\n\tpath = inner\n\turl = ./inner\n\tignore = none\n')
        clone.rename(place / "inner")
        git(place, "-c", "core.fsmonitor=false", "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},inner")
        git(place, "commit", "--quiet", "--message=start")
    elif kind == "bare":
        place.mkdir()
        (clone / ".git").rename(place / "embedded")
        place = place / "embedded"
    else:
        place.mkdir()
        (place / ".git").mkdir()
        (place / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
        (place / ".git" / "commondir").write_text(f"{clone / '.git'}\n")
        (place / ".git" / "index").write_bytes((clone / ".git" / "index").read_bytes())
    before = fired()
    for question in QUESTIONS:
        ask(place, *question)
    assert fired() == before


def test_the_answers_are_git_s_own(clone: Path) -> None:
    (clone / "new").write_text("")
    assert ask(clone, "ls-files").stdout == b".gitattributes\ntext\n"
    assert ask(clone, "status", "--porcelain").stdout.splitlines() == [b" M text", b"?? included", b"?? new"]
    assert b"+after!" in ask(clone, "diff", "HEAD").stdout
    with executing():
        head = run(("git", "-C", str(clone), "rev-parse", "HEAD"), timeout=30).stdout
    assert ask(clone, "rev-parse", "HEAD").stdout == head
    assert ask(clone, "--git-dir=.git", "rev-parse", "HEAD").stdout == head


def test_it_leaves_nothing_behind(clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    index = (clone / ".git" / "index").read_bytes()
    ask(clone, "status", "--porcelain")
    assert list(place.iterdir()) == []
    assert (clone / ".git" / "index").read_bytes() == index


def test_a_directory_that_is_no_repository_is_told_as_git_tells_it(tmp_path: Path) -> None:
    found = ask(tmp_path, "rev-parse", "HEAD")
    assert found.returncode == 128
    assert ask(tmp_path, "init", "--quiet", "--bare", "cache.git").returncode == 0
