"""Only the token opens a page, and only both halves of what it gives keep it open."""

from __future__ import annotations

import pytest

from devkeel_review.sessions import Sessions, TooManyTriesError


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


def test_the_page_that_was_used_longest_ago_ends_where_there_are_too_many() -> None:
    sessions = Sessions()
    signed = [sessions.sign_in(sessions.token) for _ in range(100)]
    known = [item is not None and sessions.knows(item.cookie, item.page) for item in signed[:50]]
    assert all(known)
    signed += [sessions.sign_in(sessions.token) for _ in range(50)]
    known = [item is not None and sessions.knows(item.cookie, item.page) for item in signed]
    assert known == [True] * 50 + [False] * 50 + [True] * 50


def test_further_pages_of_a_browser_end_none_of_its_pages() -> None:
    sessions = Sessions()
    one = sessions.sign_in(sessions.token)
    assert one is not None
    assert sessions.sign_in(sessions.token, one.cookie) == one
    other = sessions.sign_in(sessions.token, "of another server, or of an end before")
    assert other is not None
    assert other.cookie not in (one.cookie, "of another server, or of an end before")
    assert sessions.knows(one.cookie, one.page)


def test_a_cookie_alone_signs_nobody_in() -> None:
    sessions = Sessions()
    one = sessions.sign_in(sessions.token)
    assert one is not None
    assert sessions.sign_in("x" * 43, one.cookie) is None


def test_many_wrong_tokens_are_told_to_wait_and_keep_no_right_one_out() -> None:
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    for _ in range(100):
        assert sessions.sign_in(sessions.token) is not None
    assert [sessions.sign_in(str(number)) for number in range(20)] == [None] * 20
    with pytest.raises(TooManyTriesError):
        sessions.sign_in("x")
    assert sessions.sign_in(sessions.token) is not None
    now[0] += 1.0
    assert sessions.sign_in("x") is None
    with pytest.raises(TooManyTriesError):
        sessions.sign_in("x")
    assert sessions.sign_in(sessions.token) is not None


def test_two_servers_have_two_tokens() -> None:
    assert Sessions().token != Sessions().token
    assert len(Sessions().token) >= 43  # 256 bits
