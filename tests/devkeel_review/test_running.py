"""What runs, as a person sees it: processes with their logs, and jobs of this page and of others, in a real browser."""

from __future__ import annotations

import socket
import tempfile
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.devkeel_mcp.wire import Wire

from devkeel.runtime.jobs import Jobs, JobSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Locator, Page
    from tests.devkeel_review.conftest import Reviewed

    from devkeel.runtime.jobs import Job

pytestmark = pytest.mark.xdist_group("review-running")
MARK = "<img src=x onerror=document.title='run'>\033[31m\u202e"
# Says what is written into a file, and goes on; the number is of this start.
PROCFILE = """\
web: python -m http.server $PORT
echo: echo begun $$; touch said; exec tail -c +1 -f said
crash: sleep 0.1; echo why >&2; exit 3
late: echo begun $$; exec sleep 600
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
    (root / ".env").write_text(f"PORT={free_port()}\nSTRIPE_SECRET=sk_live_51Habcdefghijklmnop\n")
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
    page.bring_to_front()  # one that was opened while another was closed has no focus otherwise
    page.goto(running.address)
    expect(page.locator("#line")).to_have_attribute("data-state", "live")
    return page


def go(page: Page, address: str) -> None:
    page.evaluate("document.querySelector('main').replaceChildren()")
    page.evaluate("address => { location.hash = address; dispatchEvent(new HashChangeEvent('hashchange')) }", address)
    expect(page.locator("main h1")).to_be_visible()


def row(page: Page, name: str) -> Locator:
    return page.locator(f"[id='process-row-{name}']")


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
    page.locator("[id='process-log-echo'] summary").press("Enter")
    log = page.locator("[id='process-text-echo']")
    expect(log).to_contain_text("begun")
    first = log.inner_text()
    with (running.root / "said").open("a") as said:
        said.write(f"a line {MARK}\n")
    expect(log).to_contain_text("a line <img src=x")
    assert page.locator("main img").count() == 0
    page.get_by_role("button", name="Restart echo").press("Enter")
    expect(log).to_contain_text("begun anew")
    expect(page.locator("[id='process-log-echo']")).to_have_attribute("open", "")
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


def test_a_log_that_is_opened_before_its_process_runs_begins_with_it(opened: Page) -> None:
    page = opened
    go(page, "processes")
    log = page.locator("#process-text-late")
    page.locator("#process-log-late summary").press("Enter")
    expect(log).to_be_visible()
    expect(log).not_to_contain_text("begun")
    page.get_by_role("button", name="Start late").click()
    expect(log).to_contain_text("begun")
    page.get_by_role("button", name="Stop late").click()
    expect(page.get_by_role("button", name="Start late")).to_be_visible()


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


def test_the_progress_of_another_process_is_a_bar_and_its_job_is_ended_from_here(
    opened: Page, running: Reviewed
) -> None:
    page, jobs = opened, Jobs(running.root / ".devkeel")

    def work(job: Job) -> None:
        job.tell("building one (1 of 4)")
        while not (running.root / "further").exists():
            job.pause(0.05)
        job.tell("building two (2 of 4)")
        job.pause(600)

    job = jobs.start(JobSpec("test", f"a test of {MARK}"), work)
    go(page, "jobs")
    bar = page.get_by_role("progressbar", name="Progress of a test of")
    expect(bar).to_have_attribute("value", "1")
    (running.root / "further").touch()
    expect(bar).to_have_attribute("value", "2")
    expect(bar).to_have_attribute("max", "4")
    page.get_by_role("button", name="End the job a test of").click()
    expect(page.locator(f"#ended #job-{job.id}")).to_contain_text("cancelled")
    assert job.wait(30)
    assert job.state == "cancelled"
    jobs.close()


def test_a_gate_that_was_not_passed_is_no_plain_success(opened: Page, running: Reviewed) -> None:
    (running.root / "devkeel.toml").write_text(
        '[gates]\ncommand = ["sh", "-c", "sleep 1; cp said.xml out.xml"]\nreports = ["out.xml"]\nstage = "growth"\n'
    )
    (running.root / "said.xml").write_text(
        '<testsuite tests="2" failures="1"><testcase name="a"/><testcase name="b"><failure/></testcase></testsuite>'
    )
    assert running.command("gate").returncode != 2
    page = opened
    go(page, "jobs")
    row_of = page.locator("#ended .row", has_text="Gate growth")
    expect(row_of.first).to_contain_text("gate failed")


def test_what_a_page_may_not_do_is_not_there_and_is_refused(
    review: Callable[..., Reviewed], running: Reviewed, page: Page
) -> None:
    looking = review(root=running.root)
    page.goto(f"{looking.address}&processes")
    expect(row(page, "echo")).to_be_visible()
    assert page.locator("main form").count() == 0
    expect(page.locator("main")).to_contain_text("Started without --execute")
    page.locator("[id='process-log-echo'] summary").click()
    expect(page.locator("[id='process-text-echo']")).to_contain_text("begun")
    for act, fields in (("processes", {"action": "start"}), ("end-job", {"job": "0" * 16}), ("mend", {})):
        assert answered(page, f"/do/{act}", fields) == 403
    assert running.command("ps", "--json").returncode == 0


def test_what_is_written_in_two_pieces_is_masked_as_one(opened: Page, running: Reviewed) -> None:
    page = opened
    go(page, "processes")
    page.get_by_role("button", name="Start echo").click()
    expect(row(page, "echo")).to_contain_text("ready")
    page.locator("[id='process-log-echo'] summary").click()
    log = page.locator("[id='process-text-echo']")
    expect(log).to_contain_text("begun")
    with (running.root / "said").open("ab", buffering=0) as said:
        said.write(b"name? ")
        expect(log).to_contain_text("name?")  # a question has no end of its line, and is shown all the same
        said.write(b"x\nkey=sk_live_51H")
        expect(log).to_contain_text("name? x")
        shown = log.inner_text()
        said.write(b"abcdefghijklmnop\n-----BEGIN PRIVATE KEY-----\nMIIBVgIBADANBgkq\n")
        expect(log).to_contain_text("key=***")
        said.write(b"hkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\nall\n")
        expect(log).to_contain_text("all")
    text = log.inner_text()
    for secret in ("abcdefghijklmnop", "hkiG9w0BAQEFAASC"):
        assert secret not in text
    assert "51H" not in shown
    page.get_by_role("button", name="Stop echo").click()
    expect(row(page, "echo")).to_contain_text("stopped")


def test_a_flood_of_a_job_leaves_the_page_usable_and_its_end_seen(opened: Page, running: Reviewed) -> None:
    page = opened
    with Wire(running.root, client="agent") as agent:
        stops = f"os.path.exists({str(running.root / 'enough')!r})"
        loop = f"for n in itertools.count():\n print('flood', n)\n if n % 99 == 0 and {stops}: break"
        script = f"import itertools, os\n{loop}\nprint('the end')"
        call = agent.call("run_command", argv=["python", "-c", script])
        go(page, "jobs")
        page.locator("#running .row-link", has_text="itertools").press("Enter")
        log = page.locator("#job-log")
        expect(log).to_contain_text("flood")
        for _ in range(5):
            assert page.evaluate("document.querySelector('#job-log').textContent.length") < 500_000
        (running.root / "enough").touch()
        agent.answer(call)
        expect(log).to_contain_text("the end")
        expect(log).to_contain_text("what came before is left out")


def test_logs_are_for_who_is_signed_in_and_of_what_there_is(opened: Page) -> None:
    page = opened
    assert answered(page, "/log/follow?of=process%3Fname%3Decho", signed=False) == 401
    for address in ("", "file%3Fname%3D%2Fetc%2Fpasswd", "process", "job%3Fid%3D"):
        assert answered(page, f"/log/follow?of={address}") == 404
    text = page.evaluate(f"""async () => {{
        const asked = "/log/follow?of=process%3Fname%3D..%252F..%252Fetc%252Fpasswd&of=job%3Fid%3D..%252F..%252Fx";
        return await (await fetch(asked, {{headers: {SIGNED}}})).text();
    }}""")
    assert text.count('"over": true') == 2
    assert "root:" not in text


SIGNED = "{'X-Devkeel-Page': sessionStorage['devkeel-page'], 'Content-Type': 'application/json'}"


def answered(page: Page, path: str, fields: dict[str, str] | None = None, *, signed: bool = True) -> int:
    """Return how the server answers to a request of the page's own origin."""
    options = f"headers: {SIGNED if signed else '{}'}"
    if fields is not None:
        options += f", method: 'POST', body: JSON.stringify({fields})"
    return int(page.evaluate(f"fetch('{path}', {{{options}}}).then(answer => answer.status)"))
