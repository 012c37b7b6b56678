"""The tree that is brought up to date after an edit is the one that a full parse gives."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from devkeel.source import nix
from devkeel.source.nix.read.syntax import parse, reparse
from devkeel.source.splice import apply

if TYPE_CHECKING:
    from tree_sitter import Tree

CASES = 1500
PIECES = (
    *(b"", b" ", b"\n", b"''", b'"', b"${", b"}", b"{", b"[", b"]", b"(", b")", b"/*", b"*/", b"# c\n", b"x", b";"),
    *(
        b"  a.b = 1;\n",
        b" pkgs.jq",
        b"''\n  a\n''",
        b"// { }",
        b"++ [ ]",
        b"with pkgs; ",
        b"\\",
        b"$",
        b".",
        b":",
        b"/",
    ),
    *(b"{ a }: ", b"1 == ", b"rec ", b"let a = 1; in ", b"\xc3\xa9", b"\xff", b"\t", b"\r\n"),
)


def nodes(tree: Tree) -> list[tuple[object, ...]]:
    """Return all of a tree: every node with its place, its field and its flaws."""
    cursor, found = tree.walk(), []
    while True:
        node = cursor.node
        assert node is not None
        place = (node.start_byte, node.end_byte, node.start_point, node.end_point)
        found.append((node.type, cursor.field_name, *place, node.is_missing, node.has_error))
        if cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return found


def random_splices(random: Random, data: bytes) -> list[nix.Splice]:
    places = sorted(random.randrange(len(data) + 1) for _ in range(2 * random.choice([1, 1, 2, 5])))
    pairs = zip(places[::2], places[1::2], strict=True)
    return [nix.Splice(at, min(end, at + random.choice([0, 0, 1, 20])), random.choice(PIECES)) for at, end in pairs]


def test_a_tree_brought_up_to_date_is_the_tree_of_a_full_parse(writing: Any, grid: Any) -> None:
    random = Random(11)
    for _ in range(CASES):
        data = random.choice([writing.module(random)[0], random.choice(list(grid.SHAPES.values())).encode()])
        tree, first = parse(data), nodes(parse(data))
        edited = apply(data, random_splices(random, data))
        again = reparse(tree, data, edited.splices, edited.data)
        assert nodes(again) == nodes(parse(edited.data)), (data, edited.splices)
        assert nodes(tree) == first


def test_one_document_after_another_is_the_document_of_its_bytes(writing: Any) -> None:
    random = Random(12)
    for _ in range(200):
        document = nix.Document(writing.module(random)[0])
        for _ in range(5):
            edited = apply(document.data, random_splices(random, document.data))
            document = document.after(edited)
            assert nodes(document.tree) == nodes(parse(edited.data))
