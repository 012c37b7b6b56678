"""What a sentence marks is a link into the page, and nothing else is one."""

from __future__ import annotations

import pytest

from devkeel.text.actions import do, say
from devkeel_review.links import SentencePart, linked
from devkeel_words.speech import as_link


def test_a_marked_call_is_a_link_and_the_rest_are_words() -> None:
    sentence = say(f"Nothing yet: {do('apply')}, {do('history', operation=4)} or {do('add', names=['a'])}.", as_link)
    assert list(linked(sentence)) == [
        SentencePart("Nothing yet: "),
        SentencePart("apply", "#now?act=apply"),
        SentencePart(", "),
        SentencePart("history, operation 4", "#operation?id=4"),
        SentencePart(" or "),
        SentencePart("devkeel add a", None, typed=True),
        SentencePart("."),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no call",
        "[words](#elsewhere)",
        "[words](javascript:alert(1))",
        "[words](https://example.org)",
        '[words](#now?x="onload)',
        "[words](#now?x=1&y=<b>)",
        "a ` alone",
        "[two\nlines](#now)",
        "[](#now)",
        "[" * 2_000,
        f"[{'x' * 500}](#now)",
    ],
)
def test_what_leads_nowhere_in_the_page_is_words(text: str) -> None:
    parts = list(linked(text))
    assert "".join(part.words for part in parts) == text
    assert [part for part in parts if part.address or part.typed] == []
