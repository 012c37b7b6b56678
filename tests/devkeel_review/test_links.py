"""What a sentence marks is a link into the page, and nothing else is one."""

from __future__ import annotations

import pytest

from devkeel.text.actions import do, say
from devkeel_review.links import linked
from devkeel_words.speech import as_link


def test_a_marked_call_is_a_link_and_the_rest_are_words() -> None:
    sentence = say(f"Nothing was applied yet: {do('apply')}, or look at {do('history', operation=4)}.", as_link)
    assert list(linked(sentence)) == [
        ("Nothing was applied yet: ", None),
        ("apply", "#apply"),
        (", or look at ", None),
        ("history, operation 4", "#history"),
        (".", None),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no call",
        "[words](#elsewhere)",
        "[words](javascript:alert(1))",
        "[words](https://example.org)",
        "[two\nlines](#apply)",
        "[](#apply)",
        "[" * 2_000,
        f"[{'x' * 500}](#apply)",
    ],
)
def test_what_leads_nowhere_in_the_page_is_words(text: str) -> None:
    parts = list(linked(text))
    assert "".join(words for words, _ in parts) == text
    assert [address for _, address in parts if address] == []
