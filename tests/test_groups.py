"""Tests of one group have one scope, by which the processes of a run get their work."""

from __future__ import annotations

from tests.groups import group_of


def test_a_module_or_a_function_has_its_group_and_others_have_none() -> None:
    whole, part = "tests/devkeel_review/test_running.py", "tests/devkeel/templates/test_tools.py"
    assert group_of(f"{whole}::test_one[a::b]") == group_of(f"{whole}::test_other") == "review-running"
    assert group_of(f"{part}::test_nix_evaluates_every_declaration") == "templates"
    alone = f"{part}::test_of_no_group"
    assert group_of(alone) == alone
    assert group_of("tests/test_groups.py::test_x[1]") == "tests/test_groups.py::test_x[1]"
