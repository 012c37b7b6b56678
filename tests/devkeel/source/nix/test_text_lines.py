"""Lines at the end of a text: real Nix says what the text is before and after."""

from __future__ import annotations

import json
import subprocess
from random import Random
from typing import TYPE_CHECKING

import pytest

from devkeel.errors import Refused
from devkeel.source import nix
from devkeel.source.nix.read.strings import said
from devkeel.source.nix.read.syntax import parse

if TYPE_CHECKING:
    from pathlib import Path

PIECES = (
    "a",
    " ",
    "  ",
    "\n",
    "'",
    "''",
    "$",
    "{",
    "\\",
    '"',
    "\t",
    "é",
    "\r",
    "''${",
    "$$",
    "''\\n",
    "''$",
    "'''",
    "\n    ",
)
WORDS = ("a", "b c", " ", "'", "$", "${x}", "''${", "$$", "\\", '"', "é", "'''", "''\\n", "''\\t", "\t", "if y; then")
LINES = (
    "echo bye",
    "it''s",
    "a ${b}",
    "$",
    "'",
    "$$",
    "  more",
    "\tlead",
    "two\nlines",
    "trail ",
    "''${",
    "$'",
    "$${y}",
)


def evaluated(sources: list[str], folder: Path) -> list[str]:
    """Return the texts that Nix makes of expressions, `x` being X."""
    (folder / "all.nix").write_bytes(
        ('let x = "X"; in [\n' + "\n".join(f"({item}\n)" for item in sources) + "\n]").encode()
    )
    command = ["nix-instantiate", "--eval", "--strict", "--json", str(folder / "all.nix")]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr[:2000]
    values: list[str] = json.loads(found.stdout)
    return values


@pytest.mark.nix
def test_a_text_says_what_nix_reads(tmp_path: Path) -> None:
    random, sources, told = Random(5), list[str](), list[str]()
    while len(sources) < 1500:
        quotes = random.choice(["''", '"'])
        inside = ["".join(random.choice(PIECES) for _ in range(random.randint(0, 8))) for _ in range(2)]
        source = quotes + random.choice(["", "${x}"]).join(inside) + quotes
        data = source.encode()
        node = parse(data).root_node.child_by_field_name("expression")
        if node is None or node.end_byte != len(data) or not node.type.endswith("string_expression"):
            continue
        pieces = said(node, data)
        if node.has_error or any(piece.source != "${x}" for piece in pieces if not isinstance(piece, str)):
            continue
        sources.append(source)
        told.append("".join(piece if isinstance(piece, str) else "X" for piece in pieces))
    assert told == evaluated(sources, tmp_path)


def written(random: Random) -> str:
    """Return a text in one of the ways in which people write one, with line feeds or CRLF, spaces or tabs."""
    end, unit = random.choice(["\n", "\n", "\r\n"]), random.choice(["  ", "\t", "    "])

    def row() -> str:
        return "".join(random.choice(WORDS) for _ in range(random.randint(1, 4)))

    def indented() -> str:
        return random.choice(["", unit * 2, unit * 2, unit * 3, "  "]) + row() if random.random() < 0.85 else ""

    kind = random.choice(["one", "quoted", "empty", "lines", "lines", "lines"])
    if kind == "one":
        return f"''{row()}''"
    if kind == "quoted":
        return '"' + "".join(random.choice(["a", "\\n", "${x}", "$", "''", " "]) for _ in range(3)) + '"'
    if kind == "empty":
        return random.choice(["''''", f"''{end}''", f"''{end}{unit}''", '""', '"\\n"', "'' ''"])
    rows = end.join(indented() for _ in range(random.randint(1, 4)))
    return f"''{random.choice(['', '', ' ', 'a'])}{end}{rows}{random.choice([end + unit, end + unit, end, ''])}''"


@pytest.mark.nix
def test_a_text_has_one_line_more_and_every_other_as_it_was(tmp_path: Path) -> None:
    random, sources, edits = Random(11), list[str](), list[tuple[str, str]]()
    while len(edits) < 700:
        value, line = written(random), random.choice(LINES)
        end = "\r\n" if "\r\n" in value else "\n"
        source = f"{{ x, ... }}:{end}{{{end}  enterShell = {value};{end}}}{end}"
        if nix.Document(source.encode()).problems:
            continue
        try:
            edited = nix.append_line(source.encode(), "enterShell", line)
        except Refused as error:
            assert error.code in {"unproven", "opaque_value"}, (source, line)
            continue
        assert end == "\n" or b"\n" not in edited.data.replace(b"\r\n", b""), source
        if edited.changed:
            edits.append((source, line))
            sources += [f"(({item}) {{ inherit x; }}).enterShell" for item in (source, edited.data.decode())]
    values = evaluated(sources, tmp_path)
    for (source, line), before, after in zip(edits, values[::2], values[1::2], strict=True):
        ways = (f"{before}\n{line}", f"{before}{line}\n", f"{before}\n{line}\n", f"{line}\n")
        assert after in ways or with_indent(before, after, line), (source, line, before, after)


def with_indent(before: str, after: str, line: str) -> bool:
    """Return whether only the line is new, with the blanks that Nix leaves the lines beside it, and their CR."""
    old, new = ([row.rstrip("\r") for row in text.split("\n")] for text in (before, after))
    lines = line.split("\n")
    for tail in (1, 0):
        stop = len(new) - tail
        added = new[stop - len(lines) : stop]
        if new[: stop - len(lines)] + new[stop:] == old:
            return all(
                row.endswith(item) and not row.removesuffix(item).strip()
                for row, item in zip(added, lines, strict=True)
            )
    return False


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("''\n\t\techo hi\n\t''", "''\n\t\techo hi\n\t\techo bye\n\t''"),
        ("''\r\n    echo hi\r\n  ''", "''\r\n    echo hi\r\n    echo bye\r\n  ''"),
        ("''echo ${x}''", "''\n    echo ${x}\n    echo bye\n  ''"),
        ("''echo hi''", "''\n    echo hi\n    echo bye\n  ''"),
        ('"echo ${x}"', '"echo ${x}\\necho bye"'),
        ('"echo ${x}\\n"', '"echo ${x}\\necho bye\\n"'),
        ("''\n''", "''\n    echo bye\n  ''"),
        (
            "''\n    a\n  '' + hook + ''\n    b\n  ''",
            "''\n    a\n  '' + hook + ''\n    b\n    echo bye\n  ''",
        ),
    ],
)
def test_a_line_has_the_indent_and_the_ending_of_its_neighbours(value: str, result: str) -> None:
    source = f"{{ x, hook, ... }}:\n{{\n  enterShell = {value};\n}}\n"
    edited = nix.append_line(source.encode(), "enterShell", "echo bye")
    assert edited.data.decode() == source.replace(value, result)
    assert not nix.append_line(edited.data, "enterShell", "echo bye").changed


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("import ./shell.nix", "opaque_value"),
        ("''a'' + hook", "opaque_value"),
        ("./a + ''b''", "opaque_value"),
        ('lib.concatStringsSep "\\n" [ "a" ]', "opaque_value"),
    ],
)
def test_what_is_no_literal_text_gets_no_line(value: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        nix.append_line(f"{{ lib, hook, ... }}:\n{{\n  enterShell = {value};\n}}\n".encode(), "enterShell", "b")
    assert caught.value.code == code


def test_a_text_that_has_another_use_gets_no_line() -> None:
    source = b"{ ... }:\nlet\n  hook = ''\n    a\n  '';\nin\n{\n  enterShell = hook;\n  enterTest = \"${hook}\";\n}\n"
    with pytest.raises(Refused) as caught:
        nix.append_line(source, "enterShell", "b")
    assert caught.value.code == "shared_name"
