"""uv.lock and requirements files with hashes: made, renewed by name, undone, refused when tampered with; by real uv."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.errors import DevkeelError
from devkeel.libraries.resolve import uv_locking
from devkeel.pinned.uv_lock import pinned

from .moving import lock, moved

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.packages import PublishedIndex

PROJECT = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = [{}]\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    found = tmp_path / "project"
    found.mkdir()
    return found


@pytest.fixture
def environment(root: Path, published: PublishedIndex) -> Iterator[Environment]:
    opened = Environment(root, actor="test")
    yield opened
    opened.close()


def states(environment: Environment) -> dict[str, str]:
    return {item.file: item.state for item in environment.check_locks().locks}


def project(root: Path, *names: str) -> None:
    (root / "pyproject.toml").write_text(PROJECT.format(", ".join(f'"{name}"' for name in names)))


def test_uv_lock_is_made_renewed_by_name_and_undone(
    root: Path, published: PublishedIndex, environment: Environment
) -> None:
    project(root, "plain", "numbers-lib", "frames")
    assert states(environment) == {"uv.lock": "missing"}
    made = lock(environment)
    assert (made.files, made.diff) == (("uv.lock",), "")
    assert moved(made) == [("frames", None, "1.5.3"), ("numbers-lib", None, "1.0.0"), ("plain", None, "1.0.0")]
    assert states(environment) == {"uv.lock": "current"}
    project(root, "plain", "numbers-lib")
    assert states(environment) == {"uv.lock": "stale"}
    assert moved(lock(environment)) == [("frames", "1.5.3", None)]
    before = (root / "uv.lock").read_bytes()
    published.publish("numbers_lib-2.0.0")
    assert not lock(environment).changed, "what is locked stays until it is renewed"
    assert moved(lock(environment, "renew", "plain")) == []
    assert moved(lock(environment, "renew", "numbers-lib")) == [("numbers-lib", "1.0.0", "2.0.0")]
    environment.undo()
    assert (root / "uv.lock").read_bytes() == before
    assert moved(lock(environment, "renew")) == [("numbers-lib", "1.0.0", "2.0.0")]


@pytest.mark.rule("lock: uv.lock by uv")
def test_what_uv_alone_sees_makes_the_lock_stale(root: Path, environment: Environment) -> None:
    project(root, "plain")
    lock(environment)
    assert states(environment) == {"uv.lock": "current"}
    text = (root / "pyproject.toml").read_text()
    (root / "pyproject.toml").write_text(f'{text}[tool.uv]\nconstraint-dependencies = ["plain<2"]\n')
    assert states(environment) == {"uv.lock": "stale"}


def test_a_date_is_that_of_the_upload() -> None:
    entry = '[[package]]\nname = "a"\nversion = "1"\nsource = { registry = "https://example.org/simple" }\n'
    files = 'wheels = [{ url = "https://x/a.whl", hash = "sha256:0", upload-time = "2024-05-06T07:08:09.1Z" }]\n'
    assert pinned(f"version = 1\n{entry}{files}".encode())["a"].date == "2024-05-06"


def test_a_project_that_does_not_resolve_keeps_its_lock(root: Path, environment: Environment) -> None:
    project(root, "plain")
    lock(environment)
    before = (root / "uv.lock").read_bytes()
    project(root, "plain", "absent")
    with pytest.raises(DevkeelError) as caught:
        lock(environment)
    assert caught.value.code == "unresolvable"
    assert (root / "uv.lock").read_bytes() == before


def test_without_uv_the_error_says_what_to_install(
    root: Path, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(root, "plain")
    monkeypatch.setattr(uv_locking, "find_uv", lambda: None)
    with pytest.raises(DevkeelError) as caught:
        lock(environment)
    assert caught.value.code == "tool_missing"


def test_a_pyproject_of_which_another_tool_makes_the_environment_gets_no_lock_by_itself(
    root: Path, environment: Environment
) -> None:
    project(root, "plain")
    (root / "devenv.nix").write_text("{ }\n")
    (root / "devenv.lock").write_text('{"nodes": {"root": {}}, "root": "root", "version": 7}')
    (root / "devenv.yaml").write_text("inputs: { }\n")
    assert "uv.lock" not in states(environment)
    assert moved(lock(environment, "create", "uv.lock")) == [("plain", None, "1.0.0")]


def test_requirements_are_compiled_renewed_by_name_and_undone(
    root: Path, published: PublishedIndex, environment: Environment
) -> None:
    (root / "requirements.in").write_text("plain\nnumbers-lib\n")
    assert states(environment) == {"requirements.txt": "missing"}
    made = lock(environment)
    assert (made.files, made.diff) == (("requirements.txt",), "")
    assert moved(made) == [("numbers-lib", None, "1.0.0"), ("plain", None, "1.0.0")]
    before = (root / "requirements.txt").read_text()
    assert before.count("--hash=sha256:") == 2
    assert states(environment) == {"requirements.txt": "current"}
    published.publish("numbers_lib-2.0.0")
    assert not lock(environment).changed
    assert moved(lock(environment, "renew", "plain")) == []
    assert moved(lock(environment, "renew", "numbers-lib")) == [("numbers-lib", "1.0.0", "2.0.0")]
    environment.undo()
    assert (root / "requirements.txt").read_text() == before


@pytest.mark.parametrize(
    ("source", "state"), [("plain\nnumbers-lib<2\n", "current"), ("plain>1\n", "stale"), ("numbers-lib\n", "stale")]
)
@pytest.mark.rule("lock: requirements are stale")
def test_requirements_are_stale_when_their_source_asks_for_something_else(
    root: Path, environment: Environment, source: str, state: str
) -> None:
    (root / "requirements.in").write_text("plain\nnumbers-lib\n")
    lock(environment)
    (root / "requirements.in").write_text(source)
    assert states(environment) == {"requirements.txt": state}


def test_requirements_are_compiled_the_way_they_were(root: Path, environment: Environment) -> None:
    (root / "requirements.in").write_text("plain\n")
    head = "# This file was autogenerated by uv via the following command:\n#    "
    command = (
        "uv pip compile --no-annotate --python-version 3.11 -P plain requirements.in --output-file=requirements.txt"
    )
    (root / "requirements.txt").write_text(f"{head}{command}\nplain==0.9\n")
    assert "+plain==1.0.0" in lock(environment, "renew", "Plain").diff
    text = (root / "requirements.txt").read_text()
    assert command in text
    assert "--hash" not in text
    assert "via" not in text.partition(command)[2]


def test_an_option_that_is_not_repeated_is_refused(root: Path, environment: Environment) -> None:
    (root / "requirements.in").write_text("plain\n")
    head = "# This file was autogenerated by uv via the following command:\n#    "
    command = "uv pip compile --index-url https://example.org requirements.in -o requirements.txt"
    (root / "requirements.txt").write_text(f"{head}{command}\nplain==0.9\n")
    with pytest.raises(DevkeelError) as caught:
        lock(environment, "renew")
    assert caught.value.code == "lock_failed"


def test_hashed_requirements_that_are_their_own_source_are_renewed_by_name_and_undone(
    root: Path, published: PublishedIndex, environment: Environment
) -> None:
    wheels = {path.name.partition("-")[0]: path for path in published.folder.glob("*/*.whl")}
    marks = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in wheels.items()}
    before = (
        f"# ours\nplain==1.0.0 --hash=sha256:{marks['plain']}  # stays\n"
        f"numbers-lib==1.0.0 \\\n    --hash=sha256:{marks['numbers_lib']}\n"
    )
    (root / "requirements.txt").write_text(before)
    published.publish("numbers_lib-2.0.0")
    assert states(environment) == {"requirements.txt": "current"}
    assert moved(lock(environment, "renew", "numbers-lib")) == [("numbers-lib", "1.0.0", "2.0.0")]
    text = (root / "requirements.txt").read_text()
    assert text.startswith(before.partition("numbers-lib")[0])
    assert marks["numbers_lib"] not in text
    environment.undo()
    assert (root / "requirements.txt").read_text() == before


def test_a_hash_that_is_none_is_found_without_installing(root: Path, environment: Environment) -> None:
    project(root, "plain")
    lock(environment)
    path = root / "uv.lock"
    text = path.read_text()
    path.write_text(text.replace(text.partition("sha256:")[2][:64], "abc"))
    assert states(environment) == {"uv.lock": "tampered"}
    assert [(item.code, item.severity) for item in environment.check().diagnostics] == [("hash_mismatch", "error")]
    with pytest.raises(DevkeelError) as caught:
        lock(environment)
    assert caught.value.code == "hash_mismatch"
