"""What the page about environments says of locks: each rule has its test here, or beside the kind that it is about."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.errors import CheckFailed, ProjectError
from devkeel.libraries.resolve.installers import find_uv

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.packages import PublishedIndex

    from devkeel.environments.apply import ApplyResult

PROJECT = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = [{}]\n'


@pytest.fixture
def root(tmp_path: Path, published: PublishedIndex) -> Path:
    """A project whose libraries are in an index of the test, which has hashes."""
    assert published.folder.is_dir()
    found = tmp_path / "project"
    found.mkdir()
    declare(found, "plain")
    return found


@pytest.fixture
def environment(root: Path) -> Iterator[Environment]:
    opened = Environment(root, actor="test")
    yield opened
    opened.close()


def declare(root: Path, *names: str, more: str = "") -> None:
    text = PROJECT.format(", ".join(f'"{name}"' for name in names))
    (root / "pyproject.toml").write_text(text + more)


def policy(root: Path, value: str) -> None:
    (root / "devkeel.toml").write_text(f'lock_file_policy = "{value}"\n')


def lock(root: Path) -> None:
    subprocess.run([find_uv() or "uv", "lock", "--quiet"], cwd=root, check=True)


def apply(environment: Environment, *, strict: bool = False) -> ApplyResult:
    job = environment.apply(strict=strict)
    assert job.wait(60)
    result: ApplyResult = job.value()
    return result


def findings(environment: Environment, *, strict: bool = False) -> tuple[bool, list[tuple[str, str]]]:
    report = environment.check(strict=strict)
    return report.ok, [(item.code, item.severity) for item in report.diagnostics if item.source == "lock"]


def stale(root: Path) -> None:
    lock(root)
    declare(root, "plain", "numbers-lib")


@pytest.mark.rule("lock: warn")
def test_warn_says_that_a_lock_is_stale_and_goes_on(root: Path, environment: Environment) -> None:
    stale(root)
    for _ in range(2):
        assert findings(environment) == (True, [("lock_stale", "warning")])
        assert any("numbers-lib" in note for note in apply(environment).notes)
        policy(root, "warn")


def test_warn_says_that_a_lock_is_missing_and_goes_on(environment: Environment) -> None:
    assert findings(environment) == (True, [("lock_missing", "info")])
    assert apply(environment).applied


@pytest.mark.parametrize("by", ["call", "policy"])
@pytest.mark.parametrize(("before", "code"), [(stale, "lock_stale"), (lambda _: None, "lock_missing")])
@pytest.mark.rule("lock: strict")
def test_strict_fails_on_a_stale_and_on_a_missing_lock_in_check_and_apply(
    root: Path, environment: Environment, by: str, before: object, code: str
) -> None:
    assert callable(before)
    before(root)
    if by == "policy":
        policy(root, "strict")
        with pytest.raises(CheckFailed) as caught:
            environment.environments().create()
        assert caught.value.code == code
    assert findings(environment, strict=by == "call") == (False, [(code, "error")])
    with pytest.raises(CheckFailed) as caught:
        apply(environment, strict=by == "call")
    assert (caught.value.code, caught.value.diagnostics[0].severity) == (code, "error")
    assert not [*root.glob(".devkeel/envs/*")]


def test_strict_has_nothing_against_a_lock_that_fits(root: Path, environment: Environment) -> None:
    policy(root, "strict")
    lock(root)
    assert findings(environment) == (True, [])
    assert apply(environment).applied


def test_strict_sees_what_uv_alone_sees(root: Path, environment: Environment) -> None:
    lock(root)
    declare(root, "plain", more='[tool.uv]\nconstraint-dependencies = ["plain<2"]\n')
    with pytest.raises(CheckFailed) as caught:
        apply(environment, strict=True)
    assert caught.value.code == "lock_stale"


@pytest.mark.parametrize("before", [stale, lambda _: None])
def test_ignore_says_nothing(root: Path, environment: Environment, before: object) -> None:
    assert callable(before)
    before(root)
    policy(root, "ignore")
    assert findings(environment) == (True, [])
    assert not any("lock" in note for note in apply(environment).notes)
    assert not any("lock" in item.code for item in environment.inspect().problems)


def test_strict_of_the_call_goes_before_ignore(root: Path, environment: Environment) -> None:
    stale(root)
    policy(root, "ignore")
    with pytest.raises(CheckFailed):
        apply(environment, strict=True)


def test_another_policy_is_no_setting(root: Path, environment: Environment) -> None:
    policy(root, "loud")
    with pytest.raises(ProjectError) as caught:
        environment.check()
    assert caught.value.code == "bad_settings"
    assert caught.value.place is not None
    assert caught.value.place.line == 1


def test_a_person_is_asked_once_about_a_lock_as_it_is(root: Path, environment: Environment) -> None:
    assert environment.locks_to_ask_about() == ("uv.lock",)
    environment.asked_about_locks(("uv.lock",))
    assert environment.locks_to_ask_about() == ()
    stale(root)
    assert environment.locks_to_ask_about() == ("uv.lock",)
    environment.asked_about_locks(("uv.lock",))
    assert environment.locks_to_ask_about() == ()
    policy(root, "ignore")
    lock(root)
    declare(root, "plain")
    assert environment.locks_to_ask_about() == ()
