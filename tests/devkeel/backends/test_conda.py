"""The conda backend on a lock, with packages that the tests make."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from devkeel.backends import conda
from devkeel.backends.conda import Conda, subdir
from devkeel.environment import Environment
from devkeel.project import Project

LOCK = """\
metadata:
  platforms:
    - {platform}
package:
"""
ENTRY = """\
  - name: {name}
    version: {version}
    manager: conda
    platform: {platform}
    url: file://{channel}/noarch/{file}
    hash:
      md5: {md5}
"""


def entry(channel: Path, name: str) -> str:
    path = next((channel / "noarch").glob(f"{name}-[0-9]*.tar.bz2"))
    md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    version = path.name.removeprefix(f"{name}-").removesuffix("-0.tar.bz2")
    return ENTRY.format(name=name, version=version, platform=subdir(), channel=channel, file=path.name, md5=md5)


@pytest.fixture(params=["rattler", "micromamba"])
def root(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, channel: Path) -> Path:
    """A project whose lock has `plain`, and whose environment.yml asks for it."""
    if request.param == "micromamba":
        request.getfixturevalue("micromamba")
    else:
        monkeypatch.setattr(conda, "find_micromamba", lambda _: None)
    root = tmp_path / "project"
    root.mkdir()
    text = LOCK.format(platform=subdir()) + entry(channel, "python") + entry(channel, "plain")
    (root / "conda-lock.yml").write_text(text)
    (root / "environment.yml").write_text("name: demo\ndependencies:\n  - plain=1\n")
    return root


def test_a_lock_is_consumed_without_a_solver(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rattler.solve", None)
    made = Environment(root, actor="test").environments().create()
    program = "import plain; print(plain.VALUE)"
    found = subprocess.run([f"{made.prefix}/bin/python", "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout == "42\n"


def test_a_lock_that_fits_is_current(root: Path) -> None:
    assert Conda().lock_status(Project(root)).state == "current"


@pytest.mark.parametrize("spec", ["plain=2", "other"])
def test_a_lock_is_stale_when_the_manifest_asks_for_something_else(root: Path, spec: str) -> None:
    (root / "environment.yml").write_text(f"dependencies:\n  - {spec}\n")
    status = Conda().lock_status(Project(root))
    assert status.state == "stale"
    assert spec in (status.reason or "")


def test_pip_in_the_environment_asks_for_a_virtual_one(root: Path) -> None:
    made = Environment(root, actor="test").environments().create()
    assert made.variables["PIP_REQUIRE_VIRTUALENV"] == "1"
    assert made.variables["CONDA_PREFIX"] == made.prefix


def test_what_pip_put_beside_conda_is_flagged(root: Path) -> None:
    made = Environment(root, actor="test").environments().create()
    info = root / ".devkeel/envs/demo/current/lib/python3.12/site-packages/httpx-0.28.1.dist-info"
    info.mkdir(parents=True)
    (info / "INSTALLER").write_text("pip\n")
    assert [item.message for item in Conda().health(Path(made.prefix))] == ["httpx was put there by pip, beside conda"]
