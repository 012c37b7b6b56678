"""What a Dockerfile says, instruction by instruction."""

from __future__ import annotations

from devkeel.source.dockerfile import UNKNOWN, instructions


def test_a_stage_has_the_arguments_that_it_names_again_and_no_others() -> None:
    text = "ARG V=1\nARG W=2\nFROM a:$V\nARG V\nENV ONE=$V TWO=$W THREE='$V' FOUR=\"${V}x\" FIVE=${W:-5} SIX=${V:+6}\n"
    env = instructions(text)[-1]
    assert [item.value for item in env.variables] == ["1", UNKNOWN, "$V", "1x", "5", "6"]


def test_a_script_of_a_heredoc_has_its_own_first_line() -> None:
    found = instructions('FROM a\nRUN --mount=type=cache,target=/x <<EOF\necho a\necho b\nEOF\nCMD ["a", "b c"]\n')
    assert [(item.kind, item.shell, item.first, item.words) for item in found[1:]] == [
        ("RUN", "echo a\necho b\n", 3, ()),
        ("CMD", None, 0, ("a", "b c")),
    ]


def test_comments_of_a_continued_line_are_dropped_and_counted() -> None:
    (_, run) = instructions("FROM a\r\nRUN b \\\r\n  # c\r\n  d\r\n")
    assert run.shell is not None
    assert run.shell.split() == ["b", "\\", "\\", "d"]
    assert run.shell.count("\n") == 2
