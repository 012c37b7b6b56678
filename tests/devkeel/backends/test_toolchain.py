"""Whose program runs in an environment: its own, the project's, the host's, and never the host's for its languages."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.backends.backend import Applied
from devkeel.backends.toolchain import absent, toolchains
from devkeel.errors import Unavailable
from devkeel_cli.run import run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.environments.run import RunResult

PROJECT = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = ["plain"]\n'
OF_THE_HOST = (
    "pip",
    "pip3",
    "pip3.9",
    "pipx",
    "python2.7",
    "python3.9",
    "pypy3",
    "uv",
    "uvx",
    "poetry",
    "conda",
    "easy_install",
)

pytestmark = pytest.mark.usefixtures("own_index")


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of programs that come first on the host's PATH, each of which leaves a trace."""
    folder = tmp_path / "host"
    folder.mkdir()
    for name in (*OF_THE_HOST, "jq", "node"):
        program = folder / name
        program.write_text(f'#!/bin/sh\necho {name} >> "{tmp_path}/trace"\necho the {name} of the host\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Environment]:
    root = tmp_path / "project"
    root.mkdir()
    (root / "pyproject.toml").write_text(PROJECT)
    opened = Environment(root, actor="test")
    job = opened.apply()
    job.wait(120)
    job.value()
    yield opened
    opened.close()


def ran(environment: Environment, *argv: str, **given: Any) -> RunResult:
    job = environment.run(argv, **given)
    job.wait(60)
    result: RunResult = environment.result(job)
    return result


@pytest.mark.parametrize("name", OF_THE_HOST)
def test_a_link_of_the_project_to_one_of_the_host_is_that_one(environment: Environment, host: Path, name: str) -> None:
    (environment.project.root / "mine").symlink_to(host / name)
    with pytest.raises(Unavailable) as caught:
        ran(environment, "./mine", "--version")
    assert caught.value.code == "not_in_environment"


@pytest.mark.parametrize("name", OF_THE_HOST)
def test_an_installer_or_interpreter_of_the_host_is_not_run(
    environment: Environment, host: Path, tmp_path: Path, name: str
) -> None:
    for argv in ((name, "install", "-e", "."), (str(host / name), "--version")):
        with pytest.raises(Unavailable) as caught:
            ran(environment, *argv)
        assert caught.value.code == "not_in_environment"
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize(
    "line", ["{name} install -e .", "exec {name}", "/usr/bin/env {name}", "$(command -v {name}) x"]
)
def test_neither_is_it_when_a_script_calls_it(environment: Environment, host: Path, tmp_path: Path, line: str) -> None:
    script = environment.project.root / "setup.sh"
    for name in OF_THE_HOST:
        script.write_text(f"#!/bin/sh\n{line.format(name=name)}\n")
        script.chmod(0o755)
        found = ran(environment, "./setup.sh")
        assert found.exit_code == 127
        assert name in found.stderr
        assert found.origin == "project"
    assert not (tmp_path / "trace").exists()


def test_a_pip_that_a_script_calls_by_its_place_installs_nothing(environment: Environment) -> None:
    python = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    # The base Python of a bare Debian has no pip; with the one of these tests it has.
    pip = Path(importlib.util.find_spec("pip").origin).parent.parent  # type: ignore[union-attr, arg-type]
    script = f"PYTHONPATH={pip} {python} -m pip install --no-index --target {environment.project.root}/x plain"
    found = ran(environment, "sh", "-c", script)
    assert found.exit_code == 3
    assert "virtualenv" in found.stderr


def test_the_environments_own_python_runs(environment: Environment, host: Path) -> None:
    found = ran(environment, "python", "-c", "import plain; print(plain.VALUE)")
    assert (found.exit_code, found.stdout, found.origin) == (0, "42\n", "environment")
    assert not [note for note in found.notes if "host" in note]


def test_any_other_program_of_the_host_runs_and_the_answer_says_so(environment: Environment, host: Path) -> None:
    for name in ("jq", "node"):
        found = ran(environment, name)
        assert (found.exit_code, found.stdout, found.origin) == (0, f"the {name} of the host\n", "host")
        assert [note for note in found.notes if "from the host" in note]


def test_without_the_host_its_programs_are_not_found(environment: Environment, host: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        ran(environment, "jq", pure=True)
    assert caught.value.code == "program_missing"
    found = ran(environment, "python", "-c", "import shutil; print(shutil.which('sh'))", pure=True)
    assert (found.exit_code, found.stdout) == (0, "None\n")


def test_the_environment_comes_first_and_the_host_after_it(environment: Environment, host: Path) -> None:
    (host / "python").write_text("#!/bin/sh\necho wrong\n")
    (host / "python").chmod(0o755)
    found = ran(environment, "sh", "-c", "command -v python; command -v jq")
    python, jq = found.stdout.split()
    assert str(environment.project.root) in python
    assert jq == str(host / "jq")


def test_a_person_is_answered_alike(
    environment: Environment, host: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(environment.project.root)
    assert run(["run", "--timeout", "60", "--", "pip", "install", "-e", "."]) == 5
    assert run(["run", "--timeout", "60", "--", "jq"]) == 0
    assert "from the host" in capfd.readouterr().err
    argv = [sys.executable, "-m", "devkeel_cli", "run", "--", "jq"]
    seen = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    found = subprocess.run(argv, capture_output=True, text=True, check=False, env=seen)
    assert (found.returncode, found.stdout) == (0, "the jq of the host\n")
    assert "from the host" in found.stderr
    assert run(["run", "--pure", "--timeout", "60", "--", "jq"]) == 5


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("languages.python.enable = true;", {"python"}),
        ("languages = { rust = { enable = true; }; go.enable = true; };", {"rust", "go"}),
        ("languages.typescript.enable = lib.mkDefault true;", {"typescript"}),
        ("languages.ruby.enable = false;", set()),
        ("packages = [ ];", set()),
    ],
)
def test_the_languages_of_a_declaration_are_those_that_it_enables(declared: str, expected: set[str]) -> None:
    applied = Applied("devenv", "/nix/store/x", {"PATH": ""}, "nix")
    files = {"devenv.nix": f"{{ lib, ... }}: {{ {declared} }}".encode()}
    assert {item.option for item in toolchains(applied, files)} == expected


def test_a_language_whose_interpreter_the_environment_has_is_its_own(tmp_path: Path) -> None:
    (tmp_path / "node").symlink_to("/nowhere")
    applied = Applied("flake", "/nix/store/x", {"PATH": str(tmp_path)}, "nix")
    assert {item.option for item in toolchains(applied, {})} == {"javascript"}


def test_two_processes_may_make_the_same_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    applied = Applied("venv", "/x", {"PATH": ""}, "uv")
    code = (
        "from devkeel.backends.toolchain import absent, toolchains; from devkeel.backends.backend import Applied;"
        " print(absent(toolchains(Applied('venv', '/x', {'PATH': ''}, 'uv'), {})))"
    )
    seen = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    argv = [sys.executable, "-c", code]
    started = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=seen) for _ in range(4)]
    places = {process.communicate()[0].strip() for process in started}
    assert len(places) == 1
    (place,) = places
    assert sorted(path.name for path in Path(place).parent.iterdir()) == [Path(place).name]
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert absent(toolchains(applied, {}))
