"""What stands before the page, driven as a server drives it: who gets in, and what every answer says to a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from starlette.responses import JSONResponse

from devkeel_loopback.limits import Limits
from devkeel_review.front import LIMITS, PAGE_HEADER, POLICY, Front
from devkeel_review.sessions import Sessions

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

pytestmark = pytest.mark.anyio
FORM = {"Content-Type": "application/json"}
OWN = "http://127.0.0.1:7"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    await JSONResponse({"path": scope["path"]})(scope, receive, send)


class Fronted:
    """A front with one browser that is signed in."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.sessions = Sessions()
        signed = self.sessions.sign_in(self.sessions.token)
        assert signed is not None
        self.cookie = {"Cookie": f"devkeel-7={signed.cookie}"}
        self.both = {**self.cookie, PAGE_HEADER: signed.page}
        front = Front(echo, cookie="devkeel-7", sessions=self.sessions, limits=limits)
        self.client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=front), base_url=OWN)

    async def status(self, method: str, path: str, headers: dict[str, str], content: bytes = b"") -> int:
        return (await self.client.request(method, path, headers=headers, content=content)).status_code


PLACES = [
    *[("GET", path) for path in ("/view/now", "/view/nothing", "/events", "/log/process?name=a", "/else", "/assets")],
    *[("POST", path) for path in ("/do/undo", "/do/nothing", "/view/now", "/else")],
]


@pytest.mark.parametrize(("method", "path"), PLACES)
async def test_only_both_halves_of_a_session_open_a_place(method: str, path: str) -> None:
    here = Fronted()
    other = here.sessions.sign_in(here.sessions.token)
    assert other is not None
    half: list[dict[str, str]] = [
        {},
        here.cookie,
        {PAGE_HEADER: here.both[PAGE_HEADER]},
        {**here.cookie, PAGE_HEADER: ""},
        {**here.cookie, PAGE_HEADER: other.page},
        {"Cookie": here.cookie["Cookie"].replace("devkeel-7", "devkeel-8"), PAGE_HEADER: here.both[PAGE_HEADER]},
        {"Cookie": "devkeel-7=", PAGE_HEADER: ""},
        {"Authorization": f"Bearer {here.sessions.token}"},
    ]
    assert [await here.status(method, path, {**FORM, **given}, b"{}") for given in half] == [401] * len(half)
    assert await here.status(method, path, {**FORM, **here.both}, b"{}") == 200


async def test_what_has_nothing_of_the_project_is_open() -> None:
    here = Fronted()
    assert [await here.status("GET", path, {}) for path in ("/", "/assets/review.js")] == [200, 200]
    assert await here.status("POST", "/session", FORM, b"{}") == 200


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"Origin": OWN}, 200),
        ({"Origin": "http://127.0.0.1:8"}, 403),
        ({"Origin": "http://localhost:7"}, 403),
        ({"Origin": "https://127.0.0.1:7"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "anything"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 403),
        ({"Host": "evil.example:7"}, 421),
        ({"Host": "127.0.0.1.evil.example"}, 421),
        ({"Host": ""}, 421),
        ({"Host": "localhost:7"}, 200),
        ({"Host": "[::1]:7"}, 200),
        # A tunnel leads here from another port of the reader's machine.
        ({"Host": "localhost:9", "Origin": "http://localhost:9"}, 200),
        ({"Host": "localhost:9", "Origin": "http://localhost:7"}, 403),
    ],
)
async def test_another_page_gets_nothing_even_with_both(given: dict[str, str], status: int) -> None:
    here = Fronted()
    for method, path in (("GET", "/view/now"), ("POST", "/do/undo")):
        assert await here.status(method, path, {**FORM, **here.both, **given}, b"{}") == status


@pytest.mark.parametrize(
    ("path", "mode", "dest", "status"),
    [
        ("/", "navigate", "document", 200),
        ("/", "navigate", "iframe", 403),
        ("/", "no-cors", "script", 403),
        ("/", "cors", "empty", 403),
        ("/assets/review.js", "no-cors", "script", 403),
        ("/assets/review.css", "navigate", "document", 403),
        ("/view/now", "navigate", "document", 403),
    ],
)
async def test_a_link_of_another_page_leads_to_the_beginning_and_nowhere_else(
    path: str, mode: str, dest: str, status: int
) -> None:
    told = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
    here = Fronted()
    assert await here.status("GET", path, {**told, **here.both}) == status


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "text/plain; application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
)
async def test_a_body_that_any_form_can_send_is_none(kind: str) -> None:
    here = Fronted()
    for path in ("/session", "/do/undo"):
        assert await here.status("POST", path, {**here.both, "Content-Type": kind}, b"{}") == 415


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{}", 200),
        (b'{"a": "b"}', 200),
        (b"", 400),
        (b"[]", 400),
        (b"null", 400),
        (b'"a"', 400),
        (b'{"a": 1}', 400),
        (b'{"a": {}}', 400),
        (b"{", 400),
        (b"\xff", 400),
        (b"[" * 100_000, 400),
        (b'{"a": "' + b"x" * 262_144 + b'"}', 413),
    ],
)
async def test_a_form_is_a_small_object_of_texts(body: bytes, status: int) -> None:
    here = Fronted()
    assert await here.status("POST", "/do/undo", {**FORM, **here.both}, body) == status


async def test_requests_without_an_end_are_told_to_wait() -> None:
    here = Fronted(Limits(rate=1.0, burst=3))
    assert [await here.status("GET", "/", {}) for _ in range(5)] == [200, 200, 200, 429, 429]


async def test_others_use_up_nothing_of_what_a_page_may_ask() -> None:
    here = Fronted(Limits(rate=1.0, burst=3))
    cookie_of_old = {"Cookie": "devkeel-7=of-an-end-before"}
    flood = [await here.status("GET", "/view/now", {"Sec-Fetch-Site": "cross-site", **cookie_of_old}) for _ in range(9)]
    assert flood == [403] * 3 + [429] * 6
    # A script or a reload comes with the cookie alone.
    assert [await here.status("GET", path, here.cookie) for path in ("/", "/assets/review.js")] == [200, 200]
    assert [await here.status("GET", "/view/now", here.both) for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/", {}, 200),
        ("/", {"Host": "evil.example"}, 421),
        ("/view/now", {}, 401),
        ("/view/now", {"Origin": "null"}, 403),
    ],
)
async def test_every_answer_says_the_same_to_the_browser(path: str, headers: dict[str, str], status: int) -> None:
    answer = await Fronted().client.get(path, headers=headers)
    assert answer.status_code == status
    assert {name: answer.headers[name] for name in ("content-security-policy", "cache-control", "referrer-policy")} == {
        "content-security-policy": POLICY,
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
    }
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_no_script_or_style_stands_in_the_page_itself() -> None:
    rules: dict[str, Any] = dict(rule.split(" ", 1) for rule in POLICY.split("; "))
    assert rules["default-src"] == "'none'"
    assert {rules[name] for name in ("script-src", "style-src", "connect-src", "img-src")} == {"'self'"}
    assert {rules[name] for name in ("base-uri", "form-action", "frame-ancestors")} == {"'none'"}
