"""Where Nix alone cannot say, devenv evaluates in the stage; and the build rung."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import CheckFailed, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from devkeel.checks.report import CheckReport

    Make = Callable[..., Path]

pytestmark = [pytest.mark.nix, pytest.mark.usefixtures("offline")]


def judged(root: Path, level: str = "evaluation") -> CheckReport:
    environment = Environment(root, actor="test")
    try:
        return environment.check(level=level)
    finally:
        environment.close()


@pytest.fixture
def only_devenv(devenv: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The stand-in, on a machine where the lock cannot be read by Nix alone."""

    def cannot(*_: object) -> None:
        raise Unavailable("check_unavailable", "The evaluation cannot run: this test says so.")

    monkeypatch.setattr("devkeel.nix_cli.evaluate.locate_inputs", cannot)
    return devenv


def test_nix_alone_is_asked_before_devenv(devenv: Any, pinned_project: Make) -> None:
    assert judged(pinned_project("packages = [ pkgs.jq ];")).judge == "nix"
    assert devenv.calls() == []


def test_devenv_judges_in_the_stage_and_leaves_the_project_alone(only_devenv: Any, pinned_project: Make) -> None:
    root = pinned_project('packages = [ pkgs.jq ];\n  profiles.ci.module.env.A = "b";')
    before = sorted(path.name for path in root.iterdir())
    report = judged(root)
    assert (report.diagnostics, report.judge) == ((), "devenv")
    assert report.stage in ("namespace", "copy")
    assert sorted(path.name for path in root.iterdir() if path.name != ".devkeel") == before
    assert [call for call in only_devenv.calls() if "ci" in call]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("services.reddis.enable = true;", "unknown_option"),
        ('services.redis.port = "x";\n  services.redis.enable = true;', "wrong_type"),
        ("packages = [ pkgs.gti ];", "unknown_package"),
        ("packages = [ gti ];", "undefined_variable"),
        ("env.A = 1; env.A = 2;", "duplicate_attribute"),
        ("packages = [ pkgs.git ", "syntax_error"),
        ('assertions = [ { assertion = false; message = "no"; } ];', "failed_assertion"),
        ('name = lib.mkMerge [ "a" "b" ];', "conflicting_definitions"),
        ('languages.python = { enable = true; version = "3.11"; };', "missing_input"),
        ("packages = [ pkgs.vscode ];", "unfree_package"),
        ("packages = [ pkgs.marked-broken ];", "broken_package"),
        ("profiles.ci.module.services.reddis.enable = true;", "unknown_option"),
    ],
)
@pytest.mark.parametrize("judge", ["nix", "devenv"])
def test_each_shape_of_error_is_told_by_both(
    request: pytest.FixtureRequest, pinned_project: Make, text: str, code: str, judge: str
) -> None:
    if judge == "devenv":
        request.getfixturevalue("only_devenv")
    report = judged(pinned_project(text))
    assert [item.code for item in report.diagnostics if item.severity == "error"] == [code]


@pytest.mark.fault(29, 31)
@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("network", "check_network_failed"),
        ("disk-full", "check_disk_full"),
        ("memory", "check_out_of_memory"),
        ("killed", "check_crashed"),
    ],
)
def test_a_failing_machine_is_no_error_of_the_declaration(
    only_devenv: Any, pinned_project: Make, kind: str, code: str
) -> None:
    root = pinned_project("packages = [ pkgs.jq ];")
    only_devenv.fail(kind, times=1)
    with pytest.raises(Unavailable) as caught:
        judged(root)
    assert caught.value.code == code
    only_devenv.fail(kind, times=1)
    environment = Environment(root, actor="test")
    report = environment.check()
    assert report.ok
    assert "evaluation" in [item.level for item in report.skipped]
    environment.close()


@pytest.mark.fault(41)
def test_a_database_that_is_locked_is_waited_for(only_devenv: Any, pinned_project: Make) -> None:
    root = pinned_project("packages = [ pkgs.jq ];")
    only_devenv.fail("database-locked", times=2)
    assert judged(root).diagnostics == ()
    only_devenv.fail("database-locked", times=9)
    with pytest.raises(Unavailable) as caught:
        judged(root)
    assert caught.value.code == "check_locked"


def test_a_lock_that_devenv_would_change_is_a_finding_and_stays(only_devenv: Any, pinned_project: Make) -> None:
    root = pinned_project("packages = [ pkgs.jq ];")
    lock = json.loads((root / "devenv.lock").read_text())
    lock["nodes"]["old"] = {"locked": {"type": "github", "owner": "a", "repo": "b"}}
    lock["nodes"]["root"]["inputs"]["old"] = "old"
    stale = json.dumps(lock)
    (root / "devenv.lock").write_text(stale)
    report = judged(root)
    assert [(item.code, item.severity) for item in report.diagnostics] == [("lock_stale", "warning")]
    assert (root / "devenv.lock").read_text() == stale


def test_devenv_is_not_asked_to_read_what_is_outside_of_the_work_tree(only_devenv: Any, pinned_project: Make) -> None:
    root = pinned_project("packages = [ pkgs.jq ];")
    (root / "devenv.lock").unlink()
    with pytest.raises(Unavailable) as caught:
        judged(root)
    assert caught.value.code == "check_unavailable"
    assert "outside of the project's Git work tree" in caught.value.message


# The build rung.


@pytest.mark.parametrize("judge", ["nix", "devenv"])
def test_an_environment_that_builds_is_built(request: pytest.FixtureRequest, pinned_project: Make, judge: str) -> None:
    if judge == "devenv":
        request.getfixturevalue("only_devenv")
    report = judged(pinned_project("packages = [ pkgs.jq ];"), level="build")
    assert (report.diagnostics, report.ran[-1], report.judge) == ((), "build", judge)


FAILS = """
  packages = [ (derivation {
    name = "sour-1.0"; system = builtins.currentSystem; builder = "/bin/sh";
    args = [ "-c" "echo went sour; exit 1" ];
  }) ];
"""


@pytest.mark.parametrize("judge", ["nix", "devenv"])
def test_a_derivation_that_fails_is_named_with_its_log(
    request: pytest.FixtureRequest, pinned_project: Make, judge: str
) -> None:
    if judge == "devenv":
        request.getfixturevalue("only_devenv")
    root = pinned_project(FAILS)
    assert judged(root).ok
    found = next(item for item in judged(root, level="build").diagnostics if item.severity == "error")
    assert (found.code, found.subject, found.source) == ("build_failed", "sour-1.0", "build")
    assert "went sour" in found.message


def test_a_build_that_takes_too_long_is_stopped(pinned_project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    root = pinned_project(FAILS.replace("exit 1", "while :; do :; done"))
    monkeypatch.setattr("devkeel.checks.ladder._PROGRAMS", _with_seconds(3.0))
    with pytest.raises(Unavailable) as caught:
        judged(root, level="build")
    assert caught.value.code == "build_timeout"


def _with_seconds(seconds: float) -> dict[str, Any]:
    from devkeel.checks import build, evaluation

    return {"evaluation": evaluation.check, "build": lambda subject: build.check(subject, timeout=seconds)}


def test_what_does_not_build_is_not_published(pinned_project: Make) -> None:
    root = pinned_project("packages = [ ];")
    environment = Environment(root, actor="test")
    body = FAILS.partition("=")[2].strip().removesuffix(";")
    with pytest.raises(CheckFailed) as caught:
        environment.change(parse_edits([{"kind": "set", "path": "packages", "expression": body}]), level="build")
    assert caught.value.code == "build_failed"
    assert environment.change(
        parse_edits([{"kind": "set", "path": "packages", "expression": body}]), level="evaluation"
    ).published
    environment.close()
