"""A period: what became of each thing, who did it, what was refused and undone, and how the record is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import DevkeelError, PolicyRefused, UsageError
from devkeel.gates import records
from devkeel.gates.figures import Figures
from devkeel.gates.records import GateRecord
from devkeel.history.differences import Difference
from devkeel.report.net import net_changes

if TYPE_CHECKING:
    from devkeel.api import Environment
    from devkeel.report.result import PeriodReport


def change(environment: Environment, edit: dict[str, Any], **options: Any) -> int | None:
    return environment.change(parse_edits([edit]), level="schema", **options).operation


def add(environment: Environment, name: str, **options: Any) -> int | None:
    return change(environment, {"kind": "add_packages", "names": [name]}, **options)


def put(environment: Environment, path: str, value: object, **options: Any) -> int | None:
    return change(environment, {"kind": "set", "path": path, "value": value}, **options)


def told(report: PeriodReport) -> list[tuple[str, str, str | None, str | None]]:
    return [(item.kind, item.name, item.before, item.after) for item in report.changes]


def test_a_project_without_a_history_has_an_empty_report_and_gets_no_records(environment: Environment) -> None:
    report = environment.report()
    assert (report.changes, report.operations, report.refusals, report.checks) == ((), (), (), None)
    assert report.chain.ok
    assert len(report.summary) == 5
    assert not (environment.project.root / ".devkeel").exists()


def test_what_came_and_went_is_no_change_and_what_is_otherwise_is_told_with_both_ends(
    environment: Environment,
) -> None:
    add(environment, "fd")
    put(environment, "services.redis.port", 6380)
    put(environment, "services.redis.port", 6381)
    put(environment, "services.redis.enable", value=True)
    add(environment, "ripgrep", reason="to search")
    environment.undo(5, reason="not needed")
    report = environment.report()
    assert told(report) == [
        ("package", "fd", None, ""),
        ("service", "services.redis", None, "true"),
        ("option", "services.redis.port", None, "6381"),
    ]
    assert [item.operations for item in report.changes] == [(1,), (4,), (2, 3)]
    newest, undone, *_ = report.operations
    assert (newest.id, newest.reverts, newest.undone_by) == (6, 5, None)
    assert (undone.id, undone.undone_by) == (5, 6)
    [caller] = report.callers
    assert (caller.caller, caller.operations, caller.refused) == (environment.context.actor, 6, 0)
    assert report.checks is not None
    assert report.checks.count == 6
    assert report.checks.longest >= report.checks.median > 0
    assert {"syntax", "schema"} <= report.checks.rungs.keys()


def test_what_went_past_devkeel_is_told_before_and_after_it_is_noted(environment: Environment) -> None:
    add(environment, "fd")
    file = environment.project.root / "devenv.nix"
    file.write_text(file.read_text().replace("pkgs.git", "pkgs.git pkgs.htop"))
    before = environment.report()
    assert before.not_noted == ("devenv.nix: +htop",)
    assert [item.kind for item in before.operations] == ["edit"]
    add(environment, "ripgrep")
    after = environment.report()
    assert after.not_noted == ()
    [hand] = [item for item in after.changes if item.by_hand]
    assert (hand.name, hand.operations) == ("htop", (2,))
    assert after.operations[1].caller == "not by devkeel"
    assert environment.report(until="2100-01-01").not_noted == ()


def test_refusals_are_counted_by_rule_and_told_one_by_one(environment: Environment) -> None:
    (environment.project.root / "devkeel.toml").write_text('\nprotected = ["env.SECRET"]\n')
    for _ in range(2):
        with pytest.raises(PolicyRefused):
            put(environment, "env.SECRET", "1", reason="I want to")
    with pytest.raises(DevkeelError):
        put(environment, "services.redis.enable", "yes")
    report = environment.report()
    assert (report.refused[0].code, report.refused[0].rule, report.refused[0].count) == (
        "protected_option",
        "protected",
        2,
    )
    assert len(report.refusals) == 3
    assert report.refusals[-1].reason == "I want to"
    assert report.refusals[-1].place == "devkeel.toml:2"
    assert report.callers[0].refused == 3
    assert (report.refused[0].asked, report.refused[1].asked) == (
        ('env.SECRET = "1"',),
        ('services.redis.enable = "yes"',),
    )
    assert 'env.SECRET = "1"' in report.summary[2]


def test_a_refusal_is_about_what_was_asked_for(environment: Environment) -> None:
    (environment.project.root / "devkeel.toml").write_text(
        'protected = ["services.*"]\n[rules]\npackages = { forbid = ["htop"] }\n'
    )
    wanted = [
        {"kind": "add_packages", "names": ["htop"]},
        {"kind": "enable", "name": "redis"},
        {"kind": "set", "path": "services.postgres.port", "value": 1},
    ]
    for edit in wanted:
        with pytest.raises(PolicyRefused):
            change(environment, edit)
    found = {
        about: [item.asked for item in environment.report(about=about).refusals]
        for about in ("htop", "pkgs.htop", "services.redis", "redis", "services.postgres", "services", "jq")
    }
    redis, postgres = ("+redis",), ("services.postgres.port = 1",)
    assert found == {
        "htop": [("+htop",)],
        "pkgs.htop": [("+htop",)],
        "services.redis": [redis],
        "redis": [redis],
        "services.postgres": [postgres],
        "services": [postgres],
        "jq": [],
    }


def test_a_secret_that_was_asked_for_is_not_kept(environment: Environment) -> None:
    (environment.project.root / "devkeel.toml").write_text('protected = ["env.*"]\n')
    secret = "ghp_" + "Ab1" * 12
    for path, value in (
        ("env.GITHUB_TOKEN", secret),
        ("env.A_PASSWORD", "hunter2hunter2"),
        ("env.A", "x " * 50 + secret),
    ):
        with pytest.raises(PolicyRefused):
            put(environment, path, value)
    asked = [word for item in environment.context.records.refusals()[0] for word in item.asked]
    assert [word.split(" ")[0] for word in asked] == ["env.A", "env.A_PASSWORD", "env.GITHUB_TOKEN"]
    assert not any("ghp_" in word or "hunter2" in word for word in asked)


def test_a_report_is_of_a_caller_of_a_thing_and_of_a_period(environment: Environment) -> None:
    add(environment, "fd")
    put(environment, "services.redis.port", 6380)
    file = environment.project.root / "devenv.nix"
    file.write_text(file.read_text().replace("6380", "6381"))
    add(environment, "ripgrep")
    assert told(environment.report(about="services.redis")) == [("option", "services.redis.port", None, "6381")]
    assert told(environment.report(about="redis", by="not by devkeel")) == [
        ("option", "services.redis.port", "6380", "6381")
    ]
    assert environment.report(by="somebody else").operations == ()
    assert environment.report(until="yesterday", since="7d").operations == ()
    for since, until in (("never", None), ("2100-01-01", None), ("7d", "8d"), ("2100-01-02", "2100-01-01")):
        with pytest.raises(UsageError) as caught:
            environment.report(since=since, until=until)
        assert caught.value.code == "bad_time"


def test_a_record_that_is_not_as_it_was_written_is_said(environment: Environment) -> None:
    add(environment, "fd")
    add(environment, "ripgrep")
    database = environment.project.root / ".devkeel" / "state.db"
    environment.close()
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("DELETE FROM link WHERE operation = 1")
    report = environment.report()
    assert not report.chain.ok
    assert report.chain.faults


def test_it_says_whether_checks_passed_what_they_built_and_where_the_record_begins(environment: Environment) -> None:
    assert environment.report().outcomes is None
    add(environment, "fd")
    file = environment.project.root / "devenv.nix"
    file.write_text(file.read_text().replace("  packages", '  services.redis.port = "x";\n  packages', 1))
    add(environment, "ripgrep")
    report = environment.report()
    assert report.outcomes is not None
    assert (report.outcomes.passed, report.outcomes.with_errors) == (1, (3,))  # 2 is the change by hand
    assert (report.outcomes.built, report.outcomes.unknown) == ((), 0)
    first = report.operations[-1]
    assert (report.chain.first, report.chain.begins, report.chain.dropped) == (1, first.time, 0)
    assert first.time in report.summary[-1]
    assert environment.report(until="2000-01-01", since="1999-01-01").outcomes is None


def test_the_gates_of_the_period_are_in_it(environment: Environment) -> None:
    add(environment, "fd")
    state = environment.project.state
    figures = Figures()
    for verdict, time in (("failed", "2020-01-01T00:00:00+00:00"), ("passed", "2100-01-01T00:00:00+00:00")):
        records.keep(state, GateRecord("growth", "warn", verdict, {}, {"passed": 85.0}, figures, time, 1.0))  # type: ignore[arg-type]
    report = environment.report(until="2100-02-01")
    assert [(item.stage, item.verdict, item.percent) for item in report.gates] == [
        ("growth", "passed", {"passed": 85.0})
    ]
    assert "1 passed" in report.summary[-2]
    assert environment.report(by="test").gates == ()


def test_a_thing_in_two_files_is_two_and_lines_are_never_taken_for_having_come_back() -> None:
    found = net_changes(
        [
            (
                1,
                False,
                [Difference("a.nix", "package", "jq", None, ""), Difference("a.nix", "lines", "+1 -0 lines", "0", "1")],
            ),
            (
                2,
                True,
                [Difference("b.nix", "package", "jq", "", None), Difference("a.nix", "lines", "+0 -1 lines", "1", "0")],
            ),
            (3, False, [Difference("a.nix", "package", "jq", "", None)]),
        ]
    )
    assert [(item.kind, item.file, item.operations, item.by_hand) for item in found] == [
        ("package", "b.nix", (2,), True),
        ("lines", "a.nix", (1, 2), True),
    ]
