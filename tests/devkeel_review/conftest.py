"""The page as a person has it: a real `devkeel review` over a project, and a real Chromium in front of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DECLARATION = "{ pkgs, ... }:\n{\n  packages = [ pkgs.jq ];\n}\n"
LONG = 60.0
expect.set_options(timeout=LONG * 1_000)


class Reviewed:
    """A page that is served, of a project that a person works on meanwhile.

    address: with what opens it.
    """

    def __init__(self, root: Path, *flags: str) -> None:
        self.root = root
        self.process = subprocess.Popen(
            self._argv("review", "--json", *flags), stdout=subprocess.PIPE, env=_variables(), text=True
        )
        assert self.process.stdout is not None
        self.address: str = json.loads(self.process.stdout.readline())["address"]

    @property
    def origin(self) -> str:
        """The address without what opens it."""
        return self.address.partition("/#")[0]

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run devkeel's command beside the page, as another process."""
        return subprocess.run(
            self._argv(*words), capture_output=True, text=True, env=_variables(), timeout=LONG, check=False
        )

    def end(self) -> int:
        """Ask it to end as Ctrl-C does, and return its exit code."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait(LONG)

    def _argv(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "devkeel_cli", "--root", str(self.root), *words]


def _variables() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Reviewed]]:
    """Serve the page of a new project, with the flags that are given."""
    served: list[Reviewed] = []

    def begin(*flags: str, root: Path | None = None) -> Reviewed:
        if root is None:
            root = tmp_path_factory.mktemp("reviewed").resolve()
            (root / "devenv.nix").write_text(DECLARATION)
        served.append(Reviewed(root, *flags))
        return served[-1]

    yield begin
    for item in served:
        if item.process.poll() is None:
            item.end()


# Of a module: playwright's loop counts as running in this thread, so that no test of another module could run its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        # A browser's own sandbox wants namespaces, which root and a container have not.
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A new window, on which no script may fail."""
    faults: list[str] = []
    context = browser.new_context()
    opened = context.new_page()
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
    yield opened
    context.close()
    assert faults == []
