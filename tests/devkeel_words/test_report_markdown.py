"""A report as Markdown: what others wrote does nothing in it, and is read as it was written."""

from __future__ import annotations

import html
import re

import pytest

from devkeel.report.result import (
    CallerActivity,
    ChainState,
    CheckTimes,
    NetChange,
    PeriodReport,
    ReportedOperation,
    ReportedRefusal,
    RuleCount,
)
from devkeel.report.summary import summary
from devkeel_words.report_lines import as_text
from devkeel_words.report_markdown import as_markdown, code, escaped

HOSTILE = [
    "[x](javascript:alert(1))",
    "![x](https://example.org/p.png)",
    "a | b | c",
    "<img src=x onerror=alert(1)>",
    "&lt;b&gt;",
    "`code` and ``more`` and `",
    "` | ``` |",
    "\\| \\` \\",
    "# no heading\n\n- no list\n\n---\n\n| a |\n| - |",
    "@everyone look at #12",
    "https://example.org/ www.example.org a@example.org",
    "**bold** _it_ ~~gone~~ $x$ :tada:",
    "\x1b[31mred\x1b[0m \u202egnp.exe",
    "```\nfence",
    " ",
    "",
]


def spans(line: str) -> list[str]:
    """Return the code spans of a line, as CommonMark 6.1 has them, of a line from which a table's escapes are taken."""
    found, rest = list[str](), line.replace("\\|", "|")
    while opened := re.search(r"(?<!`)`+(?!`)", rest):
        closed = re.search(rf"(?<!`){opened[0]}(?!`)", rest[opened.end() :])
        if closed is None:
            rest = rest[opened.end() :]
            continue
        text = rest[opened.end() : opened.end() + closed.start()]
        padded = text.startswith(" ") and text.endswith(" ") and text.strip()
        found.append(text[1:-1] if padded else text)
        rest = rest[opened.end() + closed.end() :]
    return found


def report(text: str) -> PeriodReport:
    change = NetChange("option", text or "x", text, "1", text, (1, 2), by_hand=True)
    operation = ReportedOperation(1, "2026-01-01T00:00:00+00:00", "edit", text, text, text, (text,), (text, text), 1, 2)
    # An empty rule is none, of which a report has a line less.
    rule, time = text or "x", "2026-01-01T00:00:00+00:00"
    refusal = ReportedRefusal(time, text, text, text, "code", rule, text, text, (text,), (text,), 0.5)
    caller, count = CallerActivity(text, text, 1, 1), RuleCount("code", rule, text, 1, (text,))
    chain, checks = ChainState(False, 1, "f" * 64, True, (text,)), CheckTimes(1, 0.1, 0.2, 1, {"schema": 0.1})
    lines = summary([operation], [change], [count], [text], checks, chain)
    parts = ((change,), (caller,), (operation,), (count,), (refusal,), (text,))
    return PeriodReport(text, "2026-01-01", "2026-02-01", text, text, lines, *parts, checks, chain)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_code_span_has_the_text_and_nothing_else(text: str) -> None:
    shown = code(text)
    plain = " ".join(re.sub(r"\x1b\[\d+m|\u202e", "", text).split())
    assert spans(shown) == ([plain] if plain else [])
    assert not re.search(r"(?<!\\)\|", shown)


@pytest.mark.parametrize("text", HOSTILE)
def test_escaped_text_reads_as_it_was_written_and_begins_no_markup(text: str) -> None:
    shown = escaped(text)
    bare = re.sub(r"\\([!-/:-@\[-`{-~])", "", shown.replace("&#64;<!-- -->", ""))
    assert not re.search(r"[][`*_<>|#!~$]", re.sub(r"&(lt|gt|amp);", "", bare))
    unescaped = html.unescape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", shown.replace("<!-- -->", "")))
    assert unescaped == " ".join(re.sub(r"\x1b\[\d+m|\u202e", "", text).split())


@pytest.mark.parametrize("text", HOSTILE)
def test_the_tables_have_their_columns_and_the_headings_are_ours(text: str) -> None:
    lines = list(as_markdown(report(text)))
    ours = {line for line in as_markdown(report("x")) if line.startswith("#")}
    assert {re.sub(r"`.*`", "`x`", line) for line in lines if line.startswith("## ")} <= ours
    columns = 0
    for line in lines:
        assert "\n" not in line
        bars = len(re.findall(r"(?<!\\)\|", line))
        if not line.startswith("|"):
            columns = 0
        else:
            columns = columns or bars
            assert bars == columns, line
        outside = line
        for span in re.findall(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", line):
            outside = outside.replace(f"{span[0]}{span[1]}{span[0]}", "")
        assert "](" not in outside
        assert not re.search(r"<(?!br>|!-- -->)", outside), line


@pytest.mark.parametrize("text", HOSTILE)
def test_the_text_of_a_report_has_its_lines_alone(text: str) -> None:
    shown = list(as_text(report(text)))
    assert len(shown) == len(list(as_text(report("x"))))
