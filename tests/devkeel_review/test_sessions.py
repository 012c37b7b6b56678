"""Only the token opens a page, and only both halves of what it gives keep it open."""

from __future__ import annotations

import pytest

from devkeel_review.sessions import Sessions


def test_the_token_gives_what_opens_the_page() -> None:
    sessions = Sessions()
    signed = sessions.sign_in(sessions.token)
    assert signed is not None
    assert sessions.knows(signed.cookie, signed.page)


@pytest.mark.parametrize("token", ["", "x", "\udcff", "é"])
def test_another_token_gives_nothing(token: str) -> None:
    assert Sessions().sign_in(token) is None


def test_half_of_it_or_halves_of_two_pages_open_nothing() -> None:
    sessions = Sessions()
    one, other = sessions.sign_in(sessions.token), sessions.sign_in(sessions.token)
    assert one is not None
    assert other is not None
    tried = [(one.cookie, other.page), (one.cookie, None), (None, one.page), (one.cookie, ""), ("", ""), ("x", "")]
    assert [pair for pair in tried if sessions.knows(*pair)] == []


def test_the_oldest_page_ends_where_there_are_too_many() -> None:
    sessions = Sessions()
    signed = [sessions.sign_in(sessions.token) for _ in range(101)]
    known = [item is not None and sessions.knows(item.cookie, item.page) for item in signed]
    assert known == [False, *[True] * 100]
