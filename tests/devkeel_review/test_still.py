"""A fragment in a file shows what it showed, and does nothing."""

from __future__ import annotations

import pytest

from devkeel_review.still import still

HOSTILE = "&lt;script&gt;alert(1)&lt;/script&gt; &amp;lt; &#39; &nbsp; é"


def test_text_stays_as_it_was_escaped() -> None:
    assert still(f"<p>{HOSTILE}</p>", (), prefix="x", deeper=0) == f"<p>{HOSTILE}</p>"


def test_values_of_attributes_stay_escaped() -> None:
    markup = '<code title="&quot;&gt;&lt;img src=x onerror=alert(1)&gt; &amp;quot;">a</code>'
    kept = still(markup, (), prefix="x", deeper=0)
    assert kept == markup
    assert "<img" not in kept


@pytest.mark.parametrize(
    "markup",
    [
        '<form data-act="undo"><input name="a"><p><button>Undo</button></form>',
        "<button>Undo<br>it</button>",
        '<pre data-log="process?name=a">x</pre>',
        '<header class="head"><h1>Title</h1><div class="buttons"><a href="#now">b</a></div></header>',
        '<div class="x pager"><a href="#now">more</a></div>',
        "<script>1</script>",
        "<style>p{}</style>",
        "<!-- words -->",
        '<input name="a"><input/>',
    ],
)
def test_what_acts_is_left_out_and_what_follows_stays(markup: str) -> None:
    assert still(f"<p>a</p>{markup}<p>b</p>", ("#now",), prefix="x", deeper=0) == "<p>a</p><p>b</p>"


def test_links_lead_to_what_is_in_the_file_alone() -> None:
    markup = '<a href="#operation?id=1">1</a> <a href="#job?id=2">2</a> <a href="https://example.org">3</a>'
    kept = still(markup, ("#operation?id=1",), prefix="x", deeper=0)
    assert kept == '<a href="#operation?id=1">1</a> <a>2</a> <a>3</a>'


def test_ids_of_fragments_that_come_together_stay_apart() -> None:
    markup = '<section aria-labelledby="a b"><h2 id="a">A</h2><i id="b">B</i></section>'
    kept = '<section aria-labelledby="x-a x-b"><h4 id="x-a">A</h4><i id="x-b">B</i></section>'
    assert still(markup, (), prefix="x", deeper=2) == kept


def test_pictures_stay_pictures() -> None:
    markup = '<svg viewBox="0 0 9 9" preserveAspectRatio="none"><path d="M0 0"/><rect width="1"/></svg>'
    assert still(markup, (), prefix="x", deeper=0) == markup


@pytest.mark.parametrize("attribute", ['style="color:red"', 'onclick="x()"', 'data-view="now"', 'data-key="u"'])
def test_attributes_that_the_page_alone_needs_are_left_out(attribute: str) -> None:
    assert still(f"<p {attribute}>a</p>", (), prefix="x", deeper=0) == "<p>a</p>"


def test_times_say_when_it_was_whenever_that_is_read() -> None:
    markup = '<time datetime="2026-11-29T22:14:00Z" data-form="ago">a</time>'
    assert still(markup, (), prefix="x", deeper=0) == markup.replace("ago", "at")


def test_names_for_a_screen_reader_stay_apart() -> None:
    markup = '<section aria-label="devenv.nix">a</section>'
    kept = still(markup, (), prefix="x", deeper=0, of="operation 3")
    assert kept == '<section aria-label="devenv.nix, operation 3">a</section>'
