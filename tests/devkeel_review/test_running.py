"""What runs, as a person sees it: processes with their logs, and jobs of this page and of others, in a real browser."""

from __future__ import annotations

import socket
import tempfile
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.devkeel_mcp.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Locator, Page
    from tests.devkeel_review.conftest import Reviewed

pytestmark = pytest.mark.xdist_group("review-running")
MARK = "<img src=x onerror=document.title='run'>\033[31m\u202e"
# Says what is written into a file, and goes on; the number is of this start.
PROCFILE = """\
web: python -m http.server $PORT
echo: echo begun $$; touch said; exec tail -n +1 -f said
crash: sleep 0.1; echo why >&2; exit 3
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, review: Callable[..., Reviewed]) -> Iterator[Reviewed]:
    """A page that may execute, over a project of a Procfile whose environment is made."""
    root = tmp_path_factory.mktemp("running").resolve()
    (root / "requirements.txt").write_text("")
    (root / "Procfile").write_text(PROCFILE)
    (root / ".env").write_text(f"PORT={free_port()}\n")
    # A socket's path may have 107 bytes.
    with tempfile.TemporaryDirectory(prefix="dv-") as runtime, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", runtime)
        served = review("--execute", "--write", root=root)
        applied = served.command("apply")
        assert applied.returncode == 0, applied.stderr
        yield served
        served.command("down")


@pytest.fixture
def opened(page: Page, running: Reviewed) -> Page:
    page.goto(running.address)
    expect(page.locator("#line")).to_have_attribute("data-state", "live")
    return page


def go(page: Page, address: str) -> None:
    page.evaluate("address => { location.hash = address }", address)
    expect(page.locator("main h1")).to_be_focused()


def row(page: Page, name: str) -> Locator:
    return page.locator(f"[id='process-{name}']")


def test_a_process_is_started_restarted_and_its_log_followed_by_keys_alone(opened: Page, running: Reviewed) -> None:
    page = opened
    page.keyboard.press("g")
    page.keyboard.press("p")
    expect(page.locator("main h1")).to_have_text("Processes")
    expect(row(page, "echo")).to_contain_text("not started")
    page.get_by_role("button", name="Start echo").press("Enter")
    expect(page.locator("#answer")).to_be_focused()
    expect(row(page, "echo")).to_contain_text("ready")
    expect(page.locator("#answer")).to_contain_text("succeeded")
    page.locator("[id='log-echo'] summary").press("Enter")
    log = page.locator("[id='text-echo']")
    expect(log).to_contain_text("begun")
    first = log.inner_text()
    with (running.root / "said").open("a") as said:
        said.write(f"a line {MARK}\n")
    expect(log).to_contain_text("a line <img src=x")
    assert page.locator("main img").count() == 0
    page.get_by_role("button", name="Restart echo").press("Enter")
    expect(log).to_contain_text("begun anew")
    expect(page.locator("[id='log-echo']")).to_have_attribute("open", "")
    assert log.inner_text().startswith(first)
    page.get_by_role("button", name="Stop echo").press("Enter")
    expect(row(page, "echo")).to_contain_text("stopped")
    expect(page.get_by_role("button", name="Start echo")).to_be_visible()


def test_one_that_gives_up_shows_why(opened: Page) -> None:
    page = opened
    go(page, "processes")
    page.get_by_role("button", name="Start crash").click()
    expect(page.locator("#answer")).to_contain_text("process_crashed")
    expect(page.locator("#answer")).to_contain_text("why")


def test_a_process_that_ends_beside_the_page_is_seen(opened: Page, running: Reviewed) -> None:
    page = opened
    go(page, "processes")
    assert running.command("up", "web").returncode == 0
    expect(row(page, "web")).to_contain_text("ready")
    expect(row(page, "web")).to_contain_text("main")
    assert running.command("down").returncode == 0
    expect(row(page, "web")).to_contain_text("not started")
    expect(page.locator("#processes-manager")).to_contain_text("nothing runs")


def test_a_job_of_an_agent_is_seen_with_its_log_and_ended(opened: Page, running: Reviewed) -> None:
    page, go_on = opened, running.root / "go"
    script = (
        f"echo first; printf '%s\\n' \"$0\"; while [ ! -e {go_on} ]; do sleep 0.05; done; echo second; exec sleep 600"
    )
    with Wire(running.root, client="agent") as agent:
        call = agent.call("run_command", argv=["sh", "-c", script, MARK])
        go(page, "jobs")
        link = page.locator("#running .row-link", has_text="sh -c")
        expect(link).to_be_visible()
        expect(page.locator("#running .row", has_text="sh -c")).to_contain_text(f"process {agent.process.pid}")
        link.press("Enter")
        log = page.locator("#job-log")
        expect(log).to_contain_text("first\n<img src=x onerror=document.title='run'>")
        assert page.locator("main img").count() == 0
        go_on.touch()
        expect(log).to_contain_text("second")
        page.get_by_role("button", name="End the job").press("Enter")
        expect(page.locator("#answer")).to_be_focused()
        expect(page.locator("#job-facts")).to_contain_text("cancelled")
        answer = agent.answer(call)
    assert answer["result"]["structuredContent"]["error"]["code"] == "cancelled"
    go(page, "jobs")
    expect(page.locator("#ended .row-link", has_text="sh -c").first).to_be_visible()


def test_a_command_that_failed_is_diagnosed_and_mended(opened: Page, running: Reviewed) -> None:
    page = opened
    with Wire(running.root, client="agent") as agent:
        script = "import sys; print('looking'); import requests"
        agent.asked("run_command", argv=["python", "-c", script])
    go(page, "jobs")
    page.locator("#ended .row-link", has_text="import requests").first.press("Enter")
    expect(page.locator("#job-log")).to_contain_text("No module named 'requests'")
    page.get_by_role("button", name="Look for what made it fail").press("Enter")
    expect(page.locator("#diagnosis")).to_be_focused()
    expect(page.locator("#diagnosis")).to_contain_text("requests")
    page.locator("#diagnosis").get_by_role("button", name="Make this change").first.press("Enter")
    expect(page.locator("#diagnosis")).to_contain_text("Declared now")
    assert "requests" in (running.root / "requirements.txt").read_text()
