"""Attacks on the page, in a real Chromium: text of others, pages of others, and what is left of a stolen address."""

from __future__ import annotations

import http.server
import json
import re
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect
from tests.devkeel_mcp.wire import Wire
from tests.devkeel_review.asking import Asking
from tests.devkeel_review.conftest import CHROMIUM

from devkeel.gates.figures import Figures
from devkeel.gates.records import GateRecord, keep
from devkeel.runtime.jobs import Jobs, JobSpec
from devkeel_review.acts import ACTS
from devkeel_review.views import VIEWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page
    from tests.devkeel_review.conftest import Reviewed

pytestmark = pytest.mark.xdist_group("review-attacks")
MARKUP = "<img src=x onerror=hacked=1><script>hacked=1</script><svg onload=hacked=1>'\"><b id=line>{{7*7}}</b>"
TERMINAL = "\x1b[31mred\x1b]0;title\x07\x9b2J\u202eevil\u2066\u200f\x00\r"
HOSTILE = MARKUP + TERMINAL
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
NIX = f"""\
# {MARKUP}
{{ pkgs, ... }}:
{{
  packages = [ pkgs.jq ];
  env."{MARKUP.replace('"', "")}" = ''{MARKUP}'';
  enterShell = ''echo "{MARKUP}"'';
  processes."{MARKUP.replace('"', "")}".exec = "{MARKUP.replace('"', "")}";
}}
"""
# What is in a page that our own script and fragments did not put there, and what shows as something that it is not.
STRANGE = """() => {
    const found = [];
    for (const item of document.querySelectorAll("*")) {
        if (/^(script|iframe|object|embed|base|frame|applet|portal)$/i.test(item.nodeName) &&
            !(item.nodeName === "SCRIPT" && item.src.startsWith(location.origin + "/assets/")))
            found.push(item.outerHTML);
        for (const { name, value } of item.attributes) {
            if (/^on/i.test(name) || name === "style" || name === "srcdoc") found.push(`${item.nodeName} ${name}`);
            if (/^(href|src|action|formaction|xlink:href)$/i.test(name) && !/^[#/](?!\\/)/.test(value))
                found.push(`${item.nodeName} ${name}=${value}`);
        }
    }
    for (const name of ["line", "main"])
        if (document.querySelectorAll(`#${name}`).length !== 1) found.push(`two of #${name}`);
    return found;
}"""
WATCH = (
    "window.violations = []; addEventListener('securitypolicyviolation', e => violations.push(e.violatedDirective));"
)


@pytest.fixture(scope="module")
def hostile(review: Callable[..., Reviewed], tmp_path_factory: pytest.TempPathFactory) -> Reviewed:
    """A page over a project in which every text that others can choose is an attack."""
    root = tmp_path_factory.mktemp("hostile").resolve()
    (root / "devenv.nix").write_text(NIX)
    (root / "devkeel.toml").write_text(f'[gates]\nstage = "growth"\ncommand = [{json.dumps(MARKUP)}]\n')
    with Wire(root, client=HOSTILE[:200]) as agent:
        agent.told("add_packages", names=["ripgrep"], reason=HOSTILE, level="syntax")
        (root / "devenv.nix").write_text(
            (root / "devenv.nix").read_text() + "# outside " + HOSTILE.translate({0: None, 13: None}) + "\n"
        )
        agent.call(
            "edit_environment", edits=[{"kind": "set", "path": f"a.{HOSTILE}", "value": HOSTILE}], reason=HOSTILE
        )
        edits = [{"kind": "set", "path": "env.GREETING", "value": MARKUP}]
        agent.told("edit_environment", edits=edits, reason=HOSTILE, level="syntax")
    jobs = Jobs(root / ".devkeel")
    for failing in (False, True):

        def work(job: Any, failing: bool = failing) -> dict[str, str]:
            job.log.add(HOSTILE.encode() + b"\n")
            job.tell(HOSTILE)
            if failing:
                raise RuntimeError(HOSTILE)
            return {HOSTILE: HOSTILE}

        job = jobs.start(JobSpec("command", HOSTILE), work)
        jobs.keep(job)
        assert job.wait(60)
    figures = Figures()
    keep(
        root / ".devkeel",
        GateRecord(
            *(HOSTILE, "warn", "failed"),  # type: ignore[arg-type]
            {HOSTILE: 80.0},
            {HOSTILE: 7.0},
            figures,
            "2026-01-01T00:00:00+00:00",
            1.0,
            environment=HOSTILE,
        ),
    )
    return review("--write", root=root)


def addresses(root: Path) -> list[str]:
    """Return every view that there is, and what they can be asked for, text of an attacker among it."""
    jobs = [path.stem for path in (root / ".devkeel" / "jobs").glob("*.json")]
    found = [name for name, view in VIEWS.items() if view.name not in ("operation", "job")]
    found += [f"operation?id={number}" for number in (1, 2, 3, 99)]
    found += [f"job?id={name}" for name in jobs] if "job" in VIEWS else []
    quoted = "%3Cimg%20src%3Dx%20onerror%3Dhacked%3D1%3E"
    found += [
        f"history?by={quoted}&file={quoted}&about={quoted}",
        f"operation?id={quoted}",
        quoted,
        f"operation?id=1&{quoted}=1",
    ]
    return found


def test_text_of_others_is_only_ever_text(hostile: Reviewed, page: Page) -> None:
    page.add_init_script(WATCH)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(hostile.address)
    expect(page.locator("#line")).to_have_attribute("data-state", "live")
    seen = 0
    for address in addresses(hostile.root):
        page.evaluate(
            "address => { document.getElementById('main').textContent = ''; location.hash = address; }", address
        )
        expect(page.locator("#main h1")).to_be_visible()
        page.evaluate("document.querySelectorAll('details').forEach(item => (item.open = true))")
        assert page.evaluate(STRANGE) == [], address
        assert page.evaluate("[window.hacked, window.violations.length]") == [None, 0], address
        text = page.evaluate("document.body.innerText + document.title")
        assert not UNSEEN.search(text), (address, UNSEEN.search(text))
        assert "49" not in re.findall(r"49</b>|>49<", text)
        seen += "<img src=x" in text
    assert seen >= 4
    assert dialogs == []


def test_what_an_act_answers_is_only_ever_text(hostile: Reviewed, page: Page) -> None:
    page.add_init_script(WATCH)
    page.goto(f"{hostile.address}&history")
    expect(page.locator("#line")).to_have_attribute("data-state", "live")
    forms = [
        {"operation": "1"},
        {"operation": MARKUP},
        dict.fromkeys(("id", "name", "reason", "revision"), HOSTILE),
    ]
    for name in ACTS:
        for form in forms:
            page.evaluate(
                """async ([name, fields]) => {
                    const { markupOf, fragmentOf } = await import("/assets/regions.js");
                    const { ask } = await import("/assets/session.js");
                    const answer = await ask(`/do/${name}`, { method: "POST", body: JSON.stringify(fields) });
                    document.getElementById("main").replaceChildren(fragmentOf(await markupOf(answer)));
                }""",
                [name, form],
            )
            strange = [item for item in page.evaluate(STRANGE) if "two of #main" not in item]
            assert strange == [], name
            assert page.evaluate("[window.hacked, window.violations.length]") == [None, 0], name
            assert not UNSEEN.search(page.evaluate("document.body.innerText"))


class Evil:
    """A page of somebody else on this machine, what it was sent, and what its scripts have found."""

    def __init__(self) -> None:
        self.cookies: list[str] = []
        self.kind = "text/html"
        self.body = "<!doctype html><title>evil</title>"
        evil = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                evil.cookies.append(self.headers.get("Cookie", ""))
                self.send_response(200)
                self.send_header("Content-Type", evil.kind)
                self.end_headers()
                self.wfile.write(evil.body.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_address[1]}"


@contextmanager
def evil_page() -> Iterator[Evil]:
    evil = Evil()
    thread = threading.Thread(target=evil.server.serve_forever, daemon=True)
    thread.start()
    yield evil
    evil.server.shutdown()
    thread.join()
    evil.server.server_close()


# Each returns what it got; whatever another origin can read of an answer would be in it.
TRIES = {
    "fetch": "fetch(o + '/view/history', {credentials: 'include'}).then(a => a.text())",
    "fetch without cors": (
        "fetch(o + '/view/history', {credentials: 'include', mode: 'no-cors'}).then(a => a.type + ' ' + a.status)"
    ),
    "its header": (
        "fetch(o + '/view/now', {credentials: 'include', headers: {'X-Devkeel-Page': 'x'}}).then(a => a.text())"
    ),
    "act": (
        "fetch(o + '/do/undo', {method: 'POST', credentials: 'include', mode: 'no-cors', body: '{}'})"
        ".then(a => a.type + ' ' + a.status)"
    ),
    "act in json": (
        "fetch(o + '/do/undo', {method: 'POST', credentials: 'include', body: '{\"operation\": \"1\"}',"
        " headers: {'Content-Type': 'application/json'}}).then(a => a.text())"
    ),
    "session": (
        "fetch(o + '/session', {method: 'POST', credentials: 'include', mode: 'no-cors', body: '{\"token\": \"x\"}'})"
        ".then(a => a.type + ' ' + a.status)"
    ),
    "beacon": "Promise.resolve(navigator.sendBeacon(o + '/do/undo', '{\"operation\": \"1\"}')).then(() => '')",
    "events": (
        "new Promise(r => { const e = new EventSource(o + '/events', {withCredentials: true});"
        " e.onmessage = m => r(m.data); e.addEventListener('marks', m => r(m.data));"
        " e.onerror = () => (e.close(), r('')); })"
    ),
    "socket": (
        "new Promise(r => { const w = new WebSocket(o.replace('http', 'ws') + '/events');"
        " w.onopen = () => r('open'); w.onmessage = m => r(m.data); w.onerror = () => r(''); })"
    ),
    "script": (
        "new Promise(r => { const s = document.createElement('script'); s.src = o + '/assets/session.js';"
        " s.onload = () => r('loaded'); s.onerror = () => r(''); document.head.append(s); })"
    ),
    "module": "import(o + '/assets/session.js').then(m => Object.keys(m).join())",
    "style": (
        "new Promise(r => { const s = document.createElement('link'); s.rel = 'stylesheet';"
        " s.href = o + '/assets/review.css'; s.onload = () => r('loaded'); s.onerror = () => r('');"
        " document.head.append(s); })"
    ),
    "image": (
        "new Promise(r => { const i = new Image(); i.onload = () => r('loaded'); i.onerror = () => r('');"
        " i.src = o + '/assets/icon.svg'; })"
    ),
    "frame": (
        "new Promise(r => { const f = document.createElement('iframe'); f.src = o + '/';"
        " f.onload = () => { try { r(f.contentDocument.body.innerText) } catch { r('') } }; document.body.append(f); })"
    ),
    "window": (
        "new Promise(r => { const w = open(o + '/');"
        " setTimeout(() => { try { r(String(w.location.href)) } catch { r('') } }, 500); })"
    ),
}


def test_a_page_of_another_port_of_this_machine_reads_and_does_nothing(
    review: Callable[..., Reviewed], page: Page
) -> None:
    served = review("--write", "--execute")
    assert served.command("add", "curl").returncode == 0
    page.goto(f"{served.address}&history")
    expect(page.locator("#main h1")).to_be_visible()
    before = (served.root / "devenv.nix").read_bytes()
    with evil_page() as evil:
        other = page.context.new_page()
        for origin in (evil.origin, evil.origin.replace("127.0.0.1", "localhost")):
            other.goto(origin)
            got = {
                name: other.evaluate(f"o => ({attempt}).catch(() => '')", served.origin)
                for name, attempt in TRIES.items()
            }
            opaque = {name: text for name, text in got.items() if text not in ("", "about:blank")}
            # The type of an answer that no script can see into, and no status.
            assert set(opaque.values()) <= {"opaque 0"}, opaque
        # A form leads away; its answer is a refusal.
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
            other.goto(evil.origin)
            with other.expect_navigation() as led:
                other.evaluate(
                    """([o, kind]) => {
                        const form = document.createElement("form");
                        Object.assign(form, { method: "POST", action: o + "/do/undo", enctype: kind });
                        const field = document.createElement("input");
                        Object.assign(field, { name: '{"operation":"1","a', value: '":""}' });
                        form.append(field);
                        document.body.append(form);
                        form.submit();
                    }""",
                    [served.origin, kind],
                )
            assert led.value is not None
            assert led.value.status == 403
        # A cookie knows no port, but it knows the name, which is the page's own.
        assert evil.cookies
        assert not [item for item in evil.cookies if "devkeel-" in item]
        # And one that was stolen otherwise is worth nothing.
        (cookie,) = page.context.cookies(served.origin)
        stolen = {"Cookie": f"{cookie['name']}={cookie['value']}"}
        asking = Asking(served)
        for path in ("/view/history", "/view/now", "/events"):
            assert asking.ask("GET", path, headers=stolen)[0] == 401
            assert asking.ask("GET", path, headers={**stolen, "X-Devkeel-Page": ""})[0] == 401
        assert asking.ask("POST", "/do/undo", {"operation": "1"}, stolen)[0] == 401
    assert (served.root / "devenv.nix").read_bytes() == before
    page.reload()
    expect(page.locator("#main h1")).to_be_visible()  # and it is signed in still


WORKER = """
self.addEventListener("install", event => event.waitUntil(self.skipWaiting()));
self.addEventListener("activate", event => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", event => event.respondWith(new Response(
    "<!doctype html><title>taken</title><h1>taken</h1>", { headers: { "Content-Type": "text/html" } })));
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the page has a name of its own where browsers lead it to loopback")
def test_what_served_this_port_before_does_not_answer_for_the_page(review: Callable[..., Reviewed], page: Page) -> None:
    """A service worker belongs to a name and its port, and outlives its server."""
    with evil_page() as evil:
        port = evil.server.server_address[1]
        for host in ("127.0.0.1", "localhost"):
            page.goto(f"http://{host}:{port}/")
            evil.kind, evil.body = "text/javascript", WORKER
            page.evaluate("navigator.serviceWorker.register('/worker.js').then(() => navigator.serviceWorker.ready)")
            evil.kind, evil.body = "text/html", "<title>evil</title>"
    page.goto(f"http://127.0.0.1:{port}/")
    assert page.title() == "taken"
    served = review("--port", str(port))
    page.goto(f"{served.address}&history")
    expect(page.locator("#line")).to_have_attribute("data-state", "live")
    assert page.title() != "taken"


def test_a_name_that_was_made_to_lead_here_is_not_answered(review: Callable[..., Reviewed], browser: Browser) -> None:
    """DNS rebinding: the page of evil.example asks its own name, which leads to this machine by now."""
    served = review("--write")
    port = Asking(served).where[1]
    rules = "--host-resolver-rules=MAP evil.example 127.0.0.1"
    with browser.browser_type.launch(executable_path=CHROMIUM, args=["--no-sandbox", rules]) as other:
        page = other.new_page()
        for path in ("/", "/assets/review.js", "/view/now", "/session"):
            answer = page.goto(f"http://evil.example:{port}{path}")
            assert answer is not None
            assert answer.status == 421
        assert page.evaluate("fetch('/view/now').then(a => a.status)") == 421
        # Signed in by the real name, and the rebound name is another site, which gets nothing of that.
        page.goto(served.address)
        expect(page.locator("#main h1")).to_be_visible()
        answer = page.goto(f"http://evil.example:{port}/view/now")
        assert answer is not None
        assert answer.status == 421


def test_an_address_without_what_stands_behind_the_hash_opens_nothing(
    review: Callable[..., Reviewed], browser: Browser, page: Page
) -> None:
    served = review("--write")
    assert served.command("add", "curl", "--reason", "a secret plan").returncode == 0
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url + json.dumps(request.headers)))
    page.goto(f"{served.address}&history")
    expect(page.locator("#main")).to_contain_text("a secret plan")
    token = served.address.partition("#open=")[2]
    assert not [item for item in asked if token in item]
    assert token not in page.url
    assert page.evaluate("[history.length, document.referrer, localStorage.length, document.cookie]") == [2, "", 0, ""]
    # A tab of the same browser joins, while there is one that is signed in.
    here = page.context
    further = here.new_page()
    further.goto(page.url)
    expect(further.locator("#main")).to_contain_text("a secret plan")
    page.close()
    further.close()
    alone = here.new_page()
    alone.goto(f"{served.origin}/#history")
    expect(alone.locator("#line")).to_have_attribute("data-state", "closed")
    assert "a secret plan" not in alone.content()
    assert served.root.name not in alone.content()
    # Another browser, also with a wrong one.
    context = browser.new_context()
    other = context.new_page()
    for end in ("", "/#open=", "/#open=x", f"/#open={token[:-1]}", f"/#open={token}x", "/#history"):
        other.goto("about:blank")
        other.goto(served.origin + end)
        expect(other.locator("#line")).to_have_attribute("data-state", "closed")
        assert "a secret plan" not in other.content()
    context.close()


def test_a_server_that_is_busy_while_one_signs_in_is_asked_again(review: Callable[..., Reviewed], page: Page) -> None:
    served = review()
    answers = iter([503, 429, 0])

    def hold(route: Any) -> None:
        status = next(answers, None)
        if status is None:
            route.continue_()
        elif status:
            route.fulfill(status=status, content_type="application/json", body="{}")
        else:
            route.abort()

    page.route("**/session", hold)
    page.goto(f"{served.address}&history")
    expect(page.locator("#line")).to_have_attribute("data-state", "live")
    assert page.url == f"{served.origin}/#history"
    # Somebody leads this page to a wrong token: it stays what it is.
    page.goto(f"{served.origin}/#open=wrong&operation?id=1")  # the page loads itself anew
    page.wait_for_url(f"{served.origin}/#operation?id=1")
    expect(page.locator("#line")).to_have_attribute("data-state", "live")


def test_pages_of_one_browser_are_signed_in_beside_each_other_and_one_follows_for_all(
    review: Callable[..., Reviewed], page: Page
) -> None:
    served = review("--write")
    streams: list[str] = []
    page.context.on("request", lambda request: streams.append(request.url) if request.url.endswith("/events") else None)
    pages = [page, *(page.context.new_page() for _ in range(8))]
    for item in pages:
        item.goto(f"{served.address}&history")
        expect(item.locator("#line")).to_have_attribute("data-state", "live")
    assert len(streams) == 1
    assert served.command("add", "curl", "--reason", "one").returncode == 0
    for item in pages:
        expect(item.locator("#main")).to_contain_text("one")
    # The one that follows is closed; another takes its place, and nothing is missed.
    page.close()
    assert served.command("add", "fd", "--reason", "other").returncode == 0
    for item in pages[1:]:
        expect(item.locator("#main")).to_contain_text("other")
    assert len(streams) == 2


def test_a_page_that_slept_catches_up(review: Callable[..., Reviewed], page: Page) -> None:
    served = review()
    page.goto(f"{served.address}&history")
    expect(page.locator("#line")).to_have_attribute("data-state", "live")
    line = page.context.new_cdp_session(page)
    line.send("Page.setWebLifecycleState", {"state": "frozen"})
    assert served.command("add", "curl", "--reason", "while it slept").returncode == 0
    line.send("Page.setWebLifecycleState", {"state": "active"})
    expect(page.locator("#main")).to_contain_text("while it slept")
    # And one whose line was cut.
    page.context.set_offline(offline=True)
    assert served.command("add", "fd", "--reason", "while it was away").returncode == 0
    page.context.set_offline(offline=False)
    expect(page.locator("#main")).to_contain_text("while it was away")
