"""The page as one file: it opens without a server and a network, shows what the page shows, and does nothing."""

from __future__ import annotations

import json
import re
import stat
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.devkeel_review.test_access import AXE, RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page
    from tests.devkeel_review.conftest import Reviewed

pytestmark = pytest.mark.xdist_group("review-export")
HOSTILE = "</style></script><script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\">"
SECRET = "sk-ant-api03-" + "Q7" * 40


@pytest.fixture(scope="module")
def served(review: Callable[..., Reviewed]) -> Reviewed:
    served = review()
    served.command("add", "curl", "--reason", HOSTILE)
    served.command("set", "env.API_TOKEN", SECRET, "--reason", "what must not be in a file")
    (served.root / "devenv.nix").write_text((served.root / "devenv.nix").read_text() + f"# {HOSTILE}\n")
    served.command("add", "fd")
    return served


@pytest.fixture(scope="module")
def file(served: Reviewed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exported") / "review of a project.html"
    answer = served.command("review", "--export", str(path), "--json")
    assert answer.returncode == 0, answer.stderr
    told = json.loads(answer.stdout)
    assert (told["file"], told["operations"], told["diffs"]) == (str(path), 4, 4)
    assert told["bytes"] == path.stat().st_size
    assert any("logs" in each for each in told["left_out"])
    return path


@pytest.fixture
def opened(browser: Browser, file: Path) -> Iterator[Page]:
    """The file, in a browser without a network, on which nothing may be asked for and no script may fail."""
    context = browser.new_context(offline=True, timezone_id="Asia/Kolkata", locale="en-GB")
    page = context.new_page()
    faults: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    yield page
    context.close()
    assert faults == []
    assert {address.partition("#")[0] for address in asked} == {file.as_uri()}


def test_it_shows_what_was_done_and_how_it_is(opened: Page, served: Reviewed) -> None:
    assert opened.title() == f"{served.root} · devkeel review"
    expect(opened.locator("h1")).to_have_text(str(served.root))
    expect(opened.get_by_role("heading", name="Now", exact=True)).to_have_count(1)
    expect(opened.get_by_role("heading", name="Gates")).to_have_count(1)
    done = opened.locator("details.exported")
    assert done.count() == 4
    expect(done.first).to_contain_text("#4")
    expect(opened.locator("time").first).to_have_attribute("title", re.compile("."))
    opened.get_by_role("button", name="Open all").press("Enter")
    expect(done.last).to_contain_text("pkgs.curl")
    expect(done.last).to_contain_text(HOSTILE)
    expect(opened.get_by_role("button")).to_have_count(1)
    assert opened.locator("form, input, iframe, img, object, [style], [data-view], link").count() == 0


def test_a_link_opens_what_it_leads_to(opened: Page) -> None:
    opened.evaluate("location.hash = '#operation?id=2'")
    expect(opened.locator("details[open]")).to_have_count(1)
    expect(opened.locator("details[open]")).to_contain_text("what must not be in a file")
    ids = opened.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert len(ids) == len(set(ids))


def test_no_secret_is_in_it(file: Path) -> None:
    assert SECRET not in file.read_text(encoding="utf-8")


def test_only_its_own_script_may_run(opened: Page, file: Path) -> None:
    opened.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert "taken" not in opened.title()
    assert opened.locator("script").count() == 1
    text = file.read_text(encoding="utf-8")
    assert text.count("<script") == 1
    assert re.search(
        r"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-\S+'; script-src 'sha2", text
    )


def test_everybody_can_read_it(opened: Page) -> None:
    if not AXE.is_file():
        pytest.skip("the clients of npm are not installed: make clients")
    opened.get_by_role("button", name="Open all").click()
    opened.evaluate(AXE.read_text(encoding="utf-8"))
    for scheme in ("light", "dark"):
        opened.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  (both are schemes)
        found = opened.evaluate(f"axe.run({RULES})")["violations"]
        assert [(fault["id"], node["html"]) for fault in found for node in fault["nodes"]] == []


def test_what_is_there_is_not_written_over_unless_that_is_asked(served: Reviewed, tmp_path: Path) -> None:
    path = tmp_path / "own.html"
    path.write_text("my own work")
    refused = served.command("review", "--export", str(path), "--json")
    assert json.loads(refused.stderr or refused.stdout)["error"]["code"] == "file_exists"
    assert path.read_text() == "my own work"
    assert [item.name for item in tmp_path.iterdir()] == ["own.html"]
    replaced = served.command("review", "--export", str(path), "--force", "--limit", "2", "--json")
    told = json.loads(replaced.stdout)
    assert (told["operations"], told["left_out"][0]) == (2, "older operations")
    assert path.read_text().startswith("<!doctype html>")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [item.name for item in tmp_path.iterdir()] == ["own.html"]


@pytest.mark.parametrize(
    "words",
    [
        ("--export", "x.html", "--write"),
        ("--export", "x.html", "--execute"),
        ("--export", "x.html", "--port", "0"),
        ("--force",),
        ("--limit", "3"),
        ("--export", "none/x.html"),
    ],
)
def test_what_does_not_go_together_is_refused(served: Reviewed, words: tuple[str, ...]) -> None:
    refused = served.command("review", *words)
    assert refused.returncode != 0
    assert refused.stdout == ""
