"""The evaluation rung asks real Nix, and what it asks about cannot get out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.candidate.basis import Basis
from devkeel.candidate.candidate import Candidate
from devkeel.checks import evaluation
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import CheckFailed, Unavailable
from devkeel.nix_cli import devenv
from devkeel.project.declaration import read_declaration

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.checks.report import CheckReport
    from devkeel.errors import Diagnostic

    Make = Callable[..., Path]

pytestmark = pytest.mark.nix


def judged(root: Path, level: str = "evaluation") -> CheckReport:
    environment = Environment(root, actor="test")
    try:
        return environment.check(level=level)
    finally:
        environment.close()


def evaluated(root: Path) -> list[Diagnostic]:
    """Return what the evaluation rung alone says."""
    environment = Environment(root, actor="test")
    try:
        project = environment.project
        return evaluation.check(Candidate(Basis(project), read_declaration(project), fetches=True)).diagnostics
    finally:
        environment.close()


def only_finding(report: CheckReport) -> Any:
    assert len(report.diagnostics) == 1, report
    return report.diagnostics[0]


@pytest.mark.parametrize(
    "text",
    [
        "packages = [ pkgs.jq ];",
        "{ packages = [ ]; }",
        "services.redis = { enable = true; port = 7000; };",
        'env.A = builtins.readFile ./devenv.yaml; env.B = "${./.}";',
        'env.A = builtins.readFile "${./.}/devenv.yaml";',
        'profiles.ci.module = { pkgs, ... }: { env.A = "b"; services.redis.enable = true; }; env.A = "a";',
        'profiles.full = { extends = [ "base" ]; module.env.A = "b"; }; profiles.base.module.env.A = "c";',
    ],
)
def test_a_valid_declaration_has_no_findings(pinned_project: Make, text: str) -> None:
    report = judged(pinned_project(text))
    assert report.diagnostics == ()
    assert report.ran[-1] == "evaluation"
    assert (report.judge, report.stage) == ("nix", "project")


@pytest.mark.parametrize(
    ("text", "code", "line", "subject"),
    [
        ("services.reddis.enable = true;", "unknown_option", 3, "services.reddis"),
        ('services.redis.port = "x";', "wrong_type", 3, "services.redis.port"),
        ("services = 1;", "wrong_type", 3, "services"),
        ('packages = [ "git" ];', "wrong_type", 3, "packages"),
        ("packages = [ pkgs.gti ];", "unknown_package", 3, "gti"),
        ('name = lib.mkMerge [ "a" "b" ];', "conflicting_definitions", 3, "name"),
        ("profiles.ci.module.services.reddis.enable = true;", "unknown_option", 3, "services.reddis"),
        ('profiles.ci.module = { services.redis.port = "x"; };', "wrong_type", 3, "services.redis.port"),
        ('profiles.hostname."a.b".module.services.redis.port = "x";', "wrong_type", 3, "services.redis.port"),
        ('env.A = throw "no";', "evaluation_failed", 3, None),
        ("env.A = let x = x; in x;", "evaluation_failed", 3, None),
        ("env.A = let f = x: 1 + f x; in f 1;", "evaluation_failed", None, None),
        ("imports = [ ./gone.nix ];", "evaluation_failed", None, None),
    ],
)
def test_what_the_module_system_rejects_is_a_finding_with_its_place(
    pinned_project: Make, text: str, code: str, line: int | None, subject: str | None
) -> None:
    (found,) = evaluated(pinned_project(text))
    assert (found.code, found.severity, found.source, found.subject) == (code, "error", "evaluation", subject)
    if line is not None:
        assert found.place is not None
        assert (found.place.file, found.place.line) == ("devenv.nix", line)


def test_every_assertion_that_does_not_hold_is_a_finding(pinned_project: Make) -> None:
    text = 'assertions = [ { assertion = false; message = "one"; } { assertion = false; message = "two"; } ];'
    report = judged(pinned_project(text))
    assert sorted((item.code, item.message) for item in report.diagnostics) == [
        ("failed_assertion", "one"),
        ("failed_assertion", "two"),
    ]


def test_a_warning_of_the_module_system_is_a_warning(pinned_project: Make) -> None:
    report = judged(pinned_project('warnings = [ "old" ];'))
    assert report.ok
    assert [(item.code, item.severity) for item in report.diagnostics] == [("evaluation_warning", "warning")]


def test_the_local_declaration_is_judged_with_the_shared_one(pinned_project: Make) -> None:
    found = only_finding(judged(pinned_project("", {"devenv.local.nix": "{ services.redis.port = true; }"})))
    assert found.code == "wrong_type"
    assert found.place.file == "devenv.local.nix"


def test_imports_of_the_inputs_file_are_judged(pinned_project: Make) -> None:
    root = pinned_project("", {"part/devenv.nix": "{ services.reddis.enable = true; }"})
    with (root / "devenv.yaml").open("a") as handle:
        handle.write("imports:\n  - ./part\n")
    found = only_finding(judged(root))
    assert (found.code, found.place.file) == ("unknown_option", "part/devenv.nix")


def test_a_meant_package_is_suggested_as_an_edit_that_repairs(pinned_project: Make) -> None:
    root = pinned_project("packages = [ pkgs.jqq ];")
    found = only_finding(judged(root))
    environment = Environment(root, actor="test")
    right = next(item for item in found.suggestions if item["new"].endswith("pkgs.jq ];"))
    assert environment.change(parse_edits([right]), level="evaluation").published
    environment.close()


def test_a_candidate_is_judged_and_the_project_stays_as_it_was(pinned_project: Make) -> None:
    root = pinned_project("packages = [ ];")
    environment = Environment(root, actor="test")
    before = (root / "devenv.nix").read_bytes()
    wrong = parse_edits([{"kind": "set", "path": "services.redis.port", "value": "x"}])
    with pytest.raises(CheckFailed) as caught:
        environment.change(wrong, level="evaluation")
    assert caught.value.code == "wrong_type"
    assert (root / "devenv.nix").read_bytes() == before
    right = parse_edits([{"kind": "set", "path": "services.redis.port", "value": 7000}])
    result = environment.change(right, dry_run=True)
    assert "evaluation" in result.checks.ran
    assert result.checks.stage in ("namespace", "copy")
    assert (root / "devenv.nix").read_bytes() == before
    environment.close()


def test_an_old_error_does_not_stand_in_the_way(pinned_project: Make) -> None:
    root = pinned_project('services.redis.port = "x";\n  env.A = throw "second";')
    environment = Environment(root, actor="test")
    assert environment.change(parse_edits([{"kind": "add_packages", "names": ["jq"]}]), level="evaluation").published
    # With the first error gone, Nix comes to the second, which was there as well.
    repaired = environment.change(parse_edits([{"kind": "set", "path": "services.redis.port", "value": 1}]))
    assert repaired.published
    assert [item.code for item in repaired.checks.diagnostics] == ["evaluation_failed"]
    environment.close()


def test_reading_evaluates_nothing(pinned_project: Make) -> None:
    environment = Environment(pinned_project("services.reddis.enable = true;"), actor="test")
    found = environment.inspect()
    assert "evaluation" in found.levels
    assert "evaluation" in [item.level for item in found.skipped]
    environment.close()


# What cannot run, and why.


def test_without_a_lock_the_rung_is_skipped_and_refused_when_asked_for(pinned_project: Make) -> None:
    root = pinned_project("")
    (root / "devenv.lock").unlink()
    environment = Environment(root, actor="test")
    report = environment.check()
    assert report.ok
    assert [item.level for item in report.skipped if "devenv.lock" in item.reason] == ["evaluation"]
    with pytest.raises(Unavailable) as caught:
        environment.check(level="evaluation")
    assert caught.value.code == "check_unavailable"
    environment.close()


@pytest.mark.parametrize(
    "change",
    [
        lambda lock: lock.update(version=4),
        lambda lock: lock["nodes"]["root"]["inputs"].pop("devenv"),
        lambda lock: lock["nodes"]["devenv"]["locked"].update(
            type="github", narHash="sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
        ),
        lambda lock: lock["nodes"]["root"]["inputs"].update(devenv=["nixpkgs", "gone"]),
        lambda lock: lock.pop("nodes"),
    ],
)
def test_a_lock_that_cannot_be_used_is_no_error_of_the_declaration(
    pinned_project: Make, change: Callable[[Any], Any]
) -> None:
    root = pinned_project("")
    lock = json.loads((root / "devenv.lock").read_text())
    change(lock)
    (root / "devenv.lock").write_text(json.dumps(lock))
    with pytest.raises(Unavailable) as caught:
        judged(root)
    assert caught.value.code in ("check_unavailable", "not_fetched")


def test_without_nix_the_rung_is_skipped(pinned_project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    root = pinned_project("")
    monkeypatch.setenv("PATH", "/nonexistent")
    environment = Environment(root, actor="test")
    assert "evaluation" not in environment.check().ran
    environment.close()


FOREVER = "env.A = let fib = n: if n < 2 then n else fib (n - 1) + fib (n - 2); in fib 60;"


def test_an_evaluation_without_an_end_is_stopped(pinned_project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    root = pinned_project(FOREVER)
    short = {"evaluation": lambda subject: evaluation.check(subject, timeout=2.0)}
    monkeypatch.setattr("devkeel.checks.ladder._PROGRAMS", short)
    with pytest.raises(Unavailable) as caught:
        judged(root)
    assert caught.value.code == "timeout"
    environment = Environment(root, actor="test")
    assert "evaluation" in [item.level for item in environment.check().skipped]
    environment.close()


def test_an_evaluation_that_needs_too_much_memory_is_no_error(
    pinned_project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = shutil.which("prlimit")
    if program is None:
        pytest.skip("prlimit is not installed")
    monkeypatch.setattr(devenv, "_limits", lambda: (program, f"--as={1024**3}", "--core=0"))
    root = pinned_project("env.A = builtins.length (builtins.genList (x: x) 2000000000);")
    with pytest.raises(Unavailable) as caught:
        judged(root)
    assert caught.value.code in {"check_out_of_memory", "check_crashed"}


def test_a_flood_of_output_is_cut(pinned_project: Make) -> None:
    line = "x" * 1000
    flood = f'builtins.foldl\' (a: b: builtins.trace "{line}" a) "b" (builtins.genList (x: x) 20000)'
    assert judged(pinned_project(f"env.A = {flood};")).diagnostics == ()


# What the declaration must not reach.

ATTACKS = {
    "read-file": "builtins.readFile {secret}",
    "read-file-by-text": 'builtins.readFile "{secret}"',
    "import": "import {secret}",
    "path": 'builtins.readFile (builtins.path {{ path = {secret}; name = "x"; }})',
    "interpolated": 'builtins.readFile "${{{secret}}}"',
    "read-dir": "builtins.toJSON (builtins.readDir {folder})",
    "filter-source": 'builtins.readFile ((builtins.filterSource (_: _: true) {folder}) + "/secret")',
    "fetch-tree": 'builtins.readFile ((builtins.fetchTree {{ type = "path"; path = "{folder}"; }}) + "/secret")',
    "fetch-git": 'builtins.readFile ((builtins.fetchGit {{ url = "file://{folder}"; }}) + "/secret")',
    "fetch-git-by-path": 'builtins.readFile ((builtins.fetchGit {folder}) + "/secret")',
    "fetch-url": 'builtins.readFile (builtins.fetchurl "file://{secret}")',
    "fetch-tarball": 'builtins.readFile (builtins.fetchTarball "file://{secret}")',
    "get-flake": 'toString (builtins.getFlake "path:{folder}")',
    "find-file": 'builtins.readFile (builtins.findFile [ {{ path = "{folder}"; prefix = ""; }} ] "secret")',
    "search-path": "builtins.readFile <secret>",
    "store-path": 'builtins.readFile (builtins.storePath "{stored}")',
    "store-file": 'builtins.readFile "{stored}"',
    "hash-file": 'builtins.hashFile "sha256" {secret}',
    "exec": 'builtins.exec [ "cat" "{secret}" ]',
    "native-code": 'builtins.importNative {secret} "x"',
    "built": 'builtins.readFile (derivation {{ name = "x"; system = builtins.currentSystem; builder = "/bin/sh"; '
    'args = [ "-c" "cat {secret} > $out" ]; }})',
    "link": "builtins.readFile ./link",
}


@pytest.mark.parametrize("expression", ATTACKS.values(), ids=ATTACKS)
def test_a_declaration_reads_nothing_outside_of_project_inputs_and_store(
    pinned_project: Make, tmp_path: Path, expression: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = (tmp_path / "outside").resolve()
    folder.mkdir()
    (folder / "secret").write_text('"hunter2"')
    monkeypatch.setenv("NIX_PATH", str(folder))
    stored = shutil.which("nix-instantiate") or ""
    attack = expression.format(secret=folder / "secret", folder=folder, stored=Path(stored).resolve())
    # An assertion with the text as its message is where a reader would see it.
    root = pinned_project(f"assertions = [ {{ assertion = false; message = {attack}; }} ];")
    (root / "link").symlink_to(folder / "secret")
    report = judged(root)
    assert "hunter2" not in str(report)
    assert not [item for item in report.diagnostics if item.code == "failed_assertion"]
    assert report.diagnostics


def test_a_declaration_sees_no_variables(pinned_project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "hunter2")
    text = 'assertions = [ { assertion = builtins.getEnv "LANG" == ""; message = builtins.getEnv "LANG"; } ];'
    assert judged(pinned_project(text)).diagnostics == ()


def test_what_a_check_may_not_do_is_no_error_of_the_declaration(pinned_project: Make) -> None:
    report = judged(pinned_project('env.A = builtins.readFile (builtins.fetchurl "https://example.org/x");'))
    assert report.ok
    assert [item.code for item in report.diagnostics] == ["evaluation_restricted"]


def test_no_path_of_the_stage_and_no_control_character_is_shown(pinned_project: Make) -> None:
    root = pinned_project(
        'env.A = throw "a\\tb\\r${builtins.fromJSON "\\"\\\\u001b[31m\\\\u202e\\""} at ${toString ./.}/x";'
    )
    found = only_finding(judged(root))
    assert str(root) not in found.message
    assert not [char for char in found.message if ord(char) < 32 and char not in "\n\t"]
    assert "\u202e" not in found.message
