"""Who may run code of others: a library that is built to be resolved runs where that is allowed or agreed to alone."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from mcp.client import Client

from devkeel_mcp import Offer, build_server

from .conftest import photograph

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio
PROJECT = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = []\n'
BUILD = '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n'
# Leaves a trace as soon as it is loaded, and cannot be built in the end.
BACKEND = "open({!r}, 'w').close()\n"
LIBRARY = {"language": "python", "names": ["built"]}


@pytest.fixture
def trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that is there when the build of the only library of the index has run."""
    found, place = tmp_path / "trace", tmp_path / "index" / "built"
    place.mkdir(parents=True)
    files = {
        "PKG-INFO": "Metadata-Version: 2.1\nName: built\nVersion: 1.0\n",
        "pyproject.toml": BUILD,
        "own.py": BACKEND.format(str(found)),
    }
    with tarfile.open(place / "built-1.0.tar.gz", "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"built-1.0/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    (place / "index.html").write_text('<!DOCTYPE html><html><body><a href="built-1.0.tar.gz">x</a></body></html>')
    monkeypatch.setenv("UV_DEFAULT_INDEX", place.parent.as_uri())
    monkeypatch.setenv("UV_NO_CACHE", "1")
    return found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    place = tmp_path / "project"
    place.mkdir()
    (place / "pyproject.toml").write_text(PROJECT)
    return place


def has_run(trace: Path) -> bool:
    return trace.exists()


async def call(root: Path, offer: Offer, tool: str, **arguments: Any) -> dict[str, Any]:
    async with Client(build_server(root, offer)) as client:
        found = (await client.call_tool(tool, arguments)).structured_content
    assert isinstance(found, dict)
    return found


async def test_it_runs_where_nothing_is_said_against_it(root: Path, trace: Path) -> None:
    await call(root, Offer(), "add_library", **LIBRARY)
    assert has_run(trace)


async def test_it_does_not_run_where_nothing_may_and_that_is_told(root: Path, trace: Path) -> None:
    added = await call(root, Offer(executes=False), "add_library", **LIBRARY)
    assert added["published"]
    assert "resolution" in [item["level"] for item in added["checks"]["skipped"]]
    assert not has_run(trace)


@pytest.mark.parametrize("asks", ["all", "destructive"])
async def test_it_does_not_run_before_the_person_agreed(root: Path, trace: Path, asks: Any) -> None:
    before = photograph(root)
    offer = Offer(asks=asks)
    tried = await call(root, offer, "add_library", **LIBRARY, dry_run=True)
    assert tried["changed"]
    assert "confirm" in await call(root, offer, "add_library", **LIBRARY)
    assert not has_run(trace)
    assert photograph(root) == before


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("apply_environment", {"dry_run": True}),
        ("check_environment", {"level": "build"}),
        ("enable_service", {"name": "redis", "level": "build", "dry_run": True}),
    ],
)
async def test_a_try_that_builds_is_asked_about(root: Path, trace: Path, tool: str, arguments: dict[str, Any]) -> None:
    (root / "pyproject.toml").write_text(PROJECT.replace("[]", '["built"]'))
    if tool == "enable_service":
        (root / "devenv.nix").write_text("{ }\n")
    found = await call(root, Offer(asks="destructive"), tool, **arguments)
    assert "confirm" in found, found
    assert not has_run(trace)


async def test_settings_that_want_every_write_built_are_not_passed_over(root: Path, trace: Path) -> None:
    (root / "devkeel.toml").write_text('level = "build"\n')
    offer = Offer(executes=False)
    assert (await call(root, offer, "add_library", **LIBRARY, dry_run=True))["changed"]
    before = photograph(root)
    assert (await call(root, offer, "add_library", **LIBRARY))["error"]["code"] == "not_offered"
    assert photograph(root) == before
    assert not has_run(trace)
