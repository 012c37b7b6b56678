"""Causes as lines that both clients say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel_words import cause_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def made(edits: Sequence[Mapping[str, Any]], create: bool) -> str:
    return f"make {len(edits)} {create}"


def cause(**more: Any) -> dict[str, Any]:
    return {"kind": "header", "subject": "zlib.h", "line": "zlib.h: No such file", **more}


def test_each_cause_is_one_line_whatever_mends_it() -> None:
    edits = [{"kind": "add_packages", "names": ["zlib"]}]
    causes = [
        cause(fix="Adds it.", edits=edits, uncertain="Which one."),
        cause(fix="Adds it.", edits=edits),
        cause(fix="Begins it.", edits=[*edits, *edits], create=True),
        cause(fix="Tracks it.", command="git add a"),
        cause(fix="Applies it.", call="apply_environment"),
        cause(fix="Look there."),
        cause(advice="Ask for it."),
        cause(refused="forbidden"),
        cause(),
    ]
    lines = [*cause_lines.known(causes, made, "")]
    assert len(lines) == len(causes)
    ends = [line.partition("; ")[2] for line in lines]
    assert ends[0].startswith("fix: make 1 False (")
    assert "make" not in ends[1]
    assert ends[2:6] == ["fix: make 2 True", "fix: run git add a", "fix: apply_environment", "fix: Look there."]
    assert ends[6] == "Ask for it."
    assert "forbidden" in ends[7]
    assert ends[8] not in {"", *ends[:8]}


def test_the_line_that_stands_in_the_answer_already_is_not_repeated() -> None:
    (apart,) = cause_lines.known([cause()], made, "something else")
    (beside,) = cause_lines.known([cause(line="zlib.h: No such…")], made, "cc\nzlib.h: No such file\n")
    assert "No such file" in apart
    assert "No such" not in beside
