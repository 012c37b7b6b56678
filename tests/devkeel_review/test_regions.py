"""A view that is read again takes nothing from its reader: focus, what is open, answers, logs; and none stays dead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page
    from tests.devkeel_review.conftest import Reviewed

pytestmark = pytest.mark.xdist_group("review-regions")
PATCHED = """async ([before, after, act]) => {
    const { patch, fragmentOf } = await import("/assets/regions.js");
    const main = document.getElementById("main");
    main.replaceChildren(fragmentOf(before));
    window.old = new Map([...main.querySelectorAll("[id]")].map(item => [item.getAttribute("id"), item]));
    if (act) new Function("main", act)(main);
    patch(main.firstElementChild, fragmentOf(after).firstElementChild, true);
    return {
        markup: main.innerHTML,
        same: [...main.querySelectorAll("[id]")].map(i => i.getAttribute("id")).filter(i => old.get(i) ===
            main.querySelector(`[id="${i}"]`)),
        focus: document.activeElement.getAttribute("id"),
    };
}"""


@pytest.fixture(scope="module")
def served(review: Callable[..., Reviewed]) -> Reviewed:
    return review("--write")


@pytest.fixture
def patched(served: Reviewed, page: Page) -> Callable[..., dict[str, Any]]:
    """Return what becomes of a region, after an act of its reader, when it is read again."""
    page.goto(served.address)
    expect(page.locator("#line")).to_have_attribute("data-state", "live")
    page.context.set_offline(offline=True)  # the page itself reads nothing meanwhile

    def patch(before: str, after: str, focus: str | None = None) -> dict[str, Any]:
        # new Function is what the policy of the page forbids: the focus is set by its id instead.
        script = PATCHED.replace('if (act) new Function("main", act)(main);', "if (act) old.get(act).focus();")
        found: dict[str, Any] = page.evaluate(script, [before, after, focus])
        return found

    return patch


def test_a_region_becomes_what_it_is_read_as(patched: Callable[..., dict[str, Any]]) -> None:
    shapes = [
        "<p>a</p>",
        "",
        "text <b>bold</b> text",
        '<ol> <li id="a">1</li> <li id="b">2</li> </ol>',
        '<ol> <li id="c">3</li> <li id="a">1</li> </ol>',
        '<ol> <li id="b">2</li> <li id="c">3</li> <li id="a">4</li> <li>x</li> </ol>',
        '<p class="x" hidden="">a</p><p id="p">b</p>',
        '<p id="p">b</p><p>c</p>text',
        '<form id="f"><input name="id" value="1"><input name="name"><input name="children"></form>',
        '<form id="g"><input name="id" value="2"></form><form id="f"><input name="id" value="1"></form>',
    ]
    for before in shapes:
        for after in shapes:
            found = patched(f"<section>{before}</section>", f"<section>{after}</section>")
            assert found["markup"] == f"<section>{after}</section>", before


def test_what_has_the_focus_keeps_it_whatever_comes_and_goes_around_it(patched: Callable[..., dict[str, Any]]) -> None:
    row = '<li id="{0}"><form id="form-{0}"><input name="id" value="{0}"><button id="button-{0}">x</button></form></li>'

    def rows(*names: str) -> str:
        return f"<section><ol> {' '.join(row.format(name) for name in names)} </ol></section>"

    for after in (rows("a", "b", "c"), rows("z", "a", "b", "c"), rows("b", "c"), rows("b"), rows("z", "y", "b")):
        found = patched(rows("a", "b", "c"), after, "button-b")
        assert found["focus"] == "button-b", after
        assert {"b", "form-b", "button-b"} <= set(found["same"])


def test_what_the_page_put_there_stays(patched: Callable[..., dict[str, Any]]) -> None:
    before = (
        '<section><div id="answer" data-filled="">undone</div><pre id="log" data-log="job?id=1">line</pre>'
        '<details id="d" open><summary>s</summary>old</details><section id="part" data-view="locks">locks</section>'
        '<form id="f" aria-busy="true"><button id="b" disabled>go</button></form></section>'
    )
    after = (
        '<section><div id="answer"></div><pre id="log" data-log="job?id=1"></pre>'
        '<details id="d"><summary>s</summary>new</details><section id="part" data-view="locks">loading</section>'
        '<form id="f"><button id="b">go</button></form></section>'
    )
    found = patched(before, after)["markup"]
    assert all(text in found for text in ("undone", "line", "new", ">locks<", "disabled")), found
    assert '<details id="d" open="">' in found


def test_a_view_that_cannot_be_shown_is_shown_as_soon_as_it_can_be(served: Reviewed, page: Page) -> None:
    page.goto(f"{served.address}&operation?id=1")
    expect(page.locator("#main .problem, #main .failed")).to_be_visible()
    assert served.command("add", "curl", "--reason", "the first one").returncode == 0
    expect(page.locator("#main")).to_contain_text("pkgs.curl")


def test_a_region_that_failed_once_is_no_dead_one(served: Reviewed, page: Page) -> None:
    page.goto(f"{served.address}&now")
    expect(page.locator("#main #now")).to_be_visible()
    page.route("**/view/now*", lambda route: route.fulfill(status=409, content_type="text/html", body="<p>failed</p>"))
    file = served.root / "devenv.nix"
    file.write_text("{ pkgs, ... }:\n{\n  packages = [ pkgs.hello ];\n}\n")
    expect(page.locator("#main #now")).to_have_text("failed")
    page.unroute("**/view/now*")
    file.write_text("{ pkgs, ... }:\n{\n  packages = [ pkgs.fd ];\n}\n")
    expect(page.locator("#main #now")).not_to_have_text("failed")
    expect(page.locator("#main #now h1")).to_be_visible()


def test_who_loses_what_had_the_focus_is_at_the_heading_of_its_view(served: Reviewed, page: Page) -> None:
    page.goto(f"{served.address}&history")
    expect(page.locator("#main h1")).to_be_visible()
    page.evaluate(
        """() => {
            const gone = document.createElement("button");
            gone.id = "gone";
            document.querySelector("#main [data-view]").append(gone);
            gone.focus();
        }"""
    )
    assert served.command("add", "ripgrep").returncode == 0
    expect(page.locator("#gone")).to_have_count(0)
    assert page.evaluate("document.activeElement.nodeName") == "H1"
