"""A name has one meaning: a class of the library or the server is called as no other is."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent

_SHARED = {
    "Document": "one for each file format: its text, parsed, with the places of its parts",
    "_Reader": "the parser of one file format, beside the Document that it fills",
}


def _classes() -> Counter[str]:
    sources = [*ROOT.glob("tools/**/*.py"), *ROOT.glob("server/**/*.py")]
    trees = (ast.parse(path.read_text("utf-8")) for path in sources)
    return Counter(node.name for tree in trees for node in tree.body if isinstance(node, ast.ClassDef))


def test_no_two_classes_share_a_name_but_those_with_a_reason() -> None:
    assert {name for name, times in _classes().items() if times > 1} == set(_SHARED)
