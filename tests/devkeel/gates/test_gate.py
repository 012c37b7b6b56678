"""The gate as a job: what the command's end says, what is kept, and what `block` takes back."""

from __future__ import annotations

import filecmp
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pytest

from devkeel.api import Environment
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import Refused, Unavailable, UsageError
from devkeel.gates.figures import Counts
from devkeel.gates.records import history, keep, kept
from devkeel.policy.permission import Limit
from devkeel.sandbox.sandbox import require_way
from devkeel.state.files import write_record

from .conftest import node, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.events.event import Event
    from devkeel.gates.measure import GateResult

pytestmark = pytest.mark.usefixtures("own_index")

PROJECT = """\
[project]
name = "demo"
version = "1"
requires-python = ">=3.9"
dependencies = ["plain"]

[tool.other]
# kept apart
by = "hand"
"""
# A program that tests in the protocol that the shell speaks, as others do in any language.
TESTS = """\
failed=0
check() { if "$@"; then echo "ok - $*"; else echo "not ok - $*"; failed=1; fi; }
echo 1..2
check grep -q plain pyproject.toml
check test ! -e broken
exit $failed
"""
SETTINGS = """\
[gates]
stage = "tests"
mode = "block"
command = ["sh", "tests.sh"]
timeout = 60

[gates.stages.tests]
passed = 100
"""


class Kept(NamedTuple):
    """A project whose environment was applied, as every test finds it again in the same place."""

    root: Path
    copy: Path


def begun(place: Path) -> Path:
    place.mkdir()
    (place / "pyproject.toml").write_text(PROJECT)
    (place / "devkeel.toml").write_text(SETTINGS)
    (place / "tests.sh").write_text(TESTS)
    return place


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory, index: dict[str, str]) -> Kept:
    folder = tmp_path_factory.mktemp("gate").resolve()
    root = begun(folder / "demo")
    with pytest.MonkeyPatch.context() as patched:
        for name, value in (index | {"XDG_CACHE_HOME": str(folder / "cache")}).items():
            patched.setenv(name, value)
        opened = Environment(root, actor="test")
        job = opened.apply()
        assert job.wait(120)
        opened.result(job)
        opened.close()
    return Kept(root, Path(shutil.copytree(root, folder / "copy", symlinks=True)))


@pytest.fixture
def root(applied: Kept) -> Path:
    """Return the project as it was applied: files anew, in the directories by which devkeel knows what is its own."""
    for path in sorted(applied.root.rglob("*"), reverse=True):
        if not os.path.lexists(applied.copy / path.relative_to(applied.root)):
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    for path in applied.copy.rglob("*"):
        place = applied.root / path.relative_to(applied.copy)
        if path.is_file() and not path.is_symlink() and not filecmp.cmp(path, place):
            shutil.copy2(path, place)
    return applied.root


@pytest.fixture
def environment(root: Path) -> Iterator[Environment]:
    opened = Environment(root, actor="test")
    yield opened
    opened.close()


def gate(environment: Environment, stage: str | None = None, **asked: Any) -> GateResult:
    job = environment.gate(stage, **asked)
    assert job.wait(120)
    result: GateResult = environment.result(job)
    return result


def set_to(root: Path, old: str, new: str) -> None:
    path = root / "devkeel.toml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def patch(environment: Environment, old: str, new: str) -> int | None:
    edit = {"kind": "replace_text", "file": "pyproject.toml", "old": old, "new": new}
    return environment.change(parse_edits([edit])).operation


def test_it_passes_and_is_kept_with_what_it_was_of(environment: Environment) -> None:
    result = gate(environment)
    assert (result.verdict, result.percent, result.blocked) == ("passed", {"coverage": None, "passed": 100.0}, False)
    [record] = environment.gate_history().results
    assert (record.stage, record.verdict, record.percent, record.revision, record.operation) == (
        "tests",
        "passed",
        result.percent,
        environment.revision(),
        None,
    )


def test_reading_what_is_kept_makes_nothing(tmp_path: Path) -> None:
    root = begun(tmp_path / "demo")
    environment = Environment(root, actor="test")
    assert environment.gate_history().results == ()
    result = gate(environment, run=False, reports=["none.xml"])
    assert (result.verdict, result.ran) == ("not_measured", None)
    environment.close()
    assert not (root / ".devkeel").exists()


def test_the_newest_results_are_kept(root: Path, environment: Environment) -> None:
    gate(environment)
    [record] = kept(environment.project.state)
    state = environment.project.state
    old = msgspec.to_builtins([record] * 499 + [msgspec.structs.replace(record, seconds=7.0)])
    write_record(state / "gates.json", {"version": 1, "results": old})
    keep(state, msgspec.structs.replace(record, seconds=8.0))
    assert [item.seconds for item in history(state, 2).results] == [8.0, 7.0]
    assert len(kept(state)) == 500
    (root / ".devkeel" / "gates.json").write_text('{"version": 1, "results": []}')
    assert kept(environment.project.state) == []  # somebody else's


@pytest.mark.parametrize(
    ("script", "verdict", "code"),
    [
        ("echo 1..1; echo ok; exit 3", "failed", 3),
        ("echo 1..1; echo ok; kill -9 $$", "failed", -9),
        ("echo 1..2; echo ok; echo not ok", "failed", 0),
        ("echo 1..0", "not_measured", 0),
        ("echo 1..1; echo 'ok # SKIP later'", "not_measured", 0),
        ("echo hello", "not_measured", 0),
        ("exit 1", "failed", 1),
        ("echo 1..2; echo ok", "refused", 0),
    ],
)
def test_what_the_command_and_its_report_say_together(
    root: Path, environment: Environment, script: str, verdict: str, code: int
) -> None:
    (root / "tests.sh").write_text(script)
    if verdict == "refused":
        with pytest.raises(Refused) as caught:
            gate(environment)
        assert caught.value.code == "report_untrusted"
    else:
        result = gate(environment)
        assert result.ran is not None
        assert (result.verdict, result.ran.exit_code) == (verdict, code)
    assert [record.verdict for record in environment.gate_history().results] == [
        "not_measured" if verdict == "refused" else verdict
    ]


def test_a_command_that_is_not_there_or_does_not_end_measures_nothing(root: Path, environment: Environment) -> None:
    set_to(root, '["sh", "tests.sh"]', '["nowhere-at-all"]')
    missing = gate(environment)
    assert missing.ran is not None
    assert (missing.verdict, missing.ran.exit_code, missing.problems[0].code) == (
        "not_measured",
        None,
        "program_missing",
    )
    assert not missing.ran.started
    set_to(root, '["nowhere-at-all"]', '["sleep", "60"]')
    late = gate(environment, timeout=0.2)
    assert late.ran is not None
    assert (late.verdict, late.ran.timed_out, late.blocked) == ("not_measured", True, False)
    assert late.ran.started


def test_a_cancelled_gate_is_no_result(root: Path, environment: Environment) -> None:
    set_to(root, '["sh", "tests.sh"]', '["sleep", "60"]')
    job = environment.gate()
    job.cancel()
    with pytest.raises(Unavailable):
        job.value()
    assert environment.gate_history().results == ()


PYTHON = {
    "lib.py": "def f(x):\n    if x:\n        return 1\n    return 2\n",
    "test_lib.py": "from lib import f\ndef test_f(): assert f(1) == 1\ndef test_g(): assert f(0) == 2\n",
}
JAVASCRIPT = {
    "lib.js": "exports.f = (x) => (x ? 1 : 2);\n",
    "lib.test.js": "const { test } = require('node:test');\nconst { f } = require('./lib.js');\n"
    "test('one', () => { f(1); });\ntest('two', () => { f(0); });\n",
}
GO = {
    "go.mod": "module example.com/m\n\ngo 1.19\n",
    "lib.go": "package m\n\nfunc F(x int) int {\n\tif x > 0 {\n\t\treturn 1\n\t}\n\treturn 2\n}\n",
    "lib_test.go": 'package m\n\nimport "testing"\n\n'
    "func TestOne(t *testing.T) { F(1) }\nfunc TestTwo(t *testing.T) { F(0) }\n",
}
SITE = Path(pytest.__file__).parents[1]
PYTEST = ["env", f"PYTHONPATH={SITE}", "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
PYTEST += ["--junitxml=report.xml", "--cov=.", "--cov-report=json"]
TAP = ["--test-reporter=tap", "--test-reporter-destination=stdout"]
LCOV = ["--experimental-test-coverage", "--test-reporter=lcov", "--test-reporter-destination=lcov.info"]


@pytest.mark.parametrize(
    ("files", "command", "reports"),
    [
        (PYTHON, PYTEST, ["report.xml", "coverage.json"]),
        (JAVASCRIPT, ["node", "--test", *TAP, *LCOV], ["lcov.info"]),
        (GO, ["go", "test", "-json", "-coverprofile=cover.out", "./..."], ["cover.out"]),
    ],
    ids=["pytest", "node", "go"],
)
def test_a_real_runner_is_measured(
    root: Path, environment: Environment, files: dict[str, str], command: list[str], reports: list[str]
) -> None:
    if command[0] != "env" and shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    if command[0] == "node" and node() < (20, 11):  # Debian's has no lcov, and says so of its tests alone
        command, reports = command[:2] + TAP, []
    written(root, files)
    (root / "devkeel.toml").write_text(f'[gates]\nstage = "strict"\ncommand = {command}\nreports = {reports}\n')
    result = gate(environment)
    assert result.figures.tests == Counts(2, 0, 0)
    assert (result.verdict, result.percent["coverage"]) == (("passed", 100.0) if reports else ("not_measured", None))


def test_a_role_in_a_sandbox_has_its_tests_run_there(root: Path, environment: Environment) -> None:
    try:
        require_way()
    except Unavailable:
        pytest.skip("this system gives no such sandbox to this user")
    (root.parent / "outside").touch()
    (root / "tests.sh").write_text(f"echo 1..1; if test -e {root.parent}/outside; then echo not ok; else echo ok; fi")
    assert gate(environment).verdict == "failed"
    held = Limit(environment.context.permission.names, "a test", role="held", sandbox=True)
    enclosed = Environment(root, actor="test", permission=environment.context.permission.within(held))
    found = gate(enclosed)
    assert found.verdict == "passed", (found.ran, found.reasons, found.problems)
    enclosed.close()


def test_how_it_came_out_is_an_event(root: Path, environment: Environment) -> None:
    found: list[Event] = []
    environment.subscribe(found.append)
    gate(environment)
    patch(environment, '"plain"', "")
    gate(environment)
    environment.close()  # what waits is delivered
    # Those of the gate say its stage; the job that it is has its own.
    kinds = [(item.kind, item.code) for item in found if item.action == "gate" and "stage" in item.details]
    assert kinds == [("checked", None), ("failed", "gate_failed")]
    assert [item.kind for item in found if item.action == "restore"][-1] == "restored"


def test_there_is_no_such_stage(environment: Environment) -> None:
    with pytest.raises(UsageError) as caught:
        environment.gate("stable")
    assert caught.value.code == "unknown_stage"
    assert "stabilize" in caught.value.alternatives


def test_what_broke_it_is_taken_back_beside_what_a_person_changed(root: Path, environment: Environment) -> None:
    gate(environment)
    first = patch(environment, '"plain"', "")
    second = patch(environment, 'version = "1"', 'version = "2"')
    text = (root / "pyproject.toml").read_text().replace('by = "hand"', 'by = "a person"')
    (root / "pyproject.toml").write_text(text)
    result = gate(environment)
    assert (result.verdict, result.blocked) == ("failed", True)
    assert result.taken_back is not None
    assert set(result.taken_back.reverted) == {first, second}
    assert (root / "pyproject.toml").read_text() == PROJECT.replace('by = "hand"', 'by = "a person"')
    again = gate(environment)
    assert (again.verdict, again.blocked) == ("passed", False)


def test_what_a_person_changed_in_the_same_place_is_not_overwritten(root: Path, environment: Environment) -> None:
    gate(environment)
    patch(environment, 'dependencies = ["plain"]', "dependencies = []")
    (root / "pyproject.toml").write_text(
        (root / "pyproject.toml").read_text().replace("dependencies = []", 'dependencies = ["numbers-lib"]')
    )
    mine = (root / "pyproject.toml").read_text()
    result = gate(environment)
    assert result.taken_back is not None
    assert result.taken_back.operation is None
    assert result.taken_back.error is not None
    assert result.taken_back.error["code"] == "undo_conflict"
    assert (root / "pyproject.toml").read_text() == mine


def test_a_command_that_an_operation_took_away_is_what_broke_it(root: Path, environment: Environment) -> None:
    set_to(root, '["sh", "tests.sh"]', '["sh", "-c", "grep -q plain pyproject.toml || exit 127; sh tests.sh"]')
    gate(environment)
    patch(environment, '"plain"', "")
    result = gate(environment)
    assert result.blocked
    assert result.taken_back is not None
    assert result.taken_back.operation is not None
    assert (root / "pyproject.toml").read_text() == PROJECT


def test_nothing_is_taken_back_in_warn(root: Path, environment: Environment) -> None:
    set_to(root, "block", "warn")
    gate(environment)
    patch(environment, '"plain"', "")
    result = gate(environment)
    assert (result.verdict, result.blocked, result.taken_back) == ("failed", False, None)
    assert "plain" not in (root / "pyproject.toml").read_text()


def test_a_higher_threshold_is_held_against_nobody(root: Path, environment: Environment) -> None:
    (root / "broken").touch()
    set_to(root, "passed = 100", "passed = 50")
    assert gate(environment).verdict == "passed"
    patch(environment, 'version = "1"', 'version = "2"')
    set_to(root, "passed = 50", "passed = 100")
    result = gate(environment)
    assert (result.verdict, result.blocked, result.taken_back) == ("failed", False, None)
    assert 'version = "2"' in (root / "pyproject.toml").read_text()


def test_without_a_result_of_before_nothing_is_taken_back(environment: Environment) -> None:
    patch(environment, '"plain"', "")
    result = gate(environment)
    assert (result.verdict, result.blocked, result.taken_back) == ("failed", False, None)


def test_who_may_not_write_takes_nothing_back(root: Path, environment: Environment) -> None:
    gate(environment)
    patch(environment, '"plain"', "")
    limit = Limit(frozenset({"read", "execute"}), "a test")
    permission = environment.context.permission.within(limit)
    narrow = Environment(root, actor="test", permission=permission)
    result = gate(narrow)
    narrow.close()
    assert result.blocked
    assert result.taken_back is not None
    assert result.taken_back.error is not None
    assert (result.taken_back.error["code"], result.taken_back.operation) == ("permission_denied", None)
    assert "plain" not in (root / "pyproject.toml").read_text()


def test_a_declaration_that_changes_meanwhile_is_no_place_to_go_back_to(root: Path, environment: Environment) -> None:
    set_to(root, '["sh", "tests.sh"]', '["sh", "-c", "sh tests.sh && echo >> pyproject.toml"]')
    result = gate(environment)
    assert (result.verdict, result.revision) == ("passed", None)
    [record] = environment.gate_history().results
    assert record.revision is None
    set_to(root, '["sh", "-c", "sh tests.sh && echo >> pyproject.toml"]', '["sh", "tests.sh"]')
    patch(environment, '"plain"', "")
    broke = gate(environment)
    assert (broke.verdict, broke.taken_back) == ("failed", None)


def test_an_apply_that_is_only_tried_has_no_gate(root: Path, environment: Environment) -> None:
    set_to(root, 'mode = "block"', 'mode = "block"\nafter_apply = true')
    job = environment.apply(dry_run=True)
    job.wait(120)
    assert environment.result(job).gate is None
    job = environment.apply()
    job.wait(120)
    assert environment.result(job).gate.verdict == "passed"


def test_tests_that_cannot_be_collected_fail_the_gate_whatever_report_lies_there_from_before(
    root: Path, environment: Environment
) -> None:
    check = "from pathlib import Path\nassert 'plain' in Path('pyproject.toml').read_text()\n"
    written(root, PYTHON | {"test_lib.py": check + PYTHON["test_lib.py"]})
    (root / "devkeel.toml").write_text(
        f'[gates]\nmode = "block"\ncommand = {PYTEST}\nreports = ["report.xml", "coverage.json"]\n'
    )
    assert gate(environment).verdict == "passed"
    removed = patch(environment, '"plain"', "")
    found = gate(environment)
    assert (found.verdict, found.percent, found.blocked) == ("failed", {"coverage": None, "passed": 0.0}, True)
    assert [(item.code, item.file, item.older) for item in found.problems] == [
        ("report_untrusted", "coverage.json", True)
    ]
    assert len(found.failing) == 1
    assert environment.gate_history().results[0].failing == found.failing
    assert found.taken_back is not None
    assert found.taken_back.reverted == (removed,)
    assert (root / "pyproject.toml").read_text() == PROJECT


@pytest.mark.parametrize(
    ("reports", "script", "verdict", "blocked"),
    [
        (["old.xml"], "exit 2", "failed", True),  # it says nothing, and lies there from before
        (["old.xml"], "exit 0", "refused", False),
        (["old.xml"], "echo 1..2; echo ok; echo not ok; exit 1", "failed", True),
        (["lie.xml"], "cp lie lie.xml; exit 1", "refused", False),  # which tests failed is what it lies about
        (["lie.xml"], "cp lie lie.xml; kill -9 $$", "failed", True),
        (["lie.xml"], "cp lie lie.xml; echo 1..1; echo ok", "refused", False),
        (["lie.xml"], "cp lie lie.xml; echo 1..1; echo not ok; exit 1", "failed", True),
        (
            ["lie.info"],
            "echo SF:a > lie.info; echo LF:7 >> lie.info; echo end_of_record >> lie.info; exit 1",
            "failed",
            True,
        ),
    ],
)
def test_a_report_that_is_not_believed_neither_passes_nor_hides_a_failure(
    root: Path, environment: Environment, reports: list[str], script: str, verdict: str, blocked: bool
) -> None:
    assert gate(environment).verdict == "passed"
    (root / "lie").write_text('<testsuite tests="9"><testcase name="a"/></testsuite>')
    (root / "old.xml").write_text('<testsuite tests="1"><testcase name="a"/></testsuite>')
    set_to(root, 'command = ["sh", "tests.sh"]', f'command = ["sh", "other.sh"]\nreports = {reports}')
    (root / "other.sh").write_text(script)
    removed = patch(environment, 'version = "1"', 'version = "2"')
    if verdict == "refused":
        with pytest.raises(Refused) as caught:
            gate(environment)
        assert caught.value.code == "report_untrusted"
    else:
        found = gate(environment)
        assert (found.verdict, found.blocked) == (verdict, blocked)
        assert found.taken_back is not None
        assert found.taken_back.reverted == (removed,)
    assert ('version = "1"' in (root / "pyproject.toml").read_text()) is blocked


def test_how_a_gate_came_out_is_said_once(root: Path, environment: Environment) -> None:
    found: list[Event] = []
    environment.subscribe(found.append)
    (root / "broken").touch()
    gate(environment)
    (root / "tests.sh").write_text("echo 1..3; echo ok")
    with pytest.raises(Refused):
        gate(environment)
    gate(environment, run=False, reports=["none.xml"])
    environment.close()
    told = [(item.kind, item.code) for item in found if item.action == "gate" and item.kind != "started"]
    assert told == [("failed", "gate_failed"), ("failed", "report_untrusted"), ("failed", "gate_not_measured")]


def test_no_time_at_all_is_no_deadline(environment: Environment) -> None:
    with pytest.raises(UsageError):
        environment.gate(timeout=0)


def test_what_is_older_than_the_pass_is_not_taken_back_whatever_numbers_it_has(
    root: Path, environment: Environment
) -> None:
    for number in range(3):
        patch(environment, f'version = "{1 + number}"', f'version = "{2 + number}"')
    gate(environment)
    state, text = environment.project.state, (root / "pyproject.toml").read_text()
    [record] = kept(state)
    (root / "broken").touch()

    def begun_with(**other: Any) -> GateResult:
        data = msgspec.to_builtins([msgspec.structs.replace(record, **other)])
        write_record(state / "gates.json", {"version": 1, "results": data})
        return gate(environment)

    # As after histories were joined, or one was lost: the number is another operation's.
    later = "2999-01-01T00:00:00+00:00"
    for other in ({"operation": 1, "token": "f" * 16}, {"operation": None, "token": None, "time": later}):
        back = begun_with(**other).taken_back
        assert back is not None
        assert back.error is not None
        assert (back.operation, back.error["code"]) == (None, "unknown_operation")
    back = begun_with(operation=1).taken_back  # by its token it is still the newest
    assert back is not None
    assert (back.operation, back.error) == (None, None)
    assert (root / "pyproject.toml").read_text() == text
