"""What the page costs: its first view of a long history, frames while one scrolls it, memory over many events.

`python -m benchmarks.review [--operations N] [--rounds N] [--events N]` prints a table. An empty page is a view of the
same server in which there is nothing, loaded in turns with the other. Of frames it has the time between two, while the
machine does other things too, and what the page's own thread worked in its longest task. Chromium is that of PATH.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.long_history import write_history
from playwright.sync_api import sync_playwright

from devkeel.api import Environment
from devkeel.edits.vocabulary import parse_edits

if TYPE_CHECKING:
    from typing import Any

    from playwright.sync_api import Browser, Page

EMPTY, LONG = "working", "history"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# Seconds from the start of the navigation to the first frame that shows the view, and what of that the view took.
SHOWN = """() => new Promise(resolve => {
  const look = () => document.querySelector("main h1") && document.querySelector("main .row, main .empty")
    ? requestAnimationFrame(() => resolve(performance.now())) : requestAnimationFrame(look);
  look();
})"""
# Scrolls as a wheel does, some way each frame, and returns the milliseconds between frames.
SCROLL = """(frames) => new Promise(resolve => {
  const gaps = [];
  let last = performance.now();
  const step = now => {
    gaps.push(now - last);
    last = now;
    if (gaps.length > frames) {
      return resolve({gaps: gaps.slice(1), rows: document.querySelectorAll(".row").length});
    }
    scrollBy(0, 120);
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})"""


class Served:
    """The page of a project, in a process of its own."""

    def __init__(self, root: Path) -> None:
        argv = [sys.executable, "-m", "devkeel_cli", "--root", str(root), "review", "--json"]
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.address: str = json.loads(self.process.stdout.readline())["address"]

    def kib(self) -> int:
        """Return how much memory is its own."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in text.splitlines() if line.startswith("VmRSS")).split()[1])

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def first_views(page: Page, origin: str, rounds: int) -> dict[str, float]:
    """Return the median milliseconds until each view is shown, loaded in turns."""
    taken: dict[str, list[float]] = {EMPTY: [], LONG: []}
    for _ in range(rounds):
        for view, times in taken.items():
            page.goto("about:blank")
            page.goto(f"{origin}/#{view}")
            times.append(page.evaluate(SHOWN))
    return {view: statistics.median(times) for view, times in taken.items()}


def scrolled(browser: Browser, page: Page, frames: int, place: Path) -> dict[str, Any]:
    """Scroll from the top; return the milliseconds between frames, the rows, and the longest task of the thread."""
    page.evaluate("scrollTo(0, 0)")
    browser.start_tracing(page=page, path=str(place), categories=["toplevel"])
    seen: dict[str, Any] = page.evaluate(SCROLL, frames)
    browser.stop_tracing()
    events = json.loads(place.read_text())["traceEvents"]
    threads = {(item["pid"], item["tid"]) for item in events if item.get("args", {}).get("name") == "CrRendererMain"}
    worked = [item["tdur"] for item in events if "tdur" in item and (item["pid"], item["tid"]) in threads]
    return seen | {"worked": max(worked) / 1_000}


def memory(served: Served, page: Page, root: Path, events: int) -> list[tuple[int, int]]:
    """Return the server's memory after so many events, while a page follows."""
    environment, found = Environment(root, actor="benchmark"), list[tuple[int, int]]()
    for number in range(events + 1):
        if number % max(events // 5, 1) == 0:
            page.wait_for_timeout(1_000)
            found.append((number, served.kib()))
        edit = {"kind": "set", "path": "env.COUNT", "value": str(number)}
        environment.change(parse_edits([edit]), level="syntax")
    environment.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--frames", type=int, default=600)
    parser.add_argument("--events", type=int, default=1_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        root = Path(folder).resolve() / "project"
        write_history(root, asked.operations)
        served = Served(root)
        try:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(served.address)
            page.wait_for_selector("main h1")
            origin = served.address.partition("/#")[0]
            first = first_views(page, origin, asked.rounds)
            ratio = first[LONG] / first[EMPTY]
            print("| what | figure | beside it | ratio |\n| --- | --- | --- | --- |")
            row = f"{first[LONG]:.0f} ms | an empty page {first[EMPTY]:.0f} ms | {ratio:.2f}"
            print(f"| first view of {asked.operations} operations | {row} |")
            for when in ("read for the first time", "again"):
                seen = scrolled(browser, page, asked.frames, Path(folder) / "trace.json")
                late = sum(gap > 50 for gap in seen["gaps"])
                longest = f"longest {max(seen['gaps']):.0f} ms, {late} over 50 ms; work {seen['worked']:.1f} ms at most"
                print(f"| {len(seen['gaps'])} frames of scrolling, {when} | {longest} | {seen['rows']} rows | |")
            if asked.events:
                page.evaluate("scrollTo(0, 0)")
                told = ", ".join(
                    f"{number}: {kib / 1024:.1f}" for number, kib in memory(served, page, root, asked.events)
                )
                print(f"| MiB of the server after so many events | {told} | | |")
            browser.close()
        finally:
            served.end()


if __name__ == "__main__":
    main()
