"""A line of shell is read as Bash reads it: words without quotes, nothing that is only mentioned."""

from __future__ import annotations

import pytest

from devkeel.source import shell
from devkeel.source.shell import UNKNOWN

CASES = {
    "cd x && sudo pip install 'a b'": [("cd", "x"), ("sudo", "pip", "install", "a b")],
    "A=1 B= pip install a": [("pip", "install", "a")],
    'p"ip" in\\stall "x$Y" \\\n z': [("pip", "install", f"x{UNKNOWN}", "z")],
    'echo "$(brew install z)" `apk add y`': [
        ("echo", UNKNOWN, UNKNOWN),
        ("brew", "install", "z"),
        ("apk", "add", "y"),
    ],
    "(a; b) | c & d || ! e": [("a",), ("b",), ("c",), ("d",), ("e",)],
    "if a; then b; fi; for x in 1 2; do c $x; done": [("a",), ("b",), ("c", UNKNOWN)],
    "f() { a; }; f": [("a",), ("f",)],
    "case x in a) b;; esac; [[ -x c ]] && d": [("b",), ("d",)],
    "a # b\n# c\nd": [("a",), ("d",)],
    "a 2>&1 >f <g b": [("a", "b")],
    'a x=1.0 y==2 "q\\"r\\$" {b,c} *.d ~/e': [("a", "x=1.0", "y==2", 'q"r$', "{b,c}", "*.d", "~/e")],
    "a $'b' \"${c:-d}\" $((1 + 2))": [("a", UNKNOWN, UNKNOWN, UNKNOWN)],
    "diff <(a) b": [("diff", UNKNOWN, "b"), ("a",)],
}


@pytest.mark.parametrize("text", CASES)
def test_commands_have_the_words_that_the_shell_would_give_them(text: str) -> None:
    assert [command.words for command in shell.commands(text)] == CASES[text]


@pytest.mark.parametrize("end", ["", " && echo", " | tee log"])
def test_what_a_command_is_fed_is_no_command(end: str) -> None:
    found = shell.commands(f"bash <<'EOF'{end}\npip install x\nEOF\n")
    assert (found[0].words, found[0].fed) == (("bash",), "pip install x\n")
    assert all("pip" not in command.words for command in found)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("cat <<'E'\na $b\nE\n", True),
        ('cat <<"E"\na `b`\nE\n', True),
        ("cat <<E\na\nE\n", True),
        ("cat <<E\na $b\nE\n", False),
        ("cat <<E\na \\\\ b\nE\n", False),
        ("cat <<-'E'\n\ta\nE\n", False),
        ("cat <<< a", True),
        ('cat <<< "a $b"', False),
    ],
)
def test_what_is_fed_is_plain_where_the_shell_changes_nothing_in_it(text: str, plain: bool) -> None:
    (command,) = shell.commands(text)
    assert command.plain is plain


@pytest.mark.parametrize(
    ("text", "into", "appends"),
    [
        ("a > f", "f", False),
        ("a >> 'f g'", "f g", True),
        ("a >| f 2> g", "f", False),
        ("a 2>&1 2> g", None, False),
        ("a < f", None, False),
        ("cat <<'E' > f && b\nx\nE\n", "f", False),
        ("cat > f <<'E'\nx\nE\n", "f", False),
        ("a > $f", UNKNOWN, False),
    ],
)
def test_where_output_goes_is_known(text: str, into: str | None, appends: bool) -> None:
    command = shell.commands(text)[0]
    assert (command.into, command.appends) == (into, appends)


def test_a_here_string_is_what_is_fed() -> None:
    assert shell.commands("sh <<< 'a b'")[0].fed == "a b\n"


@pytest.mark.parametrize("text", ["a 'b", 'echo "a', "if a; then b", "a $(b"])
def test_what_is_not_closed_is_not_taken_for_a_command_that_runs(text: str) -> None:
    assert all(command.words in (("a",), ("b",), ("echo",)) for command in shell.commands(text))


def test_any_text_is_read() -> None:
    assert shell.commands("\ud800 \0 \x1b[0m") is not None
    assert shell.commands("") == []
