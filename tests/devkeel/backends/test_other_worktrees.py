"""What a fresh worktree takes over from another one of its repository, and when it resolves for itself."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.backends import other_worktrees, venv
from devkeel.backends.other_worktrees import NOTE, TakenOver, made_elsewhere, own_inputs
from devkeel.candidate.repository import other_worktrees as worktrees_beside
from devkeel.libraries.resolve.imports import require_imports
from devkeel.libraries.resolve.installers import find_uv
from devkeel.project.root import Project

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = ["plain"]\n'
PLAIN = {"pyproject.toml": PROJECT.encode()}

pytestmark = pytest.mark.usefixtures("own_index")


@pytest.fixture
def trees(tmp_path: Path) -> Iterator[tuple[Environment, Environment]]:
    """Two worktrees of a repository, of which the first is applied."""
    first, second = tmp_path.resolve() / "app", tmp_path.resolve() / "app-feature"
    first.mkdir()
    (first / "pyproject.toml").write_text(PROJECT)
    git = ("git", "-c", "user.name=t", "-c", "user.email=t@example.org")
    for words in (("init", "-q"), ("add", "."), ("commit", "-qm", "begin"), ("worktree", "add", "-q", str(second))):
        subprocess.run([*git, *words], cwd=first, check=True, capture_output=True)
    opened = Environment(first, actor="test"), Environment(second, actor="test")
    opened[0].environments().create()
    yield opened
    for environment in opened:
        environment.close()


@pytest.fixture
def works(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done for itself: resolved, imported."""
    done: list[str] = []
    resolved, imported = venv.Venv._resolved, require_imports

    def resolve(*words: Any) -> str:
        done.append("resolved")
        return resolved(*words)

    def require(*words: Any, **named: Any) -> bool:
        done.append("imported")
        return imported(*words, **named)

    monkeypatch.setattr(venv.Venv, "_resolved", resolve)
    monkeypatch.setattr(venv, "require_imports", require)
    return done


@pytest.mark.rule("worktree: taken over", "worktree: anew")
def test_a_fresh_worktree_takes_over_what_another_has_in_use(
    trees: tuple[Environment, Environment], works: list[str]
) -> None:
    second = trees[1]
    made = second.environments().create()
    assert works == []
    assert NOTE in made.notes
    assert made.installed is not None
    assert set(made.installed.versions) == {"plain"}
    # What is there already is resolved anew, so that a second call brings what is newest.
    assert NOTE not in second.environments().create().notes
    assert works == ["resolved"]


def test_what_the_index_has_no_more_is_resolved_anew(
    trees: tuple[Environment, Environment], works: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(venv, "made_elsewhere", lambda *_: TakenOver("as it was", "plain==99\n"))
    made = trees[1].environments().create()
    assert NOTE not in made.notes
    assert works == ["resolved", "imported"]


def test_a_lock_is_installed_as_it_is_and_not_imported_again(
    trees: tuple[Environment, Environment], works: list[str]
) -> None:
    for environment in trees:
        subprocess.run([find_uv(), "lock", "--quiet"], cwd=environment.project.root, check=True)
    trees[0].environments().create()
    assert NOTE not in trees[1].environments().create().notes
    assert works == ["imported"]


def test_what_was_not_put_in_use_by_this_user_is_not_taken_over(
    trees: tuple[Environment, Environment], works: list[str]
) -> None:
    sealed = next(trees[0].project.state.glob("envs/*/current.json"))
    sealed.write_text(sealed.read_text().replace('"seal": "', '"seal": "0'))
    trees[1].environments().create()
    assert works == ["resolved", "imported"]


def test_a_worktree_is_one_of_this_repository_where_it_says_so_itself(
    trees: tuple[Environment, Environment], tmp_path: Path
) -> None:
    first, second = (environment.project.root for environment in trees)
    # As Git 2.48 writes them with worktree.useRelativePaths.
    (first / ".git" / "worktrees" / second.name / "gitdir").write_text(f"../../../../{second.name}/.git\n")
    (second / ".git").write_text(f"gitdir: ../{first.name}/.git/worktrees/{second.name}\n")
    assert worktrees_beside(first) == [second]
    assert worktrees_beside(second) == [first]
    second.rename(tmp_path / "away")
    second.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=second, check=True)
    assert worktrees_beside(first) == []


def test_whatever_decides_the_result_is_among_the_inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "project"
    root.mkdir()
    project, seen = Project(root), []

    def note(files: dict[str, bytes] = PLAIN, asked: str = "3.12") -> None:
        found = own_inputs(project, files, asked)
        assert found is not None
        seen.append(found)

    note()
    note(asked="3.13, with the group docs")
    note({"pyproject.toml": PROJECT.replace('"plain"', '"plain<2"').encode()})
    note({"requirements.txt": b"plain\n# a remark\n"})
    note({**PLAIN, "uv.lock": b"version = 1\n"})
    for name, value in (("UV_EXCLUDE_NEWER", "2026-01-01"), ("UV_INDEX", "https://index.example.org/simple")):
        with monkeypatch.context() as patched:
            patched.setenv(name, value)
            note()
    for name in ("XDG_CONFIG_HOME", "XDG_CONFIG_DIRS"):
        monkeypatch.setenv(name, str(tmp_path / name))
    own, system = (tmp_path / name / "uv" / "uv.toml" for name in ("XDG_CONFIG_HOME", "XDG_CONFIG_DIRS"))
    for place in (tmp_path / "uv.toml", root / "uv.toml", own, system):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text('resolution = "lowest"\n')
        note()
    assert len(set(seen)) == len(seen)
    note()
    assert seen[-1] == seen[-2]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "-r more.txt\n"),
        ("requirements.txt", "-c held.txt\nplain\n"),
        ("requirements.txt", "-e ./own\n"),
        ("requirements.txt", "own @ file:///srv/own\n"),
        ("requirements.txt", "--find-links wheels\nplain\n"),
        ("pyproject.toml", f'{PROJECT}\n[tool.uv.sources]\nplain = {{ path = "own" }}\n'),
        ("pyproject.toml", f'{PROJECT}\n[tool.uv]\nfind-links = ["wheels"]\n'),
        ("pyproject.toml", f'{PROJECT}\n[tool.uv.pip]\nfind-links = ["wheels"]\n'),
        ("pyproject.toml", f'{PROJECT}\n[[tool.uv.index]]\nurl = "wheels"\n'),
        ("uv.lock", '[[package]]\nname = "own"\nsource = { directory = "own" }\n'),
        ("pyproject.toml", PROJECT.replace("dependencies = [", 'dynamic = ["dependencies"]\nothers = [')),
        ("pyproject.toml", "[project\n"),
    ],
)
def test_nothing_is_taken_over_where_other_files_decide_too(tmp_path: Path, name: str, text: str) -> None:
    assert own_inputs(Project(tmp_path), {name: text.encode()}, "") is None


def test_nothing_is_taken_over_where_settings_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> bytes:
        raise PermissionError

    (tmp_path / "uv.toml").write_text("")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert own_inputs(Project(tmp_path), PLAIN, "") is None


@pytest.mark.parametrize("name", ["UV_CONSTRAINT", "UV_OVERRIDE", "UV_CONFIG_FILE"])
def test_nothing_is_taken_over_where_a_variable_names_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, str(tmp_path / "held.txt"))
    assert own_inputs(Project(tmp_path), PLAIN, "") is None


@pytest.mark.parametrize(
    ("name", "value"), [("UV_FIND_LINKS", "wheels"), ("UV_INDEX", "https://index.example.org/simple ./wheels")]
)
def test_nothing_is_taken_over_where_packages_lie_beside_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert own_inputs(Project(tmp_path), PLAIN, "") is None


@pytest.mark.parametrize("text", ['find-links = ["wheels"]\n', '[[index]]\nurl = "./wheels"\n', "[index\n"])
def test_nothing_is_taken_over_where_settings_name_a_directory_of_theirs(tmp_path: Path, text: str) -> None:
    root = tmp_path / "project"
    root.mkdir()
    assert own_inputs(Project(root), PLAIN, "") is not None
    (tmp_path / "uv.toml").write_text(text)
    assert own_inputs(Project(root), PLAIN, "") is None


@pytest.mark.parametrize(
    ("pins", "plain"),
    [
        ("plain==1.0\nother[x]==2.0 ; python_version < '4' \\\n    --hash=sha256:00\n# a remark\n\n", True),
        ("", True),
        ("-e .\n", False),
        ("./own\n", False),
        ("own @ file:///srv/own\n", False),
        ("--find-links wheels\n", False),
    ],
)
def test_only_plain_versions_are_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pins: str, plain: bool
) -> None:
    (tmp_path / ".devkeel" / "envs" / "app").mkdir(parents=True)
    monkeypatch.setattr(other_worktrees, "other_worktrees", lambda _: [tmp_path])
    monkeypatch.setattr(other_worktrees, "_in_use", lambda _: TakenOver("same", pins))
    found = made_elsewhere(Project(tmp_path), tmp_path / ".devkeel" / "envs" / "app", "same")
    assert (found is not None) is plain
