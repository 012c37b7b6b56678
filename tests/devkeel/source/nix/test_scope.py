"""Scopes are remembered for the trees that are looked at, and no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel.source.nix.read import scope
from devkeel.source.nix.read.syntax import parse

if TYPE_CHECKING:
    import pytest

DEEP = b"x: " * 40 + b"y"


def bound(number: int) -> bool:
    data = DEEP + b" # %d" % number
    node = parse(data).root_node.descendant_for_byte_range(len(DEEP) - 1, len(DEEP))
    assert node is not None
    return scope.is_bound(node, "x", data)


def test_a_server_that_reads_many_files_keeps_few_of_their_trees() -> None:
    assert all(bound(number) for number in range(50))
    assert len(scope._ROOTS) <= scope._MOST_ROOTS + 1
    assert len(scope._NESTS) < 100 * (scope._MOST_ROOTS + 1)


class Forgetful(dict[Any, Any]):
    """A store that another thread empties after each look into it."""

    def __contains__(self, key: object) -> bool:
        found = super().__contains__(key)
        self.clear()
        return found

    def get(self, key: object, default: object = None) -> object:
        found = super().get(key, default)
        self.clear()
        return found


def test_a_call_sees_all_names_though_another_one_empties_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    root = parse(DEEP).root_node
    node = root.descendant_for_byte_range(len(DEEP) - 1, len(DEEP))
    assert node is not None
    assert scope.is_bound(node, "x", DEEP)
    monkeypatch.setattr(scope, "_NESTS", Forgetful(scope._NESTS))
    assert scope.is_bound(node, "x", DEEP)
