"""A lock that names something else than what is there, or another platform, installs nothing; by real uv and pip."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.errors import CheckFailed, DevkeelError
from devkeel.libraries.resolve.installers import find_uv

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.packages import PublishedIndex

    from devkeel.environments.apply import ApplyResult

PROJECT = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = ["plain"]\n'


@pytest.fixture
def root(tmp_path: Path, published: PublishedIndex) -> Path:
    assert published.folder.is_dir()
    found = tmp_path / "project"
    found.mkdir()
    (found / "pyproject.toml").write_text(PROJECT)
    return found


@pytest.fixture
def environment(root: Path) -> Iterator[Environment]:
    opened = Environment(root, actor="test")
    yield opened
    opened.close()


def lock(root: Path) -> None:
    subprocess.run([find_uv() or "uv", "lock", "--quiet"], cwd=root, check=True)


def apply(environment: Environment) -> ApplyResult:
    job = environment.apply()
    assert job.wait(60)
    result: ApplyResult = job.value()
    return result


def refused(environment: Environment) -> DevkeelError:
    with pytest.raises(CheckFailed) as caught:
        apply(environment)
    assert "plain" in caught.value.message or "environments" in caught.value.message
    assert caught.value.remedy
    return caught.value


@pytest.mark.rule("lock: hashes")
def test_a_wrong_hash_in_uv_lock_leaves_the_environment_in_use(root: Path, environment: Environment) -> None:
    lock(root)
    first = apply(environment)
    path = root / "uv.lock"
    text = path.read_text()
    path.write_text(text.replace(text.partition("sha256:")[2][:64], "0" * 64))
    assert refused(environment).code == "hash_mismatch"
    assert environment.environments().info().prefix == first.prefix


@pytest.mark.parametrize("way", ["uv", "pip"])
@pytest.mark.rule("lock: hashes")
def test_hashes_in_requirements_hold(
    root: Path, environment: Environment, published: PublishedIndex, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    (root / "pyproject.toml").unlink()
    if way == "pip":
        monkeypatch.setattr("devkeel.backends.venv.find_uv", lambda: None)
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("PIP_FIND_LINKS", str(published.folder / "plain"))
    (root / "requirements.txt").write_text(f"plain==1.0.0 \\\n    --hash=sha256:{'0' * 64}\n")
    assert refused(environment).code == "hash_mismatch"
    assert not [*root.glob(".devkeel/envs/*/current")]


def test_right_hashes_in_requirements_install(root: Path, environment: Environment) -> None:
    (root / "pyproject.toml").unlink()
    (root / "requirements.in").write_text("frames\n")
    job = environment.lock()
    assert job.wait(60)
    assert job.value().published
    assert apply(environment).applied


@pytest.mark.rule("lock: platform")
def test_a_lock_for_other_platforms_is_refused(root: Path, environment: Environment) -> None:
    (root / "pyproject.toml").write_text(f"{PROJECT}[tool.uv]\nenvironments = [\"sys_platform == 'win32'\"]\n")
    lock(root)
    assert refused(environment).code == "lock_wrong_platform"
    assert not [*root.glob(".devkeel/envs/*/current")]


def test_a_lock_with_wheels_for_other_platforms_alone_is_refused(root: Path, environment: Environment) -> None:
    lock(root)
    path = root / "uv.lock"
    path.write_text(path.read_text().replace("py3-none-any", "py3-none-win_amd64"))
    assert refused(environment).code == "lock_wrong_platform"
    assert not [*root.glob(".devkeel/envs/*/current")]
