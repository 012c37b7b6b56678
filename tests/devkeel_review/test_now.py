"""What is, as a person sees it: a real page, other processes that change the project meanwhile, and real Nix."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.devkeel.processes.conftest import LONG, world

from devkeel.checks.report import CheckReport
from devkeel.environments.measurements import Measurement
from devkeel.errors import Diagnostic
from devkeel.gates.figures import Counts, Figures
from devkeel.gates.records import GateRecord, keep
from devkeel.inspection.course import CheckedOperation
from devkeel.inspection.status import Stages
from devkeel.processes.state import ProcessState
from devkeel.project.gates import Gates, GateStage
from devkeel_review.checked import PageCheck
from devkeel_review.views.course import sizes, times
from devkeel_review.views.gates import courses
from devkeel_review.views.locks import days_since
from devkeel_review.views.now import Sign, signs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page
    from tests.devkeel.processes.conftest import World
    from tests.devkeel_review.conftest import Reviewed

__all__ = ["world"]

pytestmark = pytest.mark.xdist_group("review-now")


def open_now(page: Page, served: Reviewed) -> None:
    page.goto(served.address)
    expect(page.locator("#line")).to_have_attribute("data-state", "live")
    expect(page.locator("[data-later]")).to_have_count(0)


def states(page: Page) -> list[str | None]:
    """Return how declared, checked, applied and running are painted."""
    return [item.get_attribute("data-state") for item in page.locator(".stage").all()]


def run(passed: float | None, verdict: str = "passed", name: str = "growth", time: str = "01") -> GateRecord:
    figures = Figures(Counts(1, 2, 0) if verdict == "failed" else Counts(1, 0, 0), None)
    return GateRecord(
        name,
        "warn",
        verdict,  # type: ignore[arg-type]  (one of them)
        {"coverage": None, "passed": 90.0},
        {"coverage": None, "passed": passed},
        figures,
        f"2026-01-{time}T10:00:00+00:00",
        1.5,
        operation=1,
        failing=("test_shop test_discount",) if verdict == "failed" else (),
    )


def test_without_a_declaration_it_says_so_and_sees_when_there_is_one(
    review: Callable[..., Reviewed], page: Page, tmp_path: Path
) -> None:
    served = review(root=tmp_path)
    open_now(page, served)
    expect(page.locator("#now .notice")).to_contain_text("missing_file")
    expect(page.locator("#locks .notice")).to_have_count(0)  # it is said once
    assert states(page) == ["bad", "idle", "idle", "idle"]
    (tmp_path / "devenv.nix").write_text("{ pkgs, ... }:\n{\n  packages = [ pkgs.jq ];\n}\n")
    expect(page.locator(".stage").first).to_have_attribute("data-state", "ok")
    expect(page.locator(".stage")).to_have_count(4)


def test_it_follows_what_other_processes_do_and_shows_where_the_four_differ(
    review: Callable[..., Reviewed], page: Page
) -> None:
    served = review()
    open_now(page, served)
    stages = page.locator(".stage")
    expect(stages.nth(1)).to_have_attribute("data-state", "warn")
    assert states(page) == ["ok", "warn", "idle", "idle"]
    heard = page.locator("ol.stages").get_by_role("listitem")
    expect(heard).to_have_count(4)
    expect(heard.nth(1)).to_contain_text("not as declared")
    expect(page.locator("#locks")).to_contain_text("devenv.lock")
    expect(page.locator("#course-times")).to_contain_text("No operation was checked yet")
    page.locator("#now").evaluate("(node) => { node.dataset.kept = 'yes'; }")
    assert served.command("add", "ripgrep").returncode == 0
    expect(stages.nth(1)).to_have_attribute("data-state", "ok")
    expect(stages.nth(1)).to_contain_text("syntax, schema")
    expect(stages.first).to_contain_text("#1")
    picture = page.locator("#course-times svg[role=img]").first
    expect(picture).to_have_attribute("aria-label", re.compile("Time of checks.*#1"))
    summary = page.locator("#course-times-table > summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#course-times-table a")).to_have_attribute("href", "#operation?id=1")
    path = served.root / "devenv.nix"
    path.write_text(path.read_text().replace("pkgs.jq", "pkgs.jq pkgs.jqq"))
    expect(stages.nth(1)).to_have_attribute("data-state", "warn")
    expect(page.locator("#now .notice", has_text="devenv.nix").first).to_be_visible()
    expect(stages.first).to_contain_text("changed since operation #1")
    expect(page.locator("#now .notice", has_text="jqq")).to_be_visible()


def test_a_page_without_execute_applies_nothing_and_checks_text_alone(
    review: Callable[..., Reviewed], page: Page
) -> None:
    served = review()
    open_now(page, served)
    apply = page.get_by_role("button", name="Apply")
    expect(apply).to_be_disabled()
    reason = page.locator(f"#{apply.get_attribute('aria-describedby')}")
    expect(reason).to_contain_text("--execute")
    header = "headers: {'Content-Type': 'application/json', 'X-Devkeel-Page': sessionStorage['devkeel-page']}"
    for act, body in (("apply", "{}"), ("check", "{}"), ("check", '{"level": "build"}')):
        sent = f"fetch('/do/{act}', {{method: 'POST', body: '{body}', {header}}})"
        assert page.evaluate(f"{sent}.then(answer => answer.status)") == 403
    page.get_by_role("button", name="Check the text").press("Enter")
    answer = page.locator("#now-answer")
    expect(answer.locator(".notice").first).to_have_attribute("data-state", "ok")
    expect(answer).to_be_focused()
    assert not (served.root / ".devkeel" / "envs").exists()


def test_what_was_checked_on_the_page_counts_for_exactly_what_was_checked(
    review: Callable[..., Reviewed], page: Page, tmp_path: Path
) -> None:
    path = tmp_path / "pyproject.toml"
    text = '[project]\nname = "shop"\nversion = "1"\ndependencies = ["idna"]\n'
    path.write_text(text)
    open_now(page, review(root=tmp_path))
    checked, answer = page.locator(".stage").nth(1), page.locator("#now-answer .notice").first
    expect(checked).to_have_attribute("data-state", "warn")
    page.locator(".differs a", has_text="check").press("Enter")
    button = page.get_by_role("button", name="Check")
    expect(button).to_be_focused()
    button.press("Enter")
    expect(answer).to_have_attribute("data-state", "ok")
    expect(checked).to_have_attribute("data-state", "ok")
    expect(checked.locator(".stage-value")).to_have_text("syntax, schema")
    expect(page.locator(".differs > li")).to_have_count(1)  # it was never applied
    page.locator(".differs a").press("Enter")  # what may not be done here has no button to go to
    expect(page.locator("#now h1")).to_be_focused()
    expect(page.locator("#now-answer .notice")).to_have_count(0)
    page.get_by_role("button", name="Check").press("Enter")
    expect(answer).to_have_attribute("data-state", "ok")
    path.write_text(text.replace("idna", "idna>3"))
    expect(answer).to_have_attribute("data-state", "idle")
    expect(checked).to_have_attribute("data-state", "warn")
    path.write_text(text)
    expect(answer).to_have_attribute("data-state", "ok")
    expect(checked).to_have_attribute("data-state", "ok")
    path.unlink()
    expect(answer).to_have_attribute("data-state", "idle")


def test_gates_are_bars_beside_what_is_asked_for_and_a_course(review: Callable[..., Reviewed], page: Page) -> None:
    served = review()
    (served.root / "devkeel.toml").write_text('[gates]\nstage = "growth"\nmode = "block"\n')
    open_now(page, served)
    gates = page.locator("#gates")
    expect(gates).to_contain_text("not run yet")
    state = served.root / ".devkeel"
    keep(state, run(95.0))
    keep(state, run(70.0, "failed", time="02"))
    expect(gates.locator(".badge-bad").first).to_be_visible()
    expect(gates.locator("p", has_text="test_shop test_discount")).to_contain_text("and 1 more")
    expect(gates.get_by_role("img", name="Tests that pass: 70%, at least 90%")).to_be_visible()
    expect(page.locator("#course .plot-bad")).to_have_count(1)
    expect(page.locator("#course polyline.plot-limit")).to_have_count(1)
    gates.locator("summary").click()
    expect(gates.locator("tbody tr")).to_have_count(2)
    expect(gates.locator("tbody tr").first.locator("td.number").nth(1)).to_have_text("70%, at least 90%")
    keep(state, run(100.0, time="03"))
    expect(gates.locator("tbody tr")).to_have_count(3)
    expect(gates.locator("tbody tr").first).to_be_visible()


@pytest.mark.nix
@pytest.mark.usefixtures("offline")
def test_what_is_applied_from_the_page_is_a_job_and_then_as_large_as_its_closure(
    review: Callable[..., Reviewed], page: Page, pinned_project: Callable[..., Path]
) -> None:
    served = review("--execute", root=pinned_project("packages = [ ];"))
    open_now(page, served)
    expect(page.locator("#locks")).to_contain_text("When it was locked is not known")
    page.get_by_role("button", name="Apply").press("Enter")
    expect(page.locator("#now-answer a[href^='#job?id=']")).to_be_visible()
    expect(page.locator("#now-answer .badge-ok")).to_be_visible()  # it says what became of it
    applied = page.locator(".stage").nth(2)
    expect(applied).to_have_attribute("data-state", "ok")
    expect(applied).to_contain_text("iB")
    expect(page.locator("#course-sizes svg[role=img]").first).to_be_visible()
    page.get_by_role("button", name="Check").press("Enter")
    expect(page.locator("#now-answer .notice").first).to_contain_text("evaluation")
    expect(page.locator("#now .notice[data-state=bad]")).to_have_count(0)
    assert served.command("set", "env.N", "--nix", 'throw "no"', "--level", "schema").returncode == 0
    page.get_by_role("button", name="Apply").press("Enter")
    expect(page.locator("#now .notice[data-state=bad] a[href^='#job?id=']")).to_be_visible()
    jobs = json.loads(served.command("job", "--json").stdout)["jobs"]
    assert [(item["kind"], item["state"]) for item in jobs] == [("apply", "failed"), ("apply", "succeeded")]


@pytest.mark.nix
@pytest.mark.parametrize("runner", ["own"], indirect=True)
def test_what_runs_is_named_and_said_to_be_of_another_declaration_when_it_is(
    review: Callable[..., Reviewed], page: Page, world: Callable[..., World]
) -> None:
    here = world(f'processes.web.exec = "{LONG}";')
    served = review(root=here.root)
    open_now(page, served)
    running = page.locator(".stage").nth(3)
    expect(running).to_have_attribute("data-state", "idle")
    here.manage("start")
    expect(running).to_have_attribute("data-state", "run")
    expect(running.get_by_role("link", name="web")).to_have_attribute("href", "#processes?name=web")
    here.declare("worker", LONG)
    expect(running).to_have_attribute("data-state", "warn")
    expect(page.locator(".differs > li")).to_have_count(2)  # it was never applied either
    declared = {path: path.read_text() for path in here.root.glob("devenv.*")}
    for path in declared:
        path.unlink()
    expect(page.locator(".stage").first).to_have_attribute("data-state", "bad")
    expect(page.locator(".stage")).to_have_count(4)
    expect(running.get_by_role("link", name="web")).to_be_visible()
    for path, text in declared.items():
        path.write_text(text)
    expect(page.locator(".stage").first).to_have_attribute("data-state", "ok")
    here.manage("stop")
    expect(running).to_have_attribute("data-state", "idle")


STAGES = Stages(declared="a", checked=("syntax",), applied="a", current=True, running="a")


def test_each_of_the_four_has_a_sign_and_a_word() -> None:
    found = signs(STAGES, ())
    assert found["declared"] == Sign("ok", "no error")
    assert [found[name].gap for name in ("checked", "applied", "running")] == ["as declared"] * 3
    assert [found[name].state for name in ("checked", "applied", "running")] == ["ok", "ok", "run"]
    behind = Stages(declared="b", checked=None, applied="a", current=False, running="a", behind=("checked", "applied"))
    found = signs(behind, ())
    assert [found[name].gap for name in ("checked", "applied", "running")] == [
        "not as declared",
        "not as declared",
        "as declared",
    ]
    lost = ProcessState("web", "gave_up", 5, ())
    assert signs(STAGES, (), (lost,))["running"] == Sign("bad", "1 gave up", "as declared")
    none = signs(Stages(declared="b", checked=("syntax",), applied=None, current=False), ())
    assert [none[name].state for name in ("applied", "running")] == ["idle", "idle"]


def test_an_error_of_a_check_on_the_page_is_one_of_what_is_declared() -> None:
    behind = Stages(
        declared="a", checked=None, applied="a", current=False, differs=("x",), behind=("checked", "applied")
    )
    diagnostic = Diagnostic("undefined", "error", "x", "evaluation")
    report = CheckReport(ok=False, ran=("syntax", "evaluation"), skipped=(), diagnostics=(diagnostic,))
    last = PageCheck(("a", None), report, "2026-01-01T00:00:00+00:00")
    assert [last.is_of(found) for found in (("a", None), ("a", "b"), ("b", None), None)] == [True, False, False, False]
    assert not PageCheck(None, report, "").is_of(None)
    since = behind.checked_by(last.ran)
    assert (since.checked, since.behind, since.differs) == (("syntax", "evaluation"), ("applied",), ("x",))
    assert signs(since, (), (), last)["checked"] == Sign("bad", "1 error", "as declared")
    assert signs(since, (), (), last)["declared"].state == "ok"


def test_a_stage_that_is_chosen_comes_first_and_what_was_not_measured_is_none() -> None:
    settings = Gates(stage="strict", stages=(GateStage("strict", 93, 100), GateStage("growth", 80, 90)))
    found = courses(settings, [run(None, "not_measured", time="02"), run(50.0, "failed")])
    assert [(item.name, item.chosen) for item in found] == [("strict", True), ("growth", False)]
    assert [(item.name, item.amount, item.asked) for item in found[0].figures] == [
        ("Coverage", None, 93),
        ("Tests that pass", None, 100),
    ]
    passed = found[1].figures[1]
    assert (passed.amount, passed.asked) == (None, 90)
    assert passed.plot is not None
    assert [mark.bad for mark in passed.plot.lines[0].marks] == [True]
    assert courses(None, []) == ()


def test_times_begin_at_nothing_and_sizes_have_a_line_for_each_environment() -> None:
    checks = [
        CheckedOperation(number, "", "edit", "a", seconds, {}, number != 2) for number, seconds in ((1, 2), (2, 3))
    ]
    drawn = times(checks)
    assert drawn is not None
    assert (drawn.cut, drawn.rows[0].text) == (False, "0 s")
    assert [mark.bad for mark in drawn.lines[0].marks] == [False, True]
    made = [
        Measurement("a", "devenv", "", 1.0, None, bytes=3 * 2**30),
        Measurement("b", "venv", "", 1.0, 1, bytes=2**29),
        Measurement("a", "devenv", "", 1.0, 2),
    ]
    large = sizes(made)
    assert large is not None
    assert [(line.name, len(line.marks)) for line in large.lines] == [("a", 1), ("b", 1)]
    assert [tick.text for tick in large.columns] == ["before #1", "#1", "#2"]
    assert large.lines[1].marks[0].text == "#1: 0.5 GiB"
    assert sizes([made[2]]) is None


def test_days_are_counted_by_the_calendar() -> None:
    now = datetime(2026, 3, 1, 0, 30, tzinfo=UTC)
    assert [days_since(date, now) for date in ("2026-03-01", "2026-02-28", "2026-01-01", "2026-02-28T23:00:00Z")] == [
        *("today", "1 day", "59 days", "1 day"),
    ]
    assert days_since("yesterday", now) == "yesterday"
