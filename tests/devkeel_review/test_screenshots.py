"""Each view as people see it, in the pictures of docs/review: made here of a project in use, and tried with axe-core.

`python -m tests.devkeel_review.screenshots` makes the pictures anew.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest
from playwright.sync_api import expect
from tests.devkeel_mcp.wire import Wire
from tests.devkeel_review import orchard, pictures
from tests.devkeel_review.test_access import AXE, RULES, show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page, ViewportSize
    from tests.devkeel_review.conftest import Reviewed

pytestmark = [pytest.mark.nix, pytest.mark.xdist_group("review-screenshots")]
KEPT = Path(__file__).parents[2] / "docs" / "review"
WIDTHS = {"wide": (1280, 800), "narrow": (390, 844)}
SCHEMES: dict[str, Literal["light", "dark"]] = {"wide": "light", "narrow": "dark"}
MOST_BYTES = 100_000


def test_each_view_is_as_its_picture_and_axe_finds_no_fault(
    browser: Browser,
    review: Callable[..., Reviewed],
    pinned_project: Callable[..., Path],
    devenv: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = pinned_project(orchard.DECLARATION, orchard.FILES, name="orchard")
    monkeypatch.setenv("HOME", str(tmp_path.resolve()))
    monkeypatch.setenv("LOGNAME", "developer")
    orchard.grow(root, dict(os.environ))
    served = review("--write", "--execute", root=root)
    number = orchard.newest(root, dict(os.environ))
    addresses = {
        "now": "now",
        "timeline": "history",
        "operation": f"operation?id={number}",
        "processes": "processes?name=worker",
        "jobs": "jobs",
    }
    into = Path(os.environ.get("DEVKEEL_SCREENSHOTS", tmp_path / "pictures"))
    into.mkdir(exist_ok=True)
    faults = []
    with Wire(root, client="codex") as other, Wire(root, flags=("--ask",), client="claude-code") as agent:
        other.call("run_command", argv=orchard.RUNS)
        for size, page in windows(browser, served, datetime.now(UTC)):
            look = partial(seen, browser, page, into, size)
            for name, address in addresses.items():
                show(page, address)
                if name == "jobs":
                    expect(page.locator("#running .row")).to_be_visible()
                faults += [(name, size, *fault) for fault in look(name)]
            page.locator("#running .row-link").press("Enter")
            expect(page.locator("main .log")).to_contain_text("test_queue")
            faults += [("job", size, *fault) for fault in look("job")]
            for name, address in (("undo", f"operation?id={number}"), ("conflict", "operation?id=1")):
                show(page, address)
                page.keyboard.press("u")
                expect(page.locator("#decision[open] h2").first).to_be_visible()
                faults += [(name, size, *fault) for fault in look(name)]
                page.keyboard.press("Escape")
            call = agent.call("add_packages", names=["hello"], reason="It greets who enters the shell")
            expect(page.locator("#asked")).to_contain_text("consent")
            show(page, "proposals")
            expect(page.locator(".proposal")).to_contain_text("pkgs.hello")
            faults += [("proposals", size, *fault) for fault in look("proposals")]
            agent.cancel(call)
            expect(page.locator(".proposal")).to_have_count(0)
    assert faults == []
    made = {path.name: path for path in into.iterdir()}
    assert {name for name, path in made.items() if path.stat().st_size > MOST_BYTES} == set()
    assert {path.name for path in KEPT.glob("*.png")} == made.keys()


def windows(browser: Browser, served: Reviewed, at: datetime) -> Iterator[tuple[str, Page]]:
    """Yield a page of each size, signed in."""
    for size, (width, height) in WIDTHS.items():
        viewport: ViewportSize = {"width": width, "height": height}
        context = browser.new_context(viewport=viewport, locale="en-GB", timezone_id="UTC", reduced_motion="reduce")
        page = context.new_page()
        page.emulate_media(color_scheme=SCHEMES[size])
        page.clock.set_fixed_time(at)  # so that what has just happened has just happened in each picture
        page.goto(served.address)
        expect(page.locator("#line")).to_have_attribute("data-state", "live")
        page.evaluate(AXE.read_text(encoding="utf-8"))
        yield size, page
        context.close()


def seen(browser: Browser, page: Page, into: Path, size: str, name: str) -> list[tuple[str, str]]:
    """Keep the picture of a view; return what axe-core finds in light and dark, and widths that it does not fit in."""
    assert page.locator("main .failed").count() == 0, page.locator("main").inner_text()
    pictures.keep(page, browser, into / f"{name}-{size}.png")
    faults = []
    width, height = WIDTHS[size]
    for narrower in {width, min(width, 320)}:  # WCAG 2.2, 1.4.10: 320 pixels, or 1280 enlarged four times
        page.set_viewport_size({"width": narrower, "height": height})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults.append((f"wider than {narrower} pixels", ""))
    page.set_viewport_size({"width": width, "height": height})
    for scheme in sorted(SCHEMES.values(), key=lambda scheme: scheme == SCHEMES[size]):  # as it was, at the end
        page.emulate_media(color_scheme=scheme)
        told = page.evaluate(f"axe.run({RULES})")["violations"]
        faults += [(f"{fault['id']} in {scheme}", str(node["html"])[:200]) for fault in told for node in fault["nodes"]]
    return faults
