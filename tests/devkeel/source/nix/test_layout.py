"""What goes with an element that is removed, which blank lines stay, and files with CRLF."""

from __future__ import annotations

import re
from random import Random
from typing import TYPE_CHECKING

import pytest

from devkeel.errors import Refused
from devkeel.source import nix

if TYPE_CHECKING:
    from types import ModuleType


def module(value: str) -> str:
    return f"{{ pkgs, ... }}:\n{{\n  packages = {value};\n}}\n"


@pytest.mark.parametrize(
    ("value", "name", "result"),
    [
        ("[\n    pkgs.git # vcs\n    pkgs.jq\n  ]", "git", "[\n    pkgs.jq\n  ]"),
        ("[ pkgs.git # vcs\n    pkgs.jq # json\n  ]", "git", "[ pkgs.jq # json\n  ]"),
        ("[ pkgs.git # vcs\n    pkgs.jq # json\n  ]", "jq", "[ pkgs.git # vcs\n  ]"),
        ("[ pkgs.git # vcs\n  ]", "git", "[ ]"),
        ("[\n    pkgs.git /* vcs */\n    pkgs.jq\n  ]", "git", "[\n    pkgs.jq\n  ]"),
        ("[\n    /* vcs */ pkgs.git\n    pkgs.jq\n  ]", "git", "[\n    pkgs.jq\n  ]"),
        ("[\n    pkgs.git # a\n             # b\n    pkgs.jq\n  ]", "git", "[\n    pkgs.jq\n  ]"),
        ("[\n    pkgs.git # a\n    # of jq\n    pkgs.jq\n  ]", "git", "[\n    # of jq\n    pkgs.jq\n  ]"),
        ("[\n    pkgs.git # a\n    pkgs.cut # b\n  ]", "git", "[\n    pkgs.cut # b\n  ]"),
        ("[ pkgs.git pkgs.jq # json\n    pkgs.curl ]", "jq", "[ pkgs.git # json\n    pkgs.curl ]"),
        (
            "[\n    # vcs\n    pkgs.git\n\n    # json\n    pkgs.jq # x\n\n    # net\n    pkgs.curl\n  ]",
            "jq",
            "[\n    # vcs\n    pkgs.git\n\n    # net\n    pkgs.curl\n  ]",
        ),
        ("[\n    pkgs.git\n\n\n    pkgs.jq\n\n\n  ]", "jq", "[\n    pkgs.git\n\n  ]"),
        ("[\n    pkgs.git\n\n\n    pkgs.jq\n\n\n    pkgs.curl\n  ]", "jq", "[\n    pkgs.git\n\n    pkgs.curl\n  ]"),
        ("[\n    pkgs.git\n\n\n    pkgs.jq\n  ]", "git", "[\n    pkgs.jq\n  ]"),
    ],
)
def test_the_remark_of_an_element_goes_with_it_and_blank_lines_stay_single(value: str, name: str, result: str) -> None:
    for end in ("\n", "\r\n"):
        edited = nix.remove_packages(module(value).replace("\n", end).encode(), name)
        assert edited.data.decode() == module(result).replace("\n", end)


def test_a_definition_behind_a_comment_has_the_line_ending_of_the_file() -> None:
    source = "{ pkgs, ... }:\n{\n  # https://devenv.sh/services/\n  # services.redis.enable = true;\n}\n"
    for end in ("\n", "\r\n"):
        edited = nix.set(source.replace("\n", end).encode(), "services.redis.port", 1)
        wanted = source.replace("true;\n", "true;\n  services.redis.port = 1;\n")
        assert edited.data.decode() == wanted.replace("\n", end)


def test_a_new_set_in_a_merge_has_lines_of_its_own() -> None:
    source = "{ lib, ... }:\n{\n  config = lib.mkMerge [\n    (lib.mkIf c { env.A = 1; })\n  ];\n}\n"
    for end in ("\n", "\r\n"):
        edited = nix.set(source.replace("\n", end).encode(), "services.x", {"a": 1, "b": {"c": 2}})
        inner = "        a = 1;\n        b = {\n          c = 2;\n        };\n"
        added = f"    {{\n      services.x = {{\n{inner}      }};\n    }}\n"
        assert edited.data.decode() == source.replace("  ];\n", added + "  ];\n").replace("\n", end)


def doubled(data: bytes) -> int:
    """Return how often a blank line follows another one, or a bracket that opens, or comes before one that closes."""
    rows = rb"\n[ \t]*\n[ \t]*\n", rb"[{\[]\n[ \t]*\n", rb"\n[ \t]*\n[ \t]*[}\]]"
    return sum(len(re.findall(row, data)) for row in rows)


def test_random_edits_are_the_same_with_crlf_and_leave_no_double_blank_line(writing: ModuleType) -> None:
    random = Random(3)
    edits = 0
    while edits < 400:
        source, model = writing.module(random)
        if b"''" in source or b"\r" in source:
            continue
        path = nix.format_path(writing.path(random))
        name, root = random.choice(writing.PACKAGES), nix.format_path((random.choice([*model] or ["x"]),))
        ways = [
            lambda data, path=path: nix.set(data, path, [1, {"a": 2}]),
            lambda data, path=path: nix.unset(data, path),
            lambda data, root=root: nix.unset(data, root),
            lambda data, name=name: nix.add_packages(data, name),
            lambda data, name=name: nix.remove_packages(data, name),
            lambda data, path=path: nix.comment_out(data, path),
        ]
        way = random.choice(ways)
        try:
            edited = way(source)
        except Refused as refused:
            with pytest.raises(Refused) as caught:
                way(source.replace(b"\n", b"\r\n"))
            assert caught.value.code == refused.code
            continue
        edits += 1
        assert way(source.replace(b"\n", b"\r\n")).data == edited.data.replace(b"\n", b"\r\n"), source.decode()
        assert doubled(edited.data) <= doubled(source), (source.decode(), edited.data.decode())
