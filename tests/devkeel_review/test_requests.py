"""Requests that no page sends: of other methods, to other places, too many, too large, too slow; and who they reach."""

from __future__ import annotations

import errno
import hashlib
import json
import re
import socket
import time
from typing import TYPE_CHECKING

import pytest
from tests.devkeel_mcp.wire import memory_of
from tests.devkeel_review.asking import JSON, Asking, Following

from devkeel_review.acts import ACTS
from devkeel_review.front import LIMITS
from devkeel_review.views import VIEWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.devkeel_review.conftest import Reviewed

pytestmark = pytest.mark.xdist_group("review-requests")


@pytest.fixture(scope="module")
def served(review: Callable[..., Reviewed]) -> Reviewed:
    """A page without a flag, over a project with one operation."""
    found = review()
    assert found.command("add", "curl").returncode == 0
    return found


@pytest.fixture(scope="module")
def asking(served: Reviewed) -> Asking:
    return Asking(served).sign_in()


def tree(root: Path) -> dict[str, str]:
    """Return what is in a project, but for what a reader of the database makes beside it."""
    files = (path for path in root.rglob("*") if path.is_file() and not path.name.endswith(("-shm", "-wal")))
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_every_view_is_read_and_changes_nothing(served: Reviewed, asking: Asking) -> None:
    before = tree(served.root)
    for name in VIEWS:
        for query in ("", "?id=1", "?id=999", "?id=x", "?id=-1", f"?id={'9' * 400}", "?before=x&by=%00&file=..%2F"):
            status, headers, body = asking.ask("GET", f"/view/{name}{query}")
            assert (name, query, status in (200, 404, 409, 403)) == (name, query, True), body
            assert headers["content-type"].startswith("text/html")
    assert tree(served.root) == before


def test_without_a_flag_no_act_writes_whatever_its_form_says(served: Reviewed, asking: Asking) -> None:
    before = tree(served.root)
    forms = [
        {},
        {"operation": "1"},
        {"id": "1", "operation": "1", "revision": "x", "agreed": "true", "dry_run": "false", "answer": "yes"},
        {"name": "a", "action": "start", "reason": "\x00"},
    ]
    statuses: dict[str, set[int]] = {}
    for name, act in ACTS.items():
        statuses[name] = {asking.ask("POST", f"/do/{name}", form)[0] for form in forms}
        assert act.needs is None or statuses[name] == {403}, name
    assert {"undo"} <= statuses.keys()
    assert tree(served.root) == before


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "POST", "GET", "PROPFIND"])
def test_a_place_has_one_method(asking: Asking, method: str) -> None:
    # A method that is said otherwise is none.
    headers = {**JSON, "X-HTTP-Method-Override": "POST", "X-HTTP-Method": "POST"}
    places = {"/": "GET", "/view/now": "GET", "/assets/review.js": "GET", "/do/undo": "POST", "/session": "POST"}
    for path, own in places.items():
        if method != own:
            assert asking.ask(method, path, {}, headers)[0] in (400, 405), path


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../app.py",
        "/assets/..%2fapp.py",
        "/assets/%2e%2e/app.py",
        "/assets/%2e%2e%2fsessions.py",
        "/assets/....//app.py",
        "/assets/..\\app.py",
        "/assets/..%5capp.py",
        "/assets//etc/passwd",
        "/assets/%2fetc%2fpasswd",
        "/assets/review.js%00.css",
        "/assets/review.js/",
        "/assets/review.js/../../templates/shell.html",
        "/assets/.",
        "/assets/",
        "/assets",
        "/assets/__init__.py",
        "/assets/" + "a" * 5_000 + ".js",
        "/assets/%ff.js",
        "/templates/shell.html",
        "//assets/review.js",
        "/ASSETS/review.js",
        "/.devkeel/state.db",
        "/devenv.nix",
        "/view/../assets/review.js",
        "/view/",
        "/view/%2e%2e",
        "/view/nothing",
        "/healthz",
        "/mcp",
        "/docs",
        "/openapi.json",
        "/favicon.ico",
    ],
)
def test_what_is_no_place_leads_nowhere(asking: Asking, path: str) -> None:
    status, headers, body = asking.ask("GET", path)
    assert status in (400, 404), body[:200]
    assert "import" not in body
    assert headers["content-security-policy"]


def test_a_failure_says_nothing_of_this_machine(asking: Asking) -> None:
    for path in ("/assets/%ff.js", "/view/nothing", "/view/%00", "/do/nothing"):
        _, _, body = asking.ask("GET", path)
        assert not re.search(r"Traceback|site-packages|\.py|/home/|/root/", body)


def test_it_is_this_machine_alone_that_is_listened_to(asking: Asking) -> None:
    own = {item[4][0] for item in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in own - {"127.0.0.1", "127.0.1.1"}:
        with socket.socket() as line:
            assert line.connect_ex((address, asking.where[1])) == errno.ECONNREFUSED


def test_a_forged_address_opens_nothing(asking: Asking) -> None:
    for headers in ({"X-Forwarded-For": "127.0.0.1"}, {"X-Forwarded-Host": "localhost"}, {"Host": "evil.example"}):
        status = asking.ask("GET", "/view/now", headers={**headers, "X-Devkeel-Page": "x"})[0]
        assert status in (401, 421)
    where = f"{asking.where[0]}:{asking.where[1]}"
    absolute = f"GET http://evil.example/view/now HTTP/1.1\r\nHost: {where}\r\nConnection: close\r\n\r\n"
    assert b" 200 " not in asking.raw(absolute.encode()).partition(b"\r\n")[0]
    two = f"GET /view/now HTTP/1.1\r\nHost: {where}\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    assert b" 200 " not in asking.raw(two.encode()).partition(b"\r\n")[0]


def test_a_request_that_hides_another_one_is_none(asking: Asking) -> None:
    """RFC 9112, 6.3: a length and chunks at once would let two readers see two ends."""
    session = "".join(f"{name}: {value}\r\n" for name, value in asking.signed.items())
    hidden = f"POST /do/undo HTTP/1.1\r\nHost: x\r\n{session}\r\n"
    head = (
        f"POST /session HTTP/1.1\r\nHost: {asking.where[0]}:{asking.where[1]}\r\nContent-Type: application/json\r\n"
        f"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"
    )
    answers = asking.raw(head.encode())
    assert answers.startswith(b"HTTP/1.1 400") or b"HTTP/1.1 421" in answers
    assert b" 200 " not in answers


def test_a_body_that_is_too_large_is_refused_while_it_comes(asking: Asking) -> None:
    assert asking.ask("POST", "/session", {"token": "x" * LIMITS.body})[0] == 413
    head = (
        f"POST /session HTTP/1.1\r\nHost: {asking.where[0]}:{asking.where[1]}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    piece = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    with socket.create_connection(asking.where, timeout=60) as line:
        line.sendall(head.encode() + piece * 5)
        assert b" 413 " in line.recv(4_096).partition(b"\r\n")[0]


def test_without_a_session_no_body_is_waited_for(asking: Asking) -> None:
    head = (
        f"POST /do/undo HTTP/1.1\r\nHost: {asking.where[0]}:{asking.where[1]}\r\n"
        "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n"
    )
    with socket.create_connection(asking.where, timeout=60) as line:
        line.sendall(head.encode())
        assert b" 401 " in line.recv(4_096).partition(b"\r\n")[0]


def test_heads_that_never_end_keep_no_page_out(served: Reviewed, asking: Asking) -> None:
    lines: list[socket.socket] = []
    try:
        for _ in range(LIMITS.connections + 50):
            line = socket.create_connection(asking.where, timeout=60)
            lines.append(line)
            line.sendall(b"GET / HT")
        assert Asking(served).sign_in().ask("GET", "/view/now")[0] == 200
        assert asking.ask("GET", "/view/now")[0] == 200
    finally:
        for line in lines:
            line.close()


def test_wrong_tokens_are_slowed_and_keep_nobody_out(review: Callable[..., Reviewed]) -> None:
    own = Asking(review()).sign_in()
    tried = [own.ask("POST", "/session", {"token": f"wrong-{number}"})[0] for number in range(25)]
    assert set(tried[:20]) == {401}
    assert 429 in tried[20:]
    assert own.ask("GET", "/view/now")[0] == 200
    assert own.ask("POST", "/session", {"token": own.token})[0] == 200


def test_streams_have_an_end_in_number_and_those_that_hang_up_make_room(asking: Asking) -> None:
    open_ones: list[Following] = []
    while (one := asking.follow()).status == 200:
        open_ones.append(one)
        one.next()
    assert one.status == 503
    assert len(open_ones) == 50
    assert asking.ask("GET", "/view/now")[0] == 200
    for each in (one, *open_ones):
        each.close()
    deadline = time.monotonic() + 60
    while (again := asking.follow()).status != 200:
        again.close()
        assert time.monotonic() < deadline
    again.close()


def test_a_restart_ends_every_session(review: Callable[..., Reviewed], served: Reviewed, asking: Asking) -> None:
    before = Asking(review()).sign_in()
    other = Asking(served)
    other.signed = before.signed
    assert other.ask("GET", "/view/now")[0] == 401
    assert asking.ask("GET", "/view/now")[0] == 200


def test_nobody_without_a_session_writes_into_the_terminal_and_an_end_is_quiet(
    review: Callable[..., Reviewed], capfd: pytest.CaptureFixture[str]
) -> None:
    own = Asking(served := review()).sign_in()
    where = f"{own.where[0]}:{own.where[1]}"
    upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n"
    assert own.raw(f"GET /events HTTP/1.1\r\nHost: {where}\r\n{upgrade}\r\n".encode()).startswith(b"HTTP/1.1 4")
    for garbage in (b"\x1b]0;x\x07\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00"):
        own.raw(garbage)
    with own.follow() as stream:
        stream.next()
        assert served.end() == 0
        assert stream.ended()
    assert capfd.readouterr().err == ""


def test_requests_leave_nothing_behind_in_the_server(served: Reviewed, asking: Asking) -> None:
    def memory(requests: int) -> int:
        for _ in range(requests):
            asking.ask("GET", "/")
        return memory_of(served.process.pid)

    begun = memory(300)
    assert memory(600) - begun <= 2  # MiB; what was never collected came to four


def test_the_token_is_in_no_answer(asking: Asking) -> None:
    for path in ("/", *(f"/view/{name}" for name in VIEWS), "/assets/session.js"):
        _, headers, body = asking.ask("GET", path)
        for secret in (asking.token, asking.signed["X-Devkeel-Page"]):
            assert secret not in body
            assert secret not in json.dumps(headers)


def test_the_cookie_is_for_no_script_and_no_other_page(asking: Asking) -> None:
    _, headers, _ = asking.ask("POST", "/session", {"token": asking.token})
    name, _, rest = headers["set-cookie"].partition("=")
    assert name == f"devkeel-{asking.where[1]}"
    words = {word.strip().lower() for word in rest.split(";")[1:]}
    assert words == {"httponly", "path=/", "samesite=strict"}


@pytest.fixture(autouse=True)
def _alive(served: Reviewed) -> Iterator[None]:
    yield
    assert served.process.poll() is None
