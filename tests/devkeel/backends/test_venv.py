"""The venv backend: imports, locks, Pythons, with real uv and wheels of our own."""

from __future__ import annotations

import subprocess
import tomllib
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.backends import venv
from devkeel.backends.venv import Venv
from devkeel.edits.libraries import AddLibrary
from devkeel.errors import CheckFailed, Conflict, Unavailable
from devkeel.libraries.resolve import resolvers
from devkeel.libraries.resolve.installers import find_uv
from devkeel.runtime.holding import HeldProgram, run_held

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from devkeel.runtime import Completed

PROJECT = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = ["plain"]\n'
SHELL = "{ pkgs, ... }:\n\n{\n  packages = [ ];\n}\n"

pytestmark = pytest.mark.usefixtures("own_index")


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Environment]:
    root = tmp_path / "project"
    root.mkdir()
    (root / "pyproject.toml").write_text(PROJECT)
    opened = Environment(root, actor="test")
    yield opened
    opened.close()


def add(environment: Environment, *names: str, level: str | None = None) -> tuple[str, ...]:
    return environment.change([AddLibrary(language="python", names=list(names))], level=level).files


def lock(environment: Environment) -> None:
    subprocess.run([find_uv(), "lock", "--quiet"], cwd=environment.project.root, check=True)


def test_a_library_that_breaks_on_import_is_refused_before_anything_is_written(environment: Environment) -> None:
    before = (environment.project.root / "pyproject.toml").read_bytes()
    with pytest.raises(CheckFailed) as caught:
        add(environment, "frames==2.0.0", level="build")
    assert caught.value.code == "import_failed"
    assert "size changed" in caught.value.message
    assert (environment.project.root / "pyproject.toml").read_bytes() == before
    assert add(environment, "frames==2.0.0", "numbers-lib<2", level="build") == ("pyproject.toml",)


@pytest.mark.rule("guardrail: whole")
def test_a_library_that_breaks_on_import_leaves_the_environment_in_use(environment: Environment) -> None:
    environments = environment.environments()
    first = environments.create()
    add(environment, "frames==2.0.0")
    with pytest.raises(CheckFailed) as caught:
        environments.create()
    assert caught.value.code == "import_failed"
    assert environments.info().prefix == first.prefix


@pytest.mark.parametrize("name", ["plain", 'a "quoted", project'])
@pytest.mark.parametrize("namespaces", [True, False])
def test_a_project_of_git_with_secrets_is_applied_whatever_a_stage_can_be(
    tmp_path: Path, name: str, without: Callable[[str], None], *, namespaces: bool
) -> None:
    if not namespaces:
        without("namespaces")
    root = tmp_path / name
    root.mkdir()
    (root / "pyproject.toml").write_text('[project]\nname = "demo"\nversion = "1"\n')
    (root / "devkeel.toml").write_text('backend = "venv"\n')
    (root / ".env").write_text("TOKEN=abc\n")
    subprocess.run(["git", "init", "-q", root], check=True)
    environment = Environment(root, actor="test")
    assert environment.environments().create().prefix
    environment.close()


def test_what_was_broken_before_is_not_held_against_a_change(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(environment, "frames==2.0.0")
    with monkeypatch.context() as patched:
        patched.setattr(venv, "require_imports", lambda *_, **__: None)
        environment.environments().create()
    add(environment, "numbers-lib")
    assert environment.environments().create().prefix


def test_a_python_too_old_is_refused_with_the_reason(environment: Environment) -> None:
    with pytest.raises(CheckFailed) as caught:
        add(environment, "modern")
    assert caught.value.code == "unresolvable"
    assert "3.99" in caught.value.message


@pytest.mark.rule("lock: what is declared")
def test_the_lock_is_renewed_with_the_manifest_and_undone_with_it(environment: Environment) -> None:
    lock(environment)
    before = (environment.project.root / "uv.lock").read_bytes()
    assert add(environment, "numbers-lib") == ("pyproject.toml", "uv.lock")
    locked = tomllib.loads((environment.project.root / "uv.lock").read_text())
    assert {item["name"] for item in locked["package"]} == {"demo", "plain", "numbers-lib"}
    assert Venv().lock_status(environment.project).state == "current"
    environment.undo()
    assert (environment.project.root / "uv.lock").read_bytes() == before


@pytest.mark.races
@pytest.mark.parametrize("saved", [b"# mine\n", None])
def test_a_lock_that_is_saved_while_the_resolver_works_is_not_overwritten(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, saved: bytes | None
) -> None:
    lock(environment)
    path = environment.project.root / "uv.lock"

    def slow(program: HeldProgram) -> Completed:
        done = run_held(program)
        if saved is None:
            path.unlink()
        else:
            path.write_bytes(saved)
        return done

    monkeypatch.setattr(resolvers, "run_held", slow)
    wanted = [AddLibrary(language="python", names=["numbers-lib"])]
    with pytest.raises(Conflict):
        environment.change(wanted, expected_revision=environment.revision())
    assert (path.read_bytes() if path.exists() else None) == saved
    assert (environment.project.root / "pyproject.toml").read_text() == PROJECT


def test_a_dry_run_writes_nothing_and_makes_nothing(environment: Environment) -> None:
    lock(environment)
    root = environment.project.root
    before = {path.name: path.read_bytes() for path in root.iterdir() if path.is_file()}
    wanted = [AddLibrary(language="python", names=["numbers-lib"])]
    tried = environment.change(wanted, dry_run=True, level="build")
    assert tried.files == ("pyproject.toml", "uv.lock")
    assert {path.name: path.read_bytes() for path in root.iterdir() if path.is_file()} == before
    assert not [*root.glob(".devkeel/envs/*"), *root.glob(".devkeel/gc/*"), *root.glob(".venv")]
    assert environment.history().operations == ()


@pytest.mark.rule("lock: never begun")
def test_a_lock_is_never_begun(environment: Environment) -> None:
    add(environment, "numbers-lib")
    environment.environments().create()
    assert not (environment.project.root / "uv.lock").exists()


def test_a_lock_is_consumed_as_it_is(environment: Environment) -> None:
    add(environment, "numbers-lib<2")
    lock(environment)
    path = environment.project.root / "pyproject.toml"
    path.write_text(path.read_text().replace("numbers-lib<2", "numbers-lib"))
    made = environment.environments().create()
    found = subprocess.run(
        [f"{made.prefix}/bin/python", "-c", "import numbers_lib; print(numbers_lib.GENERATION)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == "1\n"


@pytest.mark.rule("lock: uv.lock without uv")
def test_pip_never_stands_in_for_what_uv_has_pinned(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    lock(environment)
    monkeypatch.setattr(venv, "find_uv", lambda: None)
    with pytest.raises(Unavailable) as caught:
        environment.environments().create()
    assert caught.value.code == "tool_missing"


@pytest.mark.parametrize("name", ["dev", "Dev", "DEV"])
@pytest.mark.parametrize("old", ["plain", "ruff"])
@pytest.mark.rule("lock: uv.lock is stale")
def test_a_lock_is_stale_when_a_group_says_something_else(environment: Environment, old: str, name: str) -> None:
    # PEP 735 compares the names of groups normalised.
    path = environment.project.root / "pyproject.toml"
    text = path.read_text() + '\n[dependency-groups]\ndev = ["numbers-lib"]\nall = ['
    text += f'{{ include-group = "{name}" }}]\n'
    path.write_text(text)
    lock(environment)
    assert Venv().lock_status(environment.project).state == "current"
    path.write_text(text.replace('"numbers-lib"', f'"{old}"'))
    assert Venv().lock_status(environment.project).state == "stale"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('["plain"]', '["plain", "numbers-lib"]'),
        ('"plain"', '"plain>=1"'),
        (">=3.9", ">=3.10"),
        ('["plain"]', '["plain"]\noptional-dependencies.more = ["numbers-lib"]'),
    ],
)
@pytest.mark.rule("lock: uv.lock is stale")
def test_a_lock_is_stale_when_the_manifest_says_something_else(environment: Environment, old: str, new: str) -> None:
    lock(environment)
    assert Venv().lock_status(environment.project).state == "current"
    path = environment.project.root / "pyproject.toml"
    path.write_text(path.read_text().replace(old, new))
    assert Venv().lock_status(environment.project).state == "stale"
    assert [item.code for item in environment.check().diagnostics] == ["lock_stale"]


@pytest.mark.rule("lock: by content")
def test_a_lock_is_current_whatever_its_time(environment: Environment) -> None:
    lock(environment)
    path = environment.project.root / "pyproject.toml"
    path.write_text(path.read_text() + "\n[tool.ruff]\nline-length = 100\n")
    assert Venv().lock_status(environment.project).state == "current"


def test_a_project_that_did_not_resolve_before_is_not_refused_for_it(environment: Environment) -> None:
    path = environment.project.root / "pyproject.toml"
    path.write_text(path.read_text().replace('"plain"', '"no-such-library"'))
    result = environment.change([AddLibrary(language="python", names=["plain"])])
    assert result.published
    assert [item.level for item in result.checks.skipped if "before" in item.reason] == ["resolution"]


def test_what_cannot_be_had_in_a_group_that_is_new_is_refused(environment: Environment) -> None:
    before = (environment.project.root / "pyproject.toml").read_bytes()
    with pytest.raises(CheckFailed) as caught:
        environment.change([AddLibrary(language="python", names=["no-such-library"], group="dev")])
    assert caught.value.code == "unresolvable"
    assert (environment.project.root / "pyproject.toml").read_bytes() == before


def test_an_environment_of_the_same_pins_is_kept(environment: Environment) -> None:
    first = environment.environments().create()
    assert environment.environments().create().prefix == first.prefix
    add(environment, "numbers-lib")
    assert environment.environments().create().prefix != first.prefix


def test_devenv_and_the_manifest_are_one_operation_and_undone_as_one(environment: Environment) -> None:
    root = environment.project.root
    (root / "devenv.nix").write_text(SHELL)
    before = {name: (root / name).read_bytes() for name in ("devenv.nix", "pyproject.toml")}
    result = environment.change([AddLibrary(language="python", names=["numbers-lib"])])
    assert result.files == ("devenv.nix", "pyproject.toml")
    assert len(environment.history().operations) == 1
    environment.undo()
    assert {name: (root / name).read_bytes() for name in before} == before


@pytest.mark.parametrize("hashes", [(), ("--generate-hashes",)])
def test_what_is_compiled_from_the_manifest_is_renewed_with_it(
    environment: Environment, hashes: tuple[str, ...]
) -> None:
    root = environment.project.root
    (root / "pyproject.toml").unlink()
    (root / "requirements.in").write_text("plain\n")
    argv = [find_uv(), "pip", "compile", "--quiet", *hashes, "requirements.in", "-o", "requirements.txt"]
    subprocess.run(argv, cwd=root, check=True)
    before = (root / "requirements.txt").read_text()
    assert add(environment, "numbers-lib<2") == ("requirements.in", "requirements.txt")
    after = (root / "requirements.txt").read_text()
    assert "numbers-lib==1.0.0" in after
    assert after.count("--hash=") == 2 * before.count("--hash=")
    assert str(root) not in after
    assert environment.environments().create().prefix
    environment.undo()
    assert (root / "requirements.txt").read_text() == before


def test_what_is_compiled_is_compiled_the_way_it_was_or_left(environment: Environment) -> None:
    root = environment.project.root
    (root / "pyproject.toml").unlink()
    (root / "requirements.in").write_text("plain\n")
    argv = [find_uv(), "pip", "compile", "--quiet", "--no-annotate", "requirements.in", "-o", "requirements.txt"]
    subprocess.run(argv, cwd=root, check=True)
    assert add(environment, "numbers-lib<2") == ("requirements.in", "requirements.txt")
    after = (root / "requirements.txt").read_text()
    assert "uv pip compile --no-annotate requirements.in -o requirements.txt" in after
    assert "# via" not in after
    (root / "requirements.txt").write_text(after.replace("--no-annotate", "--constraint older.txt"))
    result = environment.change([AddLibrary(language="python", names=["frames"])])
    assert result.files == ("requirements.in",)
    assert any("--constraint" in item.reason for item in result.checks.skipped)


def test_a_library_that_is_there_already_still_gets_what_devenv_needs(environment: Environment) -> None:
    (environment.project.root / "devenv.nix").write_text(SHELL)
    assert add(environment, "plain") == ("devenv.nix",)


def test_uv_beside_the_interpreter_is_found() -> None:
    assert venv.find_uv() is not None
