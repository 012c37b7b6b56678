"""Each view as people see it, in the pictures of docs/review: made here of a project in use, and tried with axe-core.

`python -m tests.devkeel_review.screenshots` makes the pictures anew.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect
from tests.devkeel_mcp.wire import Wire
from tests.devkeel_review import orchard, pictures
from tests.devkeel_review.test_access import AXE, RULES, show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page
    from tests.devkeel_review.conftest import Reviewed

pytestmark = [pytest.mark.nix, pytest.mark.xdist_group("review-screenshots")]
KEPT = Path(__file__).parents[2] / "docs" / "review"
WIDTHS = {"wide": (1280, 800), "narrow": (390, 844)}
KEPT_OF = (("wide", "light"), ("narrow", "dark"))
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
    monkeypatch.setenv("LOGNAME", "ada")
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
        for size, scheme, page in windows(browser, served):
            look = partial(seen, browser, page, into, f"{size}.png" if (size, scheme) in KEPT_OF else None)
            for name, address in addresses.items():
                show(page, address)
                if name == "jobs":
                    expect(page.locator("#running .row")).to_be_visible()
                faults += [(name, size, scheme, *fault) for fault in look(name)]
            page.locator("#running .row-link").press("Enter")
            expect(page.locator("main .log")).to_contain_text("test_queue")
            faults += [("job", size, scheme, *fault) for fault in look("job")]
            call = agent.call("add_packages", names=["hello"], reason="It greets who enters the shell")
            expect(page.locator("#asked")).to_contain_text("consent")
            show(page, "proposals")
            expect(page.locator(".proposal")).to_contain_text("pkgs.hello")
            faults += [("proposals", size, scheme, *fault) for fault in look("proposals")]
            agent.cancel(call)
            expect(page.locator(".proposal")).to_have_count(0)
    assert faults == []
    made = {path.name: path for path in into.iterdir()}
    assert {name for name, path in made.items() if path.stat().st_size > MOST_BYTES} == set()
    assert {path.name for path in KEPT.glob("*.png")} == made.keys()


def windows(browser: Browser, served: Reviewed) -> Iterator[tuple[str, str, Page]]:
    """Yield a page of each size in each scheme, signed in."""
    for size, (width, height) in WIDTHS.items():
        for scheme in ("light", "dark"):
            context = browser.new_context(
                color_scheme=scheme,  # type: ignore[arg-type]  (both are schemes)
                viewport={"width": width, "height": height},
                locale="en-GB",
                timezone_id="UTC",
                reduced_motion="reduce",
            )
            page = context.new_page()
            page.goto(served.address)
            expect(page.locator("#line")).to_have_attribute("data-state", "live")
            page.evaluate(AXE.read_text(encoding="utf-8"))
            yield size, scheme, page
            context.close()


def seen(browser: Browser, page: Page, into: Path, ending: str | None, name: str) -> list[tuple[str, str]]:
    """Return what axe-core finds in a view, and whether one has to scroll sideways to read it; keep its picture."""
    assert page.locator("main .failed").count() == 0, page.locator("main").inner_text()
    told = page.evaluate(f"axe.run({RULES})")["violations"]
    faults = [(str(fault["id"]), str(node["html"])[:200]) for fault in told for node in fault["nodes"]]
    size = page.viewport_size or {}
    for width in {size["width"], min(size["width"], 320)}:  # WCAG 2.2, 1.4.10: 320 pixels, or 1280 enlarged four times
        page.set_viewport_size({"width": width, "height": size["height"]})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults.append((f"wider than {width} pixels", ""))
    page.set_viewport_size(size)
    if ending is not None:
        pictures.keep(page, browser, into / f"{name}-{ending}")
    return faults
