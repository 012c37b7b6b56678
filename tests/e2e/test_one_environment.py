"""One environment, however it is entered: by `run`, direnv, the file of hosts, an activated shell, a step of CI."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
import pytest
from tests.devkeel.backends.conftest import flake_at
from tests.packages import make_conda_package

from devkeel.backends import venv
from devkeel.environments import entry_file
from devkeel.environments.differences import DIFFERENCES
from devkeel.project.root import Project
from devkeel_cli.run import run

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[[], Path]

BACKENDS = ("devenv", "flake", "venv by uv", "venv by pip", "conda")
DEVKEEL = (sys.executable, "-m", "devkeel_cli")
ENV = shutil.which("env") or "/usr/bin/env"
PREFIX = 'python -c "import sys; print(sys.prefix)"'
MARK = "==="
WITH_PYTHON = ("venv by uv", "venv by pip", "conda")
DECLARED = 'packages = [ pkgs.hello ]; env.GREETING = "it\'s \\"here\\" $HOME"; enterShell = "export FROM_HOOK=1";'


@pytest.fixture(params=BACKENDS)
def root(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of a backend that was applied here."""
    backend = str(request.param)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("DIRENV_DIR", "VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONHOME"):
        monkeypatch.delenv(name, raising=False)
    place = _project(backend, request, tmp_path, monkeypatch)
    monkeypatch.chdir(place)
    assert run(["apply"]) == 0
    return place


def _project(backend: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if backend == "devenv":
        request.getfixturevalue("offline")
        return Path(request.getfixturevalue("pinned_project")(DECLARED))
    if backend == "flake":
        request.getfixturevalue("offline")
        return flake_at(tmp_path / "project", request.getfixturevalue("pinned_inputs")["nixpkgs"])
    place = tmp_path / "project"
    place.mkdir()
    if backend == "conda":
        channels = [request.getfixturevalue("channel").as_uri(), _entered_by_a_script(tmp_path / "own")]
        text = f"name: x\nchannels: [{', '.join(channels)}]\ndependencies: [plain, own]\n"
        (place / "environment.yml").write_text(text)
        return place
    request.getfixturevalue("own_index")
    (place / "requirements.txt").write_text("plain\n")
    if backend == "venv by pip":
        monkeypatch.setattr(venv, "find_uv", lambda: None)
    return place


def _entered_by_a_script(channel: Path) -> str:
    """Make a channel with one package, which has a script that sets a variable where it is entered; return its URL."""
    from rattler.index import index_fs

    script = 'export OWN_DATA="$CONDA_PREFIX/share/own it\'s"\n'
    make_conda_package(channel, "own", "1.0", (), {"etc/conda/activate.d/own.sh": script})
    asyncio.run(index_fs(channel))
    return channel.as_uri()


def devkeel(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*DEVKEEL, *words], env=os.environ | more, capture_output=True, text=True, check=False)


def seen(argv: list[str], **more: str) -> tuple[dict[str, str], str]:
    """Return the variables that a way in gives, and the prefix of the Python that is found there."""
    done = subprocess.run(argv, env=os.environ | more, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    variables, _, prefix = done.stdout.decode().partition(f"{MARK}\n")
    pairs = (item.partition("=") for item in variables.split("\0") if "=" in item)
    return {name: value for name, _, value in pairs}, prefix.strip()


LOOK = f"{ENV} -0; echo {MARK}; if command -v python >/dev/null; then {PREFIX}; fi"


def by_run(root: Path) -> tuple[dict[str, str], str]:
    return seen([*DEVKEEL, "run", "--", "sh", "-c", LOOK])


def by_direnv(root: Path) -> tuple[dict[str, str], str]:
    bin_ = root.parent / "bin"
    bin_.mkdir(exist_ok=True)
    (bin_ / "devkeel").write_text(f'#!/bin/sh\nexec {sys.executable} -m devkeel_cli "$@"\n')
    (bin_ / "devkeel").chmod(0o755)
    assert devkeel("envrc").returncode == 0
    path = f"{bin_}:{os.environ['PATH']}"
    own = {"PATH": path, "XDG_DATA_HOME": str(root.parent / "data"), "XDG_CONFIG_HOME": str(root.parent / "config")}
    subprocess.run(["direnv", "allow", str(root)], env=os.environ | own, check=True, capture_output=True)
    found, prefix = seen(["direnv", "exec", str(root), "sh", "-c", LOOK], **own)
    restored = {name: os.environ.get(name) for name in own if name != "PATH"}
    found = {name: value for name, value in found.items() if restored.get(name, value) is not None}
    return found | {"PATH": found["PATH"].replace(f"{bin_}:", "", 1)}, prefix


def by_host(root: Path) -> tuple[dict[str, str], str]:
    """As Claude Code does: each command is a shell that first sources the file that hooks append lines to."""
    return seen(["bash", "-c", f". '{entry_file.path_of(Project(root))}'; {LOOK}"])


def by_shell(root: Path) -> tuple[dict[str, str], str]:
    return seen(["sh", "-c", f'eval "$({" ".join(DEVKEEL)} env print)"; {LOOK}'])


def by_ci(root: Path) -> tuple[dict[str, str], str]:
    """As GitHub's runner does: it reads both files after the step, and gives the next one what they say."""
    files = {"GITHUB_ENV": root.parent / "variables", "GITHUB_PATH": root.parent / "paths"}
    done = devkeel("env", "ci", **{name: str(path) for name, path in files.items()})
    assert done.returncode == 0, done.stderr
    variables, lines = dict[str, str](), iter(files["GITHUB_ENV"].read_text().splitlines())
    for line in lines:
        name, _, end = line.partition("<<")
        taken = iter(lines.__next__, end)
        variables[name] = "\n".join(taken)
    folders = reversed(files["GITHUB_PATH"].read_text().splitlines())
    found, prefix = seen(["sh", "-c", LOOK], **variables | {"PATH": ":".join([*folders, os.environ["PATH"]])})
    # What is not to be there is empty: a step has no way to be without it.
    return {name: value for name, value in found.items() if value or name not in variables}, prefix


WAYS = {"direnv": by_direnv, "host": by_host, "shell": by_shell, "ci": by_ci}


@pytest.mark.rule("ci: same variables", "ci: one line")
def test_each_way_in_gives_the_same_variables_and_the_same_python(root: Path, request: pytest.FixtureRequest) -> None:
    reference, python = by_run(root)
    backend = str(request.node.callspec.params["root"])
    if backend in WITH_PYTHON:
        assert python.startswith(f"{root}/.devkeel/")
    # Nothing is the same everywhere because it is nowhere.
    own = {"conda": "OWN_DATA", "devenv": "FROM_HOOK"}.get(backend)
    assert own is None or own in reference
    for way, enter in WAYS.items():
        found, other = enter(root)
        assert found["PATH"].split(":") == _without_the_absent(reference["PATH"]), way
        apart = {name for name in {*reference, *found} if reference.get(name) != found.get(name)}
        assert apart <= DIFFERENCES.keys(), (way, {name: (reference.get(name), found.get(name)) for name in apart})
        assert other == python, way


def _without_the_absent(path: str) -> list[str]:
    """Return the folders of a search path, without those that only keep the host's programs away."""
    absent = f"{platformdirs.user_cache_path('devkeel')}/absent/"
    return [folder for folder in path.split(":") if not folder.startswith(absent)]


def test_the_list_of_differences_is_short_and_each_has_its_reason() -> None:
    assert len(DIFFERENCES) <= 10
    assert all(reason.endswith(".") for reason in DIFFERENCES.values())
    page = (Path(__file__).parents[2] / "docs" / "environments.md").read_text("utf-8")
    assert all(f"| `{name}` | {reason} |" in page for name, reason in DIFFERENCES.items())
