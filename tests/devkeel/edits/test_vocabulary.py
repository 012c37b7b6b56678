"""Each kind of edit answers for itself: why nothing changed, and how a suggestion corrects it."""

from __future__ import annotations

from typing import Any

import pytest

from devkeel.edits.suggestion import NewPath, NewText, NewValue, Suggestion
from devkeel.edits.vocabulary import families, models, parse_edits

PATH = NewPath(("env", "A"), ("env", "B"))
NAME = NewText("pkgs.rg", "pkgs.ripgrep", "rg")
CASES: list[tuple[dict[str, Any], Suggestion, dict[str, Any] | None]] = [
    ({"kind": "unset", "path": "env.A.x"}, PATH, {"kind": "unset", "path": "env.B.x"}),
    ({"kind": "unset", "path": "env.AB"}, PATH, None),
    ({"kind": "rename", "path": "env.C", "to": "env.A"}, PATH, {"kind": "rename", "path": "env.C", "to": "env.B"}),
    ({"kind": "rename", "path": "env.A", "to": "env.C"}, PATH, {"kind": "rename", "path": "env.B", "to": "env.C"}),
    (
        {"kind": "remove_packages", "names": ["rg", "jq"]},
        NAME,
        {"kind": "remove_packages", "names": ["ripgrep", "jq"]},
    ),
    ({"kind": "add_packages", "names": ["jq"]}, NAME, None),
    (
        {"kind": "append", "path": "packages", "expression": "pkgs.rg"},
        NAME,
        {"kind": "append", "path": "packages", "expression": "pkgs.ripgrep"},
    ),
    (
        {"kind": "set", "path": "env.A", "expression": "1", "file": "a.nix"},
        NewValue(("env", "A"), {"value": "1"}),
        {"kind": "set", "path": "env.A", "value": "1", "file": "a.nix"},
    ),
    ({"kind": "set", "path": "env.C", "value": 1}, NewValue(("env", "A"), {"value": "1"}), None),
    (
        {"kind": "enable", "name": "redis", "settings": {"port": "1"}},
        NewValue(("services", "redis", "port"), {"value": 1}),
        {"kind": "enable", "name": "redis", "settings": {"port": 1}},
    ),
    ({"kind": "disable", "name": "redis"}, PATH, None),
    (
        {"kind": "replace_text", "old": "x", "new": "[ pkgs.rg ]"},
        NAME,
        {"kind": "replace_text", "old": "x", "new": "[ pkgs.ripgrep ]"},
    ),
    ({"kind": "replace_text", "old": "x", "new": "pkgs.rg pkgs.rg"}, NAME, None),
]


def test_every_kind_is_in_one_family_under_its_own_name() -> None:
    kinds = [kind for family in families() for kind in family]
    assert len(kinds) == len(set(kinds)) == len(models())


@pytest.mark.parametrize(("given", "suggestion", "expected"), CASES)
def test_a_kind_takes_what_it_can_of_a_suggestion(
    given: dict[str, Any], suggestion: Suggestion, expected: dict[str, Any] | None
) -> None:
    (edit,) = parse_edits([given])
    assert edit.corrected(suggestion) == expected
