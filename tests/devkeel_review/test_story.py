"""A person beside an agent: what it publishes is on the page at once, and the person takes it back there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.devkeel_mcp.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page
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
