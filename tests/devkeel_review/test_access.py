"""Everybody can use it: what axe-core finds in light and dark, wide and narrow, and what a keyboard alone can do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page
    from tests.devkeel_review.conftest import Reviewed

pytestmark = pytest.mark.xdist_group("review-access")
AXE = Path(__file__).parents[1] / "conformance" / "node_modules" / "axe-core" / "axe.min.js"
# Every rule of the Web Content Accessibility Guidelines 2.2 at A and AA that axe-core knows, and its best practices.
RULES = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}"
ADDRESSES = ("now", "history", "operation?id=1", "processes", "jobs", "proposals", "no-such-view")


@pytest.fixture(scope="module")
def served(review: Callable[..., Reviewed]) -> Reviewed:
    served = review("--write")
    served.command("add", "curl", "--reason", "Downloads in the tests")
    served.command("set", "env.GREETING", "hello")
    return served


@pytest.fixture(scope="module")
def axe() -> str:
    if not AXE.is_file():
        pytest.skip("the clients of npm are not installed: make clients")
    return AXE.read_text(encoding="utf-8")


@pytest.fixture
def opened(page: Page, served: Reviewed) -> Iterator[Page]:
    page.goto(served.address)
    expect(page.locator("#line")).to_have_attribute("data-state", "live")
    expect(page.locator("main h1")).to_be_visible()
    return page


def show(page: Page, address: str) -> None:
    """Go to a view and wait until it is there."""
    page.evaluate("document.querySelector('main').replaceChildren()")
    page.evaluate(f"location.hash = '#{address}'; dispatchEvent(new HashChangeEvent('hashchange'))")
    expect(page.locator("main h1, main [role=alert]").first).to_be_visible()
    expect(page.locator("main [aria-busy=true]")).to_have_count(0)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_no_view_has_a_fault_that_axe_knows(
    browser: Browser, served: Reviewed, axe: str, scheme: Any, width: int
) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
    page = context.new_page()
    page.goto(served.address)
    expect(page.locator("#line")).to_have_attribute("data-state", "live")
    page.evaluate(axe)
    found = []
    for address in ADDRESSES:
        show(page, address)
        for fault in page.evaluate(f"axe.run({RULES})")["violations"]:
            found += [(address, fault["id"], node["html"]) for node in fault["nodes"]]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append((address, "wider than the window", ""))
    context.close()
    assert found == []


def test_the_first_key_skips_to_the_content(opened: Page) -> None:
    opened.keyboard.press("Tab")
    expect(opened.locator(".skip")).to_be_focused()
    address = opened.url
    opened.keyboard.press("Enter")
    expect(opened.locator("main")).to_be_focused()
    assert opened.url == address
    expect(opened.locator("main h1")).to_be_visible()


def test_keys_lead_to_views_and_back_to_what_was_focused(opened: Page) -> None:
    opened.keyboard.press("g")
    opened.keyboard.press("t")
    expect(opened.locator("main h1")).to_have_text("Timeline")
    expect(opened.locator("[data-nav=history]")).to_have_attribute("aria-current", "page")
    expect(opened.locator("main h1")).to_be_focused()
    opened.locator("#theme").focus()
    opened.keyboard.press("?")
    listed = opened.locator("#keys")
    expect(listed).to_be_visible()
    opened.keyboard.press("g")  # no key of the page works while the list is there
    opened.keyboard.press("n")
    opened.keyboard.press("Escape")
    expect(listed).to_be_hidden()
    expect(opened.locator("#theme")).to_be_focused()
    expect(opened.locator("main h1")).to_have_text("Timeline")


def test_single_keys_can_be_switched_off(opened: Page) -> None:
    opened.locator("#show-keys").press("Enter")
    opened.get_by_label("Single keys work").press("Space")
    opened.keyboard.press("Escape")
    opened.keyboard.press("g")
    opened.keyboard.press("t")
    expect(opened.locator("main h1")).to_have_text("Now")
    opened.reload()
    expect(opened.locator("#line")).to_have_attribute("data-state", "live")
    opened.keyboard.press("?")
    expect(opened.locator("#keys")).to_be_hidden()


def test_a_key_in_a_field_is_a_letter(opened: Page) -> None:
    opened.evaluate("document.querySelector('main').append(document.createElement('input'))")
    opened.locator("main > input").press_sequentially("g t?jkur/")
    expect(opened.locator("main > input")).to_have_value("g t?jkur/")
    expect(opened.locator("main h1")).to_have_text("Now")
    opened.keyboard.press("Escape")
    expect(opened.locator("main > input")).not_to_be_focused()


def test_the_theme_is_chosen_and_kept(opened: Page) -> None:
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    opened.emulate_media(color_scheme="light")
    light = opened.evaluate(ground)
    button = opened.locator("#theme")
    button.press("Enter")
    button.press("Enter")
    expect(button).to_have_accessible_name("Theme: Dark")
    dark = opened.evaluate(ground)
    assert dark != light
    opened.reload()
    expect(button).to_have_accessible_name("Theme: Dark")
    assert opened.evaluate(ground) == dark


def test_times_are_those_of_the_reader(browser: Browser, served: Reviewed) -> None:
    context = browser.new_context(timezone_id="Asia/Kolkata", locale="en-GB")
    page = context.new_page()
    page.goto(f"{served.address}&operation?id=1")
    said = page.locator("main time").first
    expect(said).to_have_attribute("title", re.compile(r"GMT\+5:30"))
    expect(said).to_have_text(re.compile(r"now|ago"))
    context.close()


def test_a_page_of_a_server_that_has_ended_says_so(review: Callable[..., Reviewed], page: Page) -> None:
    served = review()
    page.goto(served.address)
    expect(page.locator("main h1")).to_have_text("Now")
    port = served.origin.rpartition(":")[2]
    served.end()
    expect(page.locator("#line")).to_have_attribute("data-state", "lost")
    page.evaluate("location.hash = '#history'")
    expect(page.locator("main h1")).to_have_text("No connection")
    again = review("--port", port, root=served.root)  # whose pages are others: nothing of the first one counts
    expect(page.locator("main h1")).to_have_text("Not signed in")
    page.goto(again.address)
    expect(page.locator("main h1")).to_have_text("Now")
    page.goto(again.origin)
    page.evaluate("sessionStorage.clear()")
    page.reload()
    expect(page.locator("main h1")).to_have_text("Not signed in")
