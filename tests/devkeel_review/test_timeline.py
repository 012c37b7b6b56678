"""The timeline in a browser: what was done, by whom and why; the ways back, and what stands in their way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from benchmarks.long_history import write_history
from playwright.sync_api import expect
from tests.devkeel_mcp.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Locator, Page
    from tests.devkeel_review.conftest import Reviewed

pytestmark = pytest.mark.xdist_group("review-timeline")

DECLARATION = """{ pkgs, ... }:
{
  packages = [ pkgs.jq ];

  services.redis.enable = true;
  services.redis.port = 6379;
}
"""
SEND = """([act, fields]) => fetch(`/do/${act}`, {
  method: 'POST', body: JSON.stringify(fields),
  headers: {'X-Devkeel-Page': sessionStorage['devkeel-page'], 'Content-Type': 'application/json'}
}).then(answer => answer.status)"""
HOSTILE = '<img src=x onerror="document.title=1">'
HIDDEN = "\u202e\u2066\u200b"


@pytest.fixture(scope="module")
def lived(review: Callable[..., Reviewed], tmp_path_factory: pytest.TempPathFactory) -> Reviewed:
    """A project with edits of an agent and of a person, an edit by hand, a refused one and an undo."""
    root = tmp_path_factory.mktemp("lived").resolve()
    file = root / "devenv.nix"
    file.write_text(DECLARATION)
    with Wire(root, client="builder") as agent:
        agent.told("add_packages", names=["ripgrep"], reason="the search of the logs")
        agent.call("edit_environment", edits=[{"kind": "set", "path": "services.redis.enable", "value": "yes"}])
        file.write_text(file.read_text().replace("{ pkgs, ... }:", "# by hand\n{ pkgs, ... }:"))
        value = {"kind": "set", "path": "env.GREETING", "value": HOSTILE + HIDDEN}
        agent.told("edit_environment", edits=[value], reason=HOSTILE)
        agent.told("undo")
        agent.told("edit_environment", edits=[{"kind": "set", "path": "services.redis.port", "value": 7000}])
    return review("--write", root=root)


@pytest.fixture(scope="module")
def window(lived: Reviewed, browser: Browser) -> Iterator[Page]:
    """One window for what follows; no script may fail in it, and the policy may have nothing to report."""
    faults: list[str] = []
    context = browser.new_context(timezone_id="Asia/Tokyo", locale="en-GB")
    opened = context.new_page()
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
    opened.goto(f"{lived.address}&history")
    expect(opened.locator("#line")).to_have_attribute("data-state", "live")
    yield opened
    context.close()
    assert faults == []


def at(page: Page, view: str) -> Page:
    """Load a view anew, so that nothing of what was shown before is there."""
    origin = page.url.partition("#")[0]
    page.goto("about:blank")
    page.goto(f"{origin}#{view}")
    expect(page.locator("main h1")).to_be_visible()
    expect(page.locator("#line")).to_have_attribute("data-state", "live")
    return page


def rows(page: Page) -> Locator:
    return page.locator(".timeline .row")


def test_it_has_who_when_why_what_and_which_checks_ran_newest_first(window: Page) -> None:
    page = at(window, "history")
    expect(rows(page)).to_have_count(6)
    ids = rows(page).evaluate_all("rows => rows.map(row => row.id)")
    assert [item for item in ids if item.startswith("operation")] == [f"operation-{n}" for n in (5, 4, 3, 2, 1)]
    first = page.locator("#operation-1")
    for said in ("the search of the logs", "devenv.nix: +ripgrep", "by builder 1", "syntax, schema", "checked", "edit"):
        expect(first).to_contain_text(said)
    assert first.locator("time").get_attribute("datetime")
    expect(page.locator("#operation-2")).to_contain_text("by hand")
    expect(page.locator("#operation-2")).to_contain_text("between #1 and #3")
    expect(page.locator("#operation-3")).to_contain_text("undone by #4")
    expect(page.locator("#operation-4")).to_contain_text("reverts #3")
    refused = page.locator(".row-refused")
    for said in ("refused", "services.redis.enable", "by builder 1", "devenv.nix:"):
        expect(refused).to_contain_text(said)


def test_text_of_others_is_text(window: Page) -> None:
    page = at(window, "history")
    expect(page.locator("#operation-3")).to_contain_text(HOSTILE)
    at(page, "operation?id=3&layout=split")
    expect(page.locator(".diff")).to_contain_text("<img src=x onerror=")
    assert page.locator("main img").count() == 0
    expect(page.locator(".changes .notice")).to_contain_text("3 characters that cannot be seen")
    assert "1" not in page.title().split(" ")


def test_it_is_filtered_by_caller_thing_and_time(window: Page) -> None:
    page = at(window, "history")
    page.get_by_label("Who", exact=True).fill("nobody of that name")
    page.get_by_label("Who", exact=True).press("Enter")
    expect(page.locator(".empty")).to_contain_text("Nothing fits")
    expect(page.get_by_label("Who", exact=True)).to_have_value("nobody of that name")
    page.get_by_label("Who", exact=True).fill("")
    page.get_by_label("What", exact=True).fill("services.redis")
    page.get_by_role("button", name="Filter").click()
    expect(rows(page)).to_have_count(2)  # the port, and what was refused
    page.get_by_label("What", exact=True).fill("")
    page.get_by_label("Until").fill("2020-01-02")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator(".empty")).to_be_visible()
    expect(page.get_by_label("Until")).to_have_value("2020-01-01T15:00:00Z")  # midnight where the reader is
    page.get_by_label("Until").fill("some day")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_role("alert")).to_contain_text("bad_time")
    expect(page.get_by_label("Until")).to_have_attribute("aria-invalid", "true")
    page.get_by_role("link", name="Show all").click()
    expect(rows(page)).to_have_count(6)
    page.get_by_label("Only by hand").check()
    page.get_by_role("button", name="Filter").click()
    expect(rows(page)).to_have_count(1)


def test_an_operation_has_its_diff_in_both_layouts(window: Page) -> None:
    page = at(window, "operation?id=5")
    expect(page.locator("h1")).to_have_text("Operation 5")
    expect(page.locator(".diff .del del")).to_have_text("6379")
    expect(page.locator(".diff .add ins")).to_have_text("7000")
    expect(page.locator(".facts")).to_contain_text("builder")
    page.get_by_role("link", name="Side by side").click()
    changed = page.locator(".diff.split tr", has=page.locator("ins"))
    expect(changed.locator("del")).to_have_text("6379")
    page.get_by_text("1 edit as asked for").click()
    expect(page.locator(".edits")).to_contain_text("services.redis.port")
    at(page, "operation?id=999")
    expect(page.get_by_role("alert")).to_contain_text("unknown_operation")


def test_what_could_not_be_shown_is_shown_once_it_is_there(lived: Reviewed, window: Page) -> None:
    page = at(window, "operation?id=6")
    expect(page.locator("h1")).to_have_text("This cannot be shown")
    lived.command("set", "env.LATER", "1")
    expect(page.locator("h1")).to_have_text("Operation 6")
    at(page, "history")
    lived.command("undo")
    expect(page.locator("#said")).to_contain_text("#7 Undo of #6")


def test_an_undo_is_seen_before_it_is_done_and_a_redo_brings_it_back(lived: Reviewed, window: Page) -> None:
    page = at(window, "history")
    before = (lived.root / "devenv.nix").read_text()
    page.locator("#operation-1").get_by_role("button", name="Undo operation 1").click()
    shown = page.locator("#decided")
    expect(shown).to_contain_text("Nothing is written yet")
    expect(shown.locator(".del del")).to_contain_text("ripgrep")
    assert (lived.root / "devenv.nix").read_text() == before
    page.get_by_label("Reason, kept with it").fill("it is not needed")
    page.get_by_role("button", name="Undo it").click()
    expect(shown).to_contain_text("Undone")
    assert "ripgrep" not in (lived.root / "devenv.nix").read_text()
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#operation-8")).to_contain_text("it is not needed")
    page.locator("#operation-8").get_by_role("button", name="Redo what operation 8 undid").click()
    page.get_by_role("button", name="Redo it").click()
    expect(shown).to_contain_text("Redone")
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#operation-9")).to_contain_text("redo")
    assert (lived.root / "devenv.nix").read_text() == before


def test_going_back_is_shown_and_done(lived: Reviewed, window: Page) -> None:
    page = at(window, "operation?id=1")
    page.get_by_role("button", name="Go back to here").click()
    shown = page.locator("#decided")
    expect(shown.locator(".add ins")).to_contain_text("6379")
    page.get_by_role("button", name="Go back", exact=True).click()
    expect(shown).to_contain_text("Gone back")
    text = (lived.root / "devenv.nix").read_text()
    assert "6379" in text
    assert "# by hand" in text
    shown.get_by_role("link", name="#10").press("Enter")
    expect(page.locator("h1")).to_have_text("Operation 10")
    expect(page.locator(".facts")).to_contain_text("Back to what #1 left")
    page.get_by_role("link", name="Older, #9").click()
    expect(page.locator("h1")).to_have_text("Operation 9")
    page.get_by_role("link", name="Newer, #10").click()
    expect(page.locator("h1")).to_have_text("Operation 10")
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_what_was_changed_meanwhile_is_a_conflict_with_both_sides(lived: Reviewed, window: Page) -> None:
    file = lived.root / "devenv.nix"
    lived.command("set", "services.redis.port", "6390")
    page = at(window, "history")
    expect(page.locator("#operation-11")).to_be_visible()
    file.write_text(file.read_text().replace("6390", "6391"))
    expect(page.locator("#not-noted")).to_contain_text("6390 -> 6391")
    page.keyboard.press("u")
    shown = page.locator("#decided")
    expect(shown).to_contain_text("Conflict")
    expect(shown.get_by_role("link", name="what was changed by hand")).to_be_visible()
    sides = shown.locator(".side")
    expect(sides.nth(0)).to_contain_text("On disk now")
    expect(sides.nth(0).locator("ins")).to_have_text("6391")
    expect(sides.nth(1).locator("ins")).to_have_text("6379")
    assert page.get_by_role("button", name="Undo it").count() == 0
    at(page, "working")
    expect(page.locator("main .diff ins")).to_have_text("6391")
    file.write_text(file.read_text().replace("6391", "6390"))
    expect(page.locator(".empty")).to_contain_text("Nothing was changed by hand")


def test_a_later_operation_stands_in_the_way_and_is_offered_first(lived: Reviewed, window: Page) -> None:
    lived.command("set", "services.redis.port", "6400")
    page = at(window, "operation?id=11")
    page.get_by_role("button", name="Undo", exact=False).click()
    shown = page.locator("#decided")
    expect(shown).to_contain_text("In the way: operation #12")
    page.get_by_role("button", name="Look at an undo of #12 first").click()
    expect(shown).to_contain_text("Undo operation 12")
    expect(shown).to_contain_text("Nothing is written yet")


def test_what_was_shown_is_what_is_done_or_nothing(lived: Reviewed, window: Page) -> None:
    page = at(window, "history")
    page.keyboard.press("u")
    shown = page.locator("#decided")
    expect(shown).to_contain_text("Undo operation 12")
    lived.command("add", "fd")
    page.get_by_role("button", name="Undo it").click()
    expect(shown).to_contain_text("The files have changed since this was shown")
    expect(shown.locator("ins")).to_contain_text("fd")
    assert "6400" in (lived.root / "devenv.nix").read_text()
    page.get_by_role("button", name="Look again").click()
    page.get_by_role("button", name="Undo it").click()
    expect(shown).to_contain_text("Undone")
    text = (lived.root / "devenv.nix").read_text()
    assert "6390" in text
    assert "pkgs.fd" in text


def test_by_keyboard_alone_the_newest_is_undone_and_the_focus_comes_back(lived: Reviewed, window: Page) -> None:
    page = at(window, "history")
    expect(page.locator("#operation-14")).to_be_visible()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.closest('.row').id") == "operation-14"
    page.keyboard.press("u")
    expect(page.locator("#decided")).to_contain_text("Undo operation 13")
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert page.evaluate("document.activeElement.closest('.row').id") == "operation-14"
    page.keyboard.press("u")
    expect(page.get_by_role("button", name="Undo it")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#decided")).to_contain_text("Undone")
    assert "pkgs.fd" not in (lived.root / "devenv.nix").read_text()
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Operation 14")


def test_a_page_that_only_looks_offers_no_way_back(
    lived: Reviewed, review: Callable[..., Reviewed], page: Page
) -> None:
    looking = review(root=lived.root)
    page.goto(f"{looking.address}&history")
    expect(page.locator("#operation-1")).to_be_visible()
    expect(page.locator(".timeline")).to_contain_text("Started without --write.")
    page.keyboard.press("u")
    assert page.locator("form[data-act]").count() == 0
    before = (lived.root / "devenv.nix").read_text()
    for act in ("undo", "redo", "restore"):
        assert page.evaluate(SEND, [act, {"operation": "1"}]) == 403
    assert page.evaluate(SEND, ["preview", {"action": "undo", "operation": "1"}]) == 200
    assert page.evaluate(SEND, ["preview", {"action": "undo", "operation": "-1"}]) == 409
    assert page.evaluate(SEND, ["preview", {"action": "all", "operation": "1"}]) == 409
    assert (lived.root / "devenv.nix").read_text() == before


def test_a_long_history_is_read_as_one_scrolls_and_stays_where_it_was(
    review: Callable[..., Reviewed], page: Page, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("long").resolve()
    write_history(root, 300)
    served = review("--write", root=root)
    page.goto(f"{served.address}&history")
    expect(page.locator("#operation-300")).to_be_visible()
    assert rows(page).count() < 150
    while page.locator("#operation-1").count() == 0:
        page.keyboard.press("End")
        page.wait_for_function("() => document.querySelector('[aria-busy=true][data-older]') === null")
    expect(rows(page)).to_have_count(300)
    assert page.locator("[data-older]").count() == 0
    assert served.command("add", "gnumake").returncode == 0
    assert served.command("undo").returncode == 0
    page.keyboard.press("Home")
    expect(page.locator("#operation-301")).to_contain_text("undone by #302")
    ids = rows(page).evaluate_all("rows => rows.map(row => Number(row.id.split('-')[1]))")
    assert ids == list(range(302, 0, -1))
