"""A person beside an agent: what it publishes is on the page at once, and the person takes it back there."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.devkeel_mcp.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Locator, Page
    from tests.devkeel_review.conftest import Reviewed

pytestmark = pytest.mark.xdist_group("review-story")


def test_what_an_agent_publishes_is_seen_and_taken_back(review: Callable[..., Reviewed], page: Page) -> None:
    served = review("--write")
    page.goto(served.address)
    expect(page.locator("#line")).to_have_attribute("data-state", "live")
    assert "open=" not in page.url
    page.goto(f"{served.origin}/#history")
    expect(page.locator("h1")).to_have_text("Timeline")
    with Wire(served.root, client="agent") as agent:
        before = agent.told("inspect_environment")["revision"]
        published = agent.told("add_packages", names=["ripgrep"], reason="the search of the logs")
        row = page.locator(f"#operation-{published['operation']}")
        expect(row).to_contain_text("the search of the logs")
        expect(row).to_contain_text("agent 1")
        row.get_by_role("button", name="Undo").click()
        page.get_by_role("button", name="Undo it").click()
        expect(page.locator("#decided")).to_contain_text("Undone")
        assert agent.told("inspect_environment")["revision"] == before
        newest = agent.told("show_history")["operations"][0]
    assert (newest["kind"], newest["reverts"]) == ("undo", published["operation"])
    assert newest["actor"].startswith("devkeel review")


def tab_to(page: Page, what: Locator) -> None:
    """Press Tab until it is focused, as a person does who has no mouse."""
    for _ in range(100):
        if what.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no Tab leads to {what}")


def keys(page: Page, *pressed: str) -> None:
    for key in pressed:
        page.keyboard.press(key)


def test_a_day_by_keyboard_alone(
    review: Callable[..., Reviewed], page: Page, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("day").resolve()
    libraries = root / "requirements.txt"
    libraries.write_text("# none yet\n")
    (root / "Procfile").write_text("echo: echo begun $$; touch said; exec tail -n +1 -f said\n")
    # A socket's path may have 107 bytes.
    with tempfile.TemporaryDirectory(prefix="dv-") as runtime, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", runtime)
        served = review("--write", "--execute", root=root)
        assert served.command("apply").returncode == 0
        page.goto(served.address)
        expect(page.locator("#line")).to_have_attribute("data-state", "live")
        with Wire(root, client="agent") as agent:
            the_operations_of_an_agent(page, agent, libraries)
        the_log_of_a_process(page, root / "said")
        with Wire(root, client="agent", flags=("--ask",)) as agent:
            the_consent_of_a_person(page, agent)
        served.command("down")


def the_operations_of_an_agent(page: Page, agent: Wire, libraries: Path) -> None:
    keys(page, "g", "t")
    expect(page.locator("main h1")).to_have_text("Timeline")
    before = agent.told("inspect_environment")["revision"]
    edit = {"file": "requirements.txt", "old": "# none yet", "new": "# six, soon"}
    published = agent.told("patch_file", **edit, reason="what is to come")
    expect(page.locator(f"#operation-{published['operation']}")).to_contain_text("what is to come")
    keys(page, "u")
    expect(page.locator("#decision")).to_contain_text("Nothing is written yet")
    expect(page.locator("#decision .add")).to_contain_text("none yet")
    tab_to(page, page.get_by_role("button", name="Undo it"))
    keys(page, "Enter")
    expect(page.locator("#decided")).to_contain_text("Undone")
    assert agent.told("inspect_environment")["revision"] == before
    # where somebody has written on since, both sides are shown and nothing is written
    again = agent.told("patch_file", **edit)
    libraries.write_text("# seven, by hand\n")
    page.keyboard.press("Escape")
    expect(page.locator(f"#operation-{again['operation']}")).to_be_visible()
    tab_to(page, page.get_by_role("button", name=f"Undo operation {again['operation']}", exact=True))
    keys(page, "Enter")
    sides = page.locator("#decision .side")
    expect(sides).to_have_count(2)
    expect(sides.first).to_contain_text("seven, by hand")
    expect(sides.last).to_contain_text("none yet")
    assert libraries.read_text() == "# seven, by hand\n"


def the_log_of_a_process(page: Page, said: Path) -> None:
    keys(page, "Escape", "g", "p")
    expect(page.locator("main h1")).to_have_text("Processes")
    tab_to(page, page.get_by_role("button", name="Start echo", exact=True))
    keys(page, "Enter")
    expect(page.locator("#process-row-echo")).to_contain_text("ready")
    expect(page.locator("#answer")).to_contain_text("succeeded")
    tab_to(page, page.locator("#process-log-echo summary"))
    keys(page, "Enter")
    log = page.locator("#process-text-echo")
    expect(log).to_contain_text("begun")
    begun = log.inner_text().splitlines()[0]
    tab_to(page, page.get_by_role("button", name="Restart echo", exact=True))
    keys(page, "Enter")
    expect(log).to_contain_text("anew")
    with said.open("a") as told:
        told.write("and on it goes\n")
    expect(log).to_contain_text("and on it goes")
    assert begun in log.inner_text()


def the_consent_of_a_person(page: Page, agent: Wire) -> None:
    call = agent.call("run_command", argv=["touch", "made"])
    expect(page.locator("#asked")).to_contain_text("agent 1 asks")
    keys(page, "g", "c")
    expect(page.locator(".proposal")).to_contain_text("touch")
    tab_to(page, page.get_by_role("button", name="Agree to run_command"))
    keys(page, "Enter")
    answer = agent.answer(call)["result"]
    assert not answer.get("isError"), answer
    expect(page.locator(".proposal")).to_have_count(0)


def test_it_ends_at_a_signal_although_a_page_follows_it(review: Callable[..., Reviewed], page: Page) -> None:
    served = review()
    page.goto(served.address)
    expect(page.locator("#line")).to_have_attribute("data-state", "live")
    assert served.end() == 0
    expect(page.locator("#line")).to_have_attribute("data-state", "lost")


def test_without_the_flag_nothing_can_be_taken_back(review: Callable[..., Reviewed], page: Page) -> None:
    served = review()
    served.command("add", "curl")
    page.goto(f"{served.address}&history")
    expect(page.locator("#operation-1")).to_be_visible()
    assert page.get_by_role("button", name="Undo").count() == 0
    headers = "{'X-Devkeel-Page': sessionStorage['devkeel-page'], 'Content-Type': 'application/json'}"
    sent = f"fetch('/do/undo', {{method: 'POST', body: '{{}}', headers: {headers}}})"
    assert page.evaluate(f"{sent}.then(answer => answer.status)") == 403
    assert "pkgs.curl" in (served.root / "devenv.nix").read_text()
