"""Which Python an environment is made of: the one that the project declares, or none."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from devkeel.api import Environment
from devkeel.backends import venv
from devkeel.edits.libraries import AddLibrary
from devkeel.errors import Unavailable
from devkeel.libraries.resolve import interpreter
from devkeel.libraries.resolve.declared_python import declared_python
from devkeel.libraries.resolve.installers import find_python
from devkeel.runtime import distrust, executing
from devkeel_cli.run import run

PROJECT = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = []\n'
OWN = f"{sys.version_info[0]}.{sys.version_info[1]}"

pytestmark = pytest.mark.usefixtures("own_index")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "pyproject.toml").write_text(PROJECT)
    return root


def version_of(prefix: str | Path) -> str:
    argv = [f"{prefix}/bin/python", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize(
    ("file", "text", "fits", "other"),
    [
        (".python-version", "3.12\n", "3.12.4", "3.11.9"),
        (".python-version", "3.12.4\n", "3.12.4", "3.12.5"),
        (".python-version", "3\n", "3.9.1", "2.7.18"),
        (".python-version", "# ours\n\n  3.12  \n3.11\n", "3.12.0", "3.11.0"),
        (".python-version", "cpython@3.12", "3.12.0", "3.11.0"),
        (".python-version", "cpython-3.12.1", "3.12.1", "3.12.0"),
        (".python-version", "3.14.0rc2\r\n", "3.14.0rc2", "3.14.0"),
        (".python-version", "3.13-dev", "3.13.0", "3.12.0"),
        ("pyproject.toml", '[project]\nrequires-python = ">=3.12,<3.14"', "3.13.9", "3.14.0"),
        ("pyproject.toml", '[project]\nrequires-python = "~=3.12.0"', "3.12.9", "3.13.0"),
        ("pyproject.toml", '[project]\nrequires-python = "==3.12.*"', "3.12.9", "3.13.0"),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "^3.12"', "3.14.0", "3.11.9"),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "~3.12"', "3.12.9", "3.13.0"),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "~3.12.4"', "3.12.9", "3.13.0"),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "3.12.*"', "3.12.9", "3.13.0"),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = ">=3.12,<4"', "3.14.0", "3.11.9"),
        ("devenv.nix", '{ languages.python = { enable = true; version = "3.12"; }; }', "3.12.4", "3.11.9"),
        ("devenv.nix", '{ config.languages.python.version = "3.12.4"; }', "3.12.4", "3.12.5"),
        ("devenv.nix", "{ pkgs, ... }: { languages.python.package = pkgs.python312; }", "3.12.4", "3.11.9"),
        ("nix/python.nix", '{ languages.python.version = "3.12"; }', "3.12.4", "3.11.9"),
    ],
)
def test_each_way_to_declare_a_python_is_read(file: str, text: str, fits: str, other: str) -> None:
    (wanted,) = declared_python({file: text.encode()})
    assert wanted.file == file
    assert wanted.fits(fits, "cpython", free=False)
    assert not wanted.fits(other, "cpython", free=False)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (".python-version", "system\n"),
        (".python-version", "# nothing\n"),
        ("pyproject.toml", "[project]\nrequires-python = 3"),
        ("pyproject.toml", "[project"),
        ("devenv.nix", '{ languages.python = { enable = false; version = "3.12"; }; }'),
        ("devenv.nix", "{ config, ... }: { languages.python.version = config.x; }"),
        ("devenv.nix", '{ lib, x, ... }: { config = lib.mkIf x { languages.python.version = "3.12"; }; }'),
        ("devenv.nix", '{ languages.python.version = "3.12"'),
    ],
)
def test_what_says_nothing_certain_asks_for_nothing(file: str, text: str) -> None:
    assert declared_python({file: text.encode()}) == ()


@pytest.mark.parametrize(
    ("text", "kind", "free"),
    [("pypy3.10", "pypy", False), ("3.13t", "cpython", True), ("graalpy@3.11", "graalpy", False)],
)
def test_another_implementation_is_not_the_same_version(text: str, kind: str, free: bool) -> None:
    (wanted,) = declared_python({".python-version": text.encode()})
    version = "3.13.1" if free else {"pypy": "3.10.14", "graalpy": "3.11.7"}[kind]
    assert wanted.fits(version, kind, free=free)
    assert not wanted.fits(version, "cpython", free=False)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (".python-version", "3.98\n"),
        (".python-version", f"{OWN}.99\n"),
        ("pyproject.toml", PROJECT.replace(">=3.9", ">=3.98")),
        ("pyproject.toml", PROJECT.replace(">=3.9", "<3.5")),
        ("devenv.nix", '{\n  languages.python = {\n    enable = true;\n    version = "3.98";\n  };\n}\n'),
    ],
)
@pytest.mark.parametrize("uv", [True, False])
@pytest.mark.rule("guardrail: python")
def test_a_python_that_is_not_here_is_a_refusal_and_nothing_is_applied(
    root: Path, monkeypatch: pytest.MonkeyPatch, file: str, text: str, uv: bool
) -> None:
    if not uv:
        monkeypatch.setattr(venv, "find_uv", lambda: None)
        monkeypatch.setattr(interpreter, "find_uv", lambda: None)
    (root / file).write_text(text)
    environment = Environment(root, actor="test", backend="venv")
    job = environment.apply()
    job.wait(60)
    with pytest.raises(Unavailable) as caught:
        job.value()
    assert caught.value.code == "python_missing"
    assert caught.value.place is not None
    assert caught.value.place.file == file
    assert not list(root.glob(".devkeel/envs/*/current.json"))
    environment.close()


def test_each_python_of_this_machine_is_the_one_that_is_applied_where_it_is_asked_for(
    root: Path, interpreters: tuple[str, ...]
) -> None:
    for number, python in enumerate(interpreters):
        asked = version_of_program(python)
        (root / ".python-version").write_text(f"{asked}\n")
        made = Environment(root, actor="test").environments().create(f"e{number}")
        assert version_of(made.prefix) == asked


def version_of_program(python: str) -> str:
    argv = [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.rule("guardrail: python of the call")
def test_what_the_call_names_goes_before_what_is_pinned_but_not_before_what_is_required(root: Path) -> None:
    (root / ".python-version").write_text("3.98\n")
    named = Environment(root, actor="test").environments()
    assert version_of(named.create(python=OWN).prefix) == OWN
    assert version_of(named.create("other", python=sys.executable).prefix) == OWN
    (root / "pyproject.toml").write_text(PROJECT.replace(">=3.9", ">=3.98"))
    with pytest.raises(Unavailable) as caught:
        named.create("third", python=sys.executable)
    assert caught.value.code == "python_missing"


def test_a_name_that_is_no_version_is_not_followed_and_a_note_says_so(root: Path) -> None:
    (root / ".python-version").write_text("my-project\n")
    made = Environment(root, actor="test").environments().create()
    assert [note for note in made.notes if "my-project" in note]


def test_a_library_is_added_where_the_declared_python_is_not_here(root: Path) -> None:
    (root / "pyproject.toml").write_text(PROJECT.replace(">=3.9", ">=3.98"))
    result = Environment(root, actor="test").change([AddLibrary(language="python", names=["plain"])])
    assert result.published
    assert [item.level for item in result.checks.skipped if "3.98" in item.reason] == ["resolution"]


def test_libraries_are_resolved_for_the_python_that_is_pinned(root: Path) -> None:
    (root / ".python-version").write_text("3.98\n")
    result = Environment(root, actor="test").change([AddLibrary(language="python", names=["plain"])])
    assert "resolution" in result.checks.ran


@pytest.mark.rule("guardrail: nothing by itself")
def test_a_python_is_fetched_only_when_that_is_asked_for(
    root: Path, python_mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / ".python-version").write_text("3.14.99\n")
    monkeypatch.chdir(root)
    assert run(["apply"]) == 5
    assert not python_mirror.exists() or not [*python_mirror.glob("cpython*")]
    assert run(["apply", "--bootstrap"]) == 0
    (settings,) = root.glob(".devkeel/envs/*/g-*/pyvenv.cfg")
    assert "version_info = 3.14" in settings.read_text()


@pytest.mark.parametrize(
    ("pinned", "required", "agree"),
    [("3.10", ">=3.11", False), ("3.10.4", ">=3.11", False), ("3", ">=3.99", True), ("3.99", ">=3.99.4", True)],
)
def test_what_excludes_each_other_is_told_as_that_and_nothing_is_offered_to_fetch(
    pinned: str, required: str, agree: bool
) -> None:
    project = f'[project]\nname = "demo"\nversion = "1"\nrequires-python = "{required}"\n'
    with pytest.raises(Unavailable) as caught:
        interpreter.interpreter({".python-version": pinned.encode(), "pyproject.toml": project.encode()})
    assert ("no Python is both" in caught.value.message) is not agree
    assert ("bootstrap" in caught.value.details) <= agree


def test_a_copy_of_a_project_does_not_run_in_the_environment_of_the_first(root: Path, tmp_path: Path) -> None:
    with closing(Environment(root, actor="tests")) as first:
        job = first.apply()
        job.wait(60)
        job.value()
        stages = first.inspect().stages
        assert stages is not None
        assert stages.current
    shutil.copytree(root, tmp_path / "copy", symlinks=True)
    with closing(Environment(tmp_path / "copy", actor="tests")) as copy:
        stages = copy.inspect().stages
        assert stages is not None
        assert not stages.current
        with pytest.raises(Unavailable) as caught:
            copy.run(("python", "-V"))
        assert caught.value.code == "not_applied"


@pytest.mark.parametrize("made_by", ["devkeel", "its owner"])
def test_a_shell_in_the_project_s_environment_makes_the_next_one(
    root: Path, monkeypatch: pytest.MonkeyPatch, made_by: str
) -> None:
    """As an agent does it, whose session is in the environment that is applied."""
    monkeypatch.chdir(root)
    if made_by == "devkeel":
        assert run(("apply",)) == 0
        (prefix,) = (root / ".devkeel" / "envs").glob("*/g-*")
    else:
        prefix = root / ".venv"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(prefix)], check=True)
    monkeypatch.setenv("PATH", f"{prefix}/bin:/usr/bin:/bin")
    monkeypatch.setenv("VIRTUAL_ENV", str(prefix))
    (root / "pyproject.toml").write_text(PROJECT.replace("[]", '["plain"]'))
    assert run(("apply",)) == 0
    for settings in (root / ".devkeel" / "envs").glob("*/g-*/pyvenv.cfg"):
        home = settings.read_text().partition("home = ")[2].partition("\n")[0]
        assert not home.startswith(str(root))


def test_a_python_of_the_project_that_is_no_virtual_environment_is_passed_by(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As conda's environments are."""
    (root / "env" / "bin").mkdir(parents=True)
    (root / "env" / "bin" / "python3").symlink_to(Path(sys.executable).resolve())
    monkeypatch.setenv("PATH", f"{root}/env/bin:{Path(sys.executable).parent}:/usr/bin:/bin")
    distrust(root)
    for may in (True, False):
        with executing(may):
            assert not find_python().startswith(str(root))
            assert not interpreter.interpreter({}).path.startswith(str(root))
