"""Whether a sentence of a program is only mentioned: compared by a test, echoed, in a diff, searched for, advised.

A sentence counts where a program prints it. What other programs show of it is no failure of the environment: the
rules are rows, and are the same for the sentences of all families.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["is_mentioned"]

_FAR = 24  # lines that are looked back at, for what a line belongs to
_NEAR = 60  # characters before a quotation
_LONG = 400  # characters of one
_DEEP = 16  # quotations that may be open

# What a line begins with that shows a sentence and does not say it.
_ASSERTS = r"(?:[>E]\s{1,20})?\s{0,20}"
_FAILS = r"(?:E\s{1,20})?(?:\w{1,40}\.){0,4}Assertion\w{0,20}: "
_PROMPT = r"(?:\+{1,8} |[$>%\u276f] |[\w.-]{1,40}@\S{1,80}[$#] )?\s{0,8}@?"
_PAGE = r"(?:[\w.-]{1,20}: )?[\w./-]{1,200}\.(?:md|rst|adoc|markdown)(?::\d{1,6}){0,2}:(?!\d)"
_COMMITTED = r"(?:[*|\\/ ]{1,8})?[0-9a-f]{7,40} (?:\([^)\n]{1,80}\) )?"
_SHOWS = (
    # An assertion of a test, in its own source or in what pytest and unittest make of it.
    _ASSERTS + r"(?:self\.|t\.|expect\()?assert\w{0,30}[\s(!]",
    _ASSERTS + r"(?:await )?expect\(",
    _FAILS + r"(?:assert |[^\n]{0,400}(?: [!=]=|not found in|does not match) )",
    # A command that prints text, as a shell with -x, make or a prompt shows it.
    _PROMPT + r"(?:echo|printf|grep|rg|ag|sed|awk)\s",
    r"\+{1,8} (?:cat|\[|\[\[|test|:) ",
    # A line of a diff: a list has a space behind its sign, and a sign before its name has a shell of a log-in.
    r"\+(?=[A-Za-z'\"`#/*.])|-(?=[A-Za-z'\"`#/*.])(?![\w.]{1,40}:|e line|l\w)",
    # A page of documentation that a search found a line in; Sphinx and bundlers say themselves what they failed at.
    _PAGE + r"(?! ?(?:WARNING|ERROR|CRITICAL|SEVERE|[Ee]rror|[Ff]ailed to|[Mm]odule not found)\b|:)",
    # A line of a source: `grep -n` puts no space there. Ruby's own lines have `in`.
    r"[\w./-]{1,200}\.[A-Za-z]\w{0,8}:\d{1,6}:(?=[^\s\d])(?!in\b)",
    # The subject of a commit.
    _COMMITTED + r"(?:[Ff]ix|[Dd]ocs?|[Ff]eat|[Cc]hore|[Rr]efactor|[Tt]est|Add)\w{0,8}\b",
)
_SHOWN = re.compile("|".join(f"(?:{row})" for row in _SHOWS))
# What stands before a quotation that is compared or told of, and what stands behind one.
_COMPARED = re.compile(
    r"\b(?:[Ee]xpect(?:ed|s)?|[Gg]ot|[Ww]ant(?:ed|s)?|[Aa]ctual(?:ly)?|[Rr]eceived|assert\w{0,30}|left|right"
    r"|[Cc]ontains?|to(?:Be|Equal|Match|Contain|Throw)\w{0,20}"
    r"|(?:if|when|whenever|where) (?:you|it|one|this) (?:see|get|run into|print|say)s?"
    r"|docs?|documentation|e\.g\.|example|[Ff]ix(?:e[sd])?|[Ll][Ii][Nn][Tt]|[Mm]entions?|[Tt]itle|[Ss]ubject)"
    r"\b[^\n\"'`]{0,40}$"
    r"|[!=]=\s{0,2}$"
)
_BEHIND = re.compile(
    r"\s{0,2}(?:[!=]=|in\b|not in\b|,? ?(?:but )?(?:want|got|expected)\b|to (?:equal|be|match|contain|include|throw)\b"
    r"|is not (?:capitali[sz]ed|equal|a \w{1,20} of)|!~|=~)"
)
_QUOTES = {'"': '"', "'": "'", "`": "`", "\u201c": "\u201d", "\u2018": "\u2019"}
_OPENS = re.compile(r"(?:^|(?<=[\s(\[{=:,]))[\"'`\u201c\u2018]")
# What goes on without the missing thing: said behind the sentence.
_WITHOUT = re.compile(
    r"[^\n,;.(]{0,60}[,;.(\u2014-]\s{0,2}(?:so |we are |will be |it is )?"
    r"(?:using (?:the |an? |its )?(?:\w{1,20} )?(?:defaults?|fall-?back|built-?in)\b|us(?:ing|es) fall-?back"
    r"|fall(?:ing|s)? ?back\b|skipp(?:ing|ed)\b|ignor(?:ing|ed)\b|continuing\b|proceeding\b)"
)
_TRIES = re.compile(r"\b(?:INFO|DEBUG|info|debug|[Rr]etry(?:ing)?|[Aa]ttempt)\b")
_REACHED = re.compile(r"\b(?:[Rr]e)?[Cc]onnected\b(?! to the target)|\b[Cc]onnection established\b|\bsucceeded\b")
_COMPARISON = re.compile(r"E\s{1,20}(?:(?:\w{1,40}\.){0,4}AssertionError: )?assert ")
_COMMIT = re.compile(r"commit [0-9a-f]{7,40}\b")


def is_mentioned(line_at: Callable[[int], str | None], number: int, begin: int, end: int) -> bool:
    """Return whether a sentence is shown and not said.

    line_at: gives a line by its number, None outside of the text. number: of the line of the sentence; begin, end:
    where it stands in that line.
    """
    line = line_at(number) or ""
    return (
        _SHOWN.match(line) is not None
        or line.rstrip().endswith(" PASSED")
        or _is_compared(line, begin, end)
        or _WITHOUT.match(line, end) is not None
        or _is_of_comparison(line_at, number, line)
        or _is_of_commit(line_at, number, line)
        or _is_over(line_at, number, line)
    )


def _is_compared(line: str, begin: int, end: int) -> bool:
    """Return whether the sentence begins inside of quotes whose text an assertion compares."""
    for opening in [*_OPENS.finditer(line, max(0, begin - _LONG), begin)][-_DEEP:]:
        close = _QUOTES[opening[0]]
        if _closed(line, close, opening.end(), begin) is not None:
            continue
        if _COMPARED.search(line, max(0, opening.start() - _NEAR), opening.start()):
            return True
        shut = _closed(line, close, max(end - 1, opening.end()), min(len(line), end + _LONG))
        if shut is not None and _BEHIND.match(line, shut + 1):
            return True
    return False


def _closed(line: str, close: str, begin: int, end: int) -> int | None:
    """Return where a quotation ends: at its sign, where that is no apostrophe inside of a word."""
    place = line.find(close, begin, end)
    while place >= 0:
        if not (line[place - 1 : place].isalnum() and line[place + 1 : place + 2].isalnum()):
            return place
        place = line.find(close, place + 1, end)
    return None


def _is_of_comparison(line_at: Callable[[int], str | None], number: int, line: str) -> bool:
    """Return whether the line is one of what pytest shows of two values that an assertion compared."""
    if not line.startswith("E "):
        return False
    first = number
    while first > max(0, number - _FAR) and (line_at(first - 1) or "").startswith("E "):
        first -= 1
    return _COMPARISON.match(line_at(first) or "") is not None


def _is_of_commit(line_at: Callable[[int], str | None], number: int, line: str) -> bool:
    """Return whether the line is one of the message of a commit, as `git log` and `git show` write it."""
    if not line.startswith("    "):
        return False
    above = (line_at(item) or "" for item in range(number - 1, max(-1, number - _FAR), -1))
    for item in above:
        if item and not item.startswith("    "):
            return item.startswith(("Date: ", "CommitDate: ", "Author: ")) or _COMMIT.match(item) is not None
    return False


def _is_over(line_at: Callable[[int], str | None], number: int, line: str) -> bool:
    """Return whether the line is one of several tries, of which a later one reached what it wanted."""
    if _TRIES.search(line) is None:
        return False
    below = (line_at(item) or "" for item in range(number + 1, number + _FAR))
    return any(_REACHED.search(item) for item in below)
