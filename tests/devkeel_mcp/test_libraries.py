"""An agent over stdio, on a machine with nothing but Python: a library added, locked, installed, imported."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters

from devkeel.backends.python_tools import find_uv

from .conftest import photograph

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.anyio
PROJECT = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = []\n'
BROKEN = "import numbers_lib\nif numbers_lib.GENERATION > 1:\n    raise ValueError('dtype size changed')\n"
WHEELS = (
    ("numbers_lib", "1.0", "", "GENERATION = 1\n"),
    ("numbers_lib", "2.0", "", "GENERATION = 2\n"),
    ("frames", "2.0.0", "numbers-lib>=1", BROKEN),
)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The variables under which uv knows of three wheels and nothing else."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name, version, requires, text in WHEELS:
        info = f"{name}-{version}.dist-info"
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
            archive.writestr(f"{name}/__init__.py", text)
            archive.writestr(f"{info}/METADATA", metadata + (f"Requires-Dist: {requires}\n" if requires else ""))
            archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{info}/RECORD", f"{name}/__init__.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n")
    return os.environ | {"UV_NO_INDEX": "1", "UV_FIND_LINKS": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)}


@pytest.fixture
def root(tmp_path: Path, environment: dict[str, str]) -> Path:
    place = tmp_path / "project"
    place.mkdir()
    (place / "pyproject.toml").write_text(PROJECT)
    subprocess.run([find_uv(), "lock", "--quiet"], cwd=place, env=environment, check=True)
    return place


@pytest.fixture
async def client(root: Path, environment: dict[str, str]) -> AsyncIterator[Client]:
    command = ["-m", "devkeel_cli", "--root", str(root), "serve"]
    async with Client(StdioServerParameters(command=sys.executable, args=command, env=environment)) as connected:
        yield connected


def contents(root: Path) -> dict[str, bytes]:
    return {name: data for name, (data, *_) in photograph(root).items()}


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    found = (await client.call_tool(tool, arguments)).structured_content
    assert isinstance(found, dict)
    return found


async def test_a_library_is_added_locked_installed_and_imported(client: Client, root: Path) -> None:
    added = await call(client, "add_library", language="python", names=["numbers-lib"])
    assert added["files"] == ["pyproject.toml", "uv.lock"]
    assert "resolution" in added["checks"]["ran"]
    applied = await call(client, "apply_environment")
    assert applied["backend"] == "venv", applied
    program = "import numbers_lib; print(numbers_lib.GENERATION)"
    ran = await call(client, "run_command", argv=["python", "-c", program])
    assert ran["stdout"] == "2\n", ran


async def test_an_impossible_library_is_refused_with_the_resolvers_reason(client: Client, root: Path) -> None:
    before = photograph(root)
    for names in (["no-such-library"], ["numbers-lib==1.0", "numbers-lib==2.0"]):
        error = (await call(client, "add_library", language="python", names=names))["error"]
        assert error["code"] == "unresolvable"
        assert names[0].partition("==")[0] in error["message"]
    assert photograph(root) == before


async def test_a_library_that_breaks_on_import_is_taken_back_with_its_environment(client: Client, root: Path) -> None:
    await call(client, "apply_environment")
    before = contents(root)
    added = await call(client, "add_library", language="python", names=["frames==2.0.0"])
    assert added["published"]
    error = (await call(client, "apply_environment", on_failure="restore"))["error"]
    assert error["code"] == "import_failed"
    assert contents(root) == before
    ran = await call(client, "run_command", argv=["python", "-c", "print('as it was')"])
    assert ran["stdout"] == "as it was\n"
