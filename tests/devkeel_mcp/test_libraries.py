"""An agent over stdio, on a machine with nothing but Python: a library added, locked, installed, imported."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters

from devkeel.libraries.resolve.installers import find_uv

from .conftest import photograph

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio
PROJECT = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = []\n'


@dataclass(frozen=True)
class Machine:
    """A project and what is installed: the tool that realises it, its manifest, how it writes an exact version."""

    tool: str
    backend: str
    manifest: str
    exact: str
    files: tuple[str, ...]


MACHINES = (
    Machine("uv", "venv", "pyproject.toml", "==", ("pyproject.toml", "uv.lock")),
    Machine("pip", "venv", "requirements.txt", "==", ("requirements.txt",)),
    Machine("rattler", "conda", "environment.yml", "=", ("environment.yml",)),
)


@pytest.fixture(params=MACHINES, ids=lambda machine: machine.tool)
def machine(request: pytest.FixtureRequest) -> Machine:
    found: Machine = request.param
    return found


@pytest.fixture(scope="module")
def python_with_pip(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python that has pip and no uv beside it; no test changes it. With pip: a Debian's Python came without."""
    place = tmp_path_factory.mktemp("own")
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    return str(place / "bin" / "python")


@pytest.fixture
def interpreter(machine: Machine, request: pytest.FixtureRequest) -> str:
    """The Python that runs the server; where only pip is wanted, one that has no uv beside it."""
    return str(request.getfixturevalue("python_with_pip")) if machine.tool == "pip" else sys.executable


@pytest.fixture
def variables(bare_path: Path, index: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """What the server sees: programs of a bare machine, and an index that is a directory."""
    own = {"PATH": str(bare_path), "HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    return own | index | {name: os.environ[name] for name in ("XDG_CACHE_HOME", "XDG_STATE_HOME")}


@pytest.fixture
def root(machine: Machine, variables: dict[str, str], request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    place = tmp_path / "project"
    place.mkdir()
    text = {"uv": PROJECT, "pip": ""}.get(machine.tool)
    if text is None:
        channel = request.getfixturevalue("channel")
        text = f"name: demo\nchannels:\n  - file://{channel}\ndependencies:\n  - python\n"
    (place / machine.manifest).write_text(text)
    if machine.tool == "uv":
        subprocess.run([find_uv() or "uv", "lock", "--quiet"], cwd=place, env=variables, check=True)
    return place


@pytest.fixture
async def client(root: Path, variables: dict[str, str], interpreter: str) -> AsyncIterator[Client]:
    command = ["-m", "devkeel_cli", "--root", str(root), "serve"]
    async with Client(StdioServerParameters(command=interpreter, args=command, env=variables)) as connected:
        yield connected


def contents(root: Path) -> dict[str, bytes]:
    return {name: data for name, (data, *_) in photograph(root).items()}


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    found = (await client.call_tool(tool, arguments)).structured_content
    assert isinstance(found, dict)
    return found


async def test_a_library_is_added_locked_installed_and_imported(client: Client, machine: Machine) -> None:
    added = await call(client, "add_library", language="python", names=["numbers-lib"])
    assert tuple(added["files"]) == machine.files, added
    assert "resolution" in added["checks"]["ran"]
    applied = await call(client, "apply_environment")
    assert (applied["backend"], applied["judge"]) == (machine.backend, machine.tool), applied
    program = "import numbers_lib; print(numbers_lib.GENERATION)"
    ran = await call(client, "run_command", argv=["python", "-c", program])
    assert ran["stdout"] == "2\n", ran


async def test_what_is_impossible_is_refused_with_the_resolvers_reason_and_nothing_changes(
    client: Client, root: Path, machine: Machine
) -> None:
    before = photograph(root)
    two_versions = [f"frames{machine.exact}1.5.3", f"frames{machine.exact}2.0.0"]
    for names, reason in ((two_versions, "frames"), (["no-such-library"], "no-such-library"), (["modern"], "3.99")):
        error = (await call(client, "add_library", language="python", names=names))["error"]
        assert error["code"] == "unresolvable"
        assert reason in str(error)
    assert photograph(root) == before


async def test_a_library_that_breaks_on_import_is_taken_back_with_its_environment(
    client: Client, root: Path, machine: Machine
) -> None:
    await call(client, "add_library", language="python", names=["plain"])
    await call(client, "apply_environment")
    before = contents(root)
    added = await call(client, "add_library", language="python", names=[f"frames{machine.exact}2.0.0"])
    assert added["published"], added
    error = (await call(client, "apply_environment", on_failure="restore"))["error"]
    assert error["code"] == "import_failed"
    assert "size changed" in error["message"]
    assert contents(root) == before
    ran = await call(client, "run_command", argv=["python", "-c", "import plain; print(plain.VALUE)"])
    assert ran["stdout"] == "42\n"
    gone = await call(client, "run_command", argv=["python", "-c", "import frames"])
    assert "No module named 'frames'" in gone["stderr"]


async def test_a_named_environment_is_applied_run_in_and_listed(client: Client, root: Path, machine: Machine) -> None:
    await call(client, "add_library", language="python", names=["plain"])
    applied = await call(client, "apply_environment", environment="Second One")
    assert (applied["backend"], applied["applied"]) == (machine.backend, True), applied
    assert f"{root}/.devkeel/envs/second-one/" in applied["prefix"]
    program = ["python", "-c", "import plain; print(plain.VALUE)"]
    ran = await call(client, "run_command", argv=program, environment="second-one")
    assert ran["stdout"] == "42\n"
    error = (await call(client, "run_command", argv=program))["error"]
    assert error["code"] == "not_applied"
    (made,) = (await call(client, "inspect_environment"))["environments"]
    assert (made["name"], made["active"], made["default"]) == ("second-one", False, False)


async def test_the_call_names_a_backend_and_never_falls_back(client: Client, machine: Machine) -> None:
    other = "conda" if machine.backend == "venv" else "venv"
    error = (await call(client, "apply_environment", backend=other))["error"]
    assert error["code"] == "missing_file"
    applied = await call(client, "apply_environment", backend=machine.backend)
    assert applied["backend"] == machine.backend


class TestTheWayOfDevenv:
    """The same request where the project has a devenv.nix."""

    @pytest.fixture
    def machine(self) -> Machine:
        return MACHINES[0]

    async def test_declaration_manifest_and_lock_are_one_operation_and_undone_as_one(
        self, client: Client, root: Path
    ) -> None:
        (root / "devenv.nix").write_text("{ pkgs, ... }:\n\n{\n  packages = [ ];\n}\n")
        before = contents(root)
        added = await call(client, "add_library", language="python", names=["plain"])
        assert added["files"] == ["devenv.nix", "pyproject.toml", "uv.lock"]
        assert "languages.python.uv.sync.enable" in added["diff"] or "sync.enable = true" in added["diff"]
        history = await call(client, "show_history")
        assert [item["files"] for item in history["operations"]] == [added["files"]]
        undone = await call(client, "undo")
        assert undone["files"] == added["files"]
        assert contents(root) == before


class TestWithTheIndexThatEverybodyHas:
    """The same with pandas and numpy, where their index can be reached."""

    @pytest.fixture
    def machine(self) -> Machine:
        return MACHINES[0]

    @pytest.fixture
    def variables(self, bare_path: Path, tmp_path: Path) -> dict[str, str]:
        if not (3, 9) <= sys.version_info < (3, 12):
            pytest.skip("pandas 2.0.0 has no wheel for this Python")
        kept = {name: value for name, value in os.environ.items() if "PROXY" in name.upper() or "SSL" in name}
        own = {"PATH": str(bare_path), "HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
        variables = kept | own | {"UV_CACHE_DIR": str(Path("~/.cache/uv").expanduser())}
        asking = [find_uv() or "uv", "pip", "compile", "--quiet", "--no-deps", "-"]
        asked = subprocess.run(asking, input=b"pandas==2.0.0", env=variables, capture_output=True, check=False)
        if asked.returncode:
            pytest.skip("no index can be reached that has pandas")
        return variables

    @pytest.fixture
    def root(self, machine: Machine, variables: dict[str, str], tmp_path: Path) -> Path:
        place = tmp_path / "project"
        place.mkdir()
        exactly = f'"=={sys.version_info[0]}.{sys.version_info[1]}.*"'
        (place / machine.manifest).write_text(PROJECT.replace('">=3.9"', exactly))
        subprocess.run([find_uv() or "uv", "lock", "--quiet"], cwd=place, env=variables, check=True)
        return place

    async def test_the_scenario_of_the_pitch(self, client: Client, root: Path) -> None:
        assert (await call(client, "add_library", language="python", names=["idna"]))["published"]
        assert (await call(client, "apply_environment"))["applied"]
        before = contents(root)
        impossible = (["pandas==1.5.3", "pandas==2.0.0"], ["devkeel-has-no-such-library"], ["pandas==2.0.0", "numpy<1"])
        for names in impossible:
            error = (await call(client, "add_library", language="python", names=names))["error"]
            assert (error["code"], contents(root)) == ("unresolvable", before)
        added = await call(client, "add_library", language="python", names=["pandas==2.0.0"])
        assert added["published"], added
        error = (await call(client, "apply_environment", on_failure="restore"))["error"]
        assert error["code"] == "import_failed"
        assert "numpy.dtype size changed" in error["message"]
        assert contents(root) == before
        ran = await call(client, "run_command", argv=["python", "-c", "import idna; print('as it was')"])
        assert ran["stdout"] == "as it was\n"
        (cause,) = error["details"]["causes"]
        assert cause["edits"] == [{"kind": "add_library", "language": "python", "names": ["pandas==2.0.0", "numpy<2"]}]
        assert (await call(client, "edit_environment", edits=cause["edits"]))["published"]
        assert (await call(client, "apply_environment"))["applied"]
        ran = await call(client, "run_command", argv=["python", "-c", "import pandas; print(pandas.__version__)"])
        assert ran["stdout"] == "2.0.0\n"


class TestAnEmptyDirectory:
    """Three calls lead to a library that is imported, with uv and with pip alone."""

    @pytest.fixture(params=("uv", "pip"))
    def machine(self, request: pytest.FixtureRequest) -> Machine:
        return Machine(str(request.param), "venv", "pyproject.toml", "==", ("pyproject.toml",))

    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        place = tmp_path / "Numbers Lib"
        place.mkdir()
        return place

    async def test_three_calls_lead_to_a_library_that_works(self, client: Client, machine: Machine, root: Path) -> None:
        added = await call(client, "add_library", language="python", names=["numbers-lib"], create=True)
        assert tuple(added["files"]) == machine.files, added
        assert "resolution" in added["checks"]["ran"]
        assert not (root / "devenv.nix").exists()
        applied = await call(client, "apply_environment")
        assert (applied["backend"], applied["judge"]) == (machine.backend, machine.tool), applied
        program = "import numbers_lib; print(numbers_lib.GENERATION)"
        ran = await call(client, "run_command", argv=["python", "-c", program])
        assert ran["stdout"] == "2\n", ran

    async def test_the_refusal_says_how_the_manifest_begins(self, client: Client, root: Path) -> None:
        error = (await call(client, "add_library", language="python", names=["plain"]))["error"]
        assert error["code"] == "no_manifest"
        assert "create=true" in error["remedy"]
        assert contents(root) == {}
        assert (await call(client, "add_library", language="python", names=["plain"], create=True))["published"]
        undone = await call(client, "undo")
        assert undone["published"]
        assert not (root / "pyproject.toml").exists()
