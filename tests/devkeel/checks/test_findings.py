"""What several rungs found is told once, with the worst verdict; errors count as added when a change brings them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from devkeel.api import Environment
from devkeel.checks.findings import added_errors, merged
from devkeel.checks.report import CheckReport
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import CheckFailed, Diagnostic, Place

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from devkeel.errors import Severity

    Make = Callable[..., Path]

FILE = "devenv.nix"


def found(
    line: int | None, message: str = "m", *, severity: Severity = "error", source: str = "schema", subject: str = "a.b"
) -> Diagnostic:
    place = Place(FILE, line) if line else None
    return Diagnostic("unknown_package", severity, message, source, place, subject)


def test_a_deeper_error_takes_the_place_of_a_warning_about_the_same() -> None:
    edit = {"kind": "set"}
    warning = replace(found(3, severity="warning", subject="pkgs.gti"), suggestions=(edit,))
    (told,) = merged([warning], [found(3, "attribute 'gti' missing", source="evaluation", subject="gti")])
    assert (told.severity, told.source, told.also) == ("error", "evaluation", "schema")
    assert told.suggestions == (edit,)


def test_what_a_deeper_rung_says_again_is_told_once() -> None:
    (told,) = merged([found(3)], [found(3, "again", source="evaluation")])
    assert (told.message, told.source, told.also) == ("m", "schema", "evaluation")


def test_a_value_that_nix_calls_of_another_type_is_told_once() -> None:
    value = replace(found(3), code="wrong_value")
    again = replace(found(3, source="evaluation"), code="wrong_type")
    assert merged([value], [again]) == [replace(value, also="evaluation")]


@pytest.mark.parametrize(
    "deeper",
    [
        found(4, source="evaluation"),
        found(None, source="evaluation"),
        found(3, source="evaluation", subject="c"),
        replace(found(3, source="evaluation"), code="wrong_type"),
        replace(found(3, source="evaluation"), place=Place("other.nix", 3)),
    ],
)
def test_what_is_about_something_else_is_told_beside_it(deeper: Diagnostic) -> None:
    assert merged([found(3)], [deeper]) == [found(3), deeper]


def test_two_findings_of_a_deeper_rung_stay_two() -> None:
    assert len(merged([found(3)], [found(3, source="evaluation"), found(3, source="evaluation")])) == 2


def added(before: list[Diagnostic], after: list[Diagnostic], old: str, new: str, *ran: str) -> list[Diagnostic]:
    first, second = (
        CheckReport(not items, ("syntax", "schema", *(ran or ("evaluation",))), (), tuple(items))
        for items in (before, after)
    )
    return added_errors(first, second, {FILE: old.encode()}, {FILE: new.encode()})


def test_an_error_whose_line_moved_is_not_added() -> None:
    assert added([found(2)], [found(3)], "a\nx\nb\n", "n\na\nx\nb\n") == []
    assert added([found(2, "at f:2:1")], [found(3, "at f:3:1")], "a\nx\nb\n", "n\na\nx\nb\n") == []


def test_an_error_whose_line_was_rewritten_or_carried_elsewhere_is_not_added() -> None:
    assert added([found(2)], [found(2)], "a\nx = [ ];\nb\n", "a\nx = [ 1 ];\nb\n") == []
    assert added([found(2)], [found(3)], "a\nx\nb\n", "a\nb\n  x\n") == []


def test_a_like_error_in_another_place_is_added() -> None:
    assert added([found(1)], [found(4)], "x\na\nb\n", "fine\na\nb\ny\n") == [found(4)]


def test_a_second_error_like_the_first_is_added() -> None:
    assert added([found(1)], [found(1), found(2)], "x\na\n", "x\ny\na\n") == [found(2)]


def test_a_warning_that_became_an_error_is_added() -> None:
    assert added([found(1, severity="warning")], [found(1)], "x\n", "x\ny\n") == [found(1)]


@pytest.mark.parametrize("before", [[found(1, source="evaluation")], []])
def test_what_a_stopped_evaluation_may_have_hidden_is_not_added(before: list[Diagnostic]) -> None:
    ran = ("evaluation",) if before else ("syntax",)
    hidden = found(3, "h", source="evaluation")
    assert added(before, [hidden], "x\na\nb\n", "y\na\nb\n", *ran) == []
    rewritten = found(1, "h", source="evaluation", subject="p")
    assert added(before, [rewritten], "p = [ x ];\n", "p = [ ];\n", *ran) == []


def test_an_error_that_the_change_wrote_is_added_although_the_evaluation_stopped_before() -> None:
    stopped = [found(1, source="evaluation")]
    wrong = found(2, "w", source="evaluation", subject="gti")
    assert added(stopped, [wrong], "x\na\n", "x\npkgs.gti\na\n") == [wrong]
    assert added(stopped, [wrong], "x\npkgs.git\na\n", "x\npkgs.gti\na\n") == [wrong]


# What a user sees.


@pytest.mark.nix
@pytest.mark.parametrize("old", ["packages = [ ];", "packages = [\n    pkgs.git\n  ];", "packages = [ pkgs.git ];"])
def test_a_package_that_only_nix_is_sure_about_is_refused(pinned_project: Make, old: str) -> None:
    environment = Environment(pinned_project(old), actor="test")
    with pytest.raises(CheckFailed) as caught:
        environment.change(parse_edits([{"kind": "add_packages", "names": ["ripgrpe"]}]))
    assert caught.value.code == "unknown_package"
    environment.close()


@pytest.mark.nix
def test_what_the_evaluation_hid_until_a_line_was_repaired_is_not_added(pinned_project: Make) -> None:
    environment = Environment(pinned_project("packages = [ pkgs.qqq pkgs.gti ];"), actor="test")
    result = environment.change(parse_edits([{"kind": "remove_packages", "names": ["qqq"]}]))
    assert result.published
    assert [(item.code, item.subject) for item in result.checks.diagnostics] == [("unknown_package", "gti")]
    wrong = parse_edits([{"kind": "replace_text", "old": "pkgs.gti", "new": "pkgs.jqj"}])
    with pytest.raises(CheckFailed):
        environment.change(wrong)
    environment.close()


@pytest.mark.nix
def test_a_check_names_a_package_that_nix_lacks_as_an_error(pinned_project: Make) -> None:
    environment = Environment(pinned_project("packages = [ pkgs.ripgrpe ];"), actor="test")
    report = environment.check()
    assert [(item.code, item.severity) for item in report.diagnostics] == [("unknown_package", "error")]
    assert not report.ok
    environment.close()


@pytest.mark.nix
def test_assertions_with_the_same_words_are_as_many_findings(pinned_project: Make) -> None:
    item = '{ assertion = false; message = "one"; }'
    environment = Environment(pinned_project(f"assertions = [ {item} {item} ]; profiles.ci.module = {{ }};"), actor="t")
    assert [found.code for found in environment.check().diagnostics] == ["failed_assertion"] * 2
    environment.close()


@pytest.mark.nix
def test_a_second_assertion_like_an_old_one_is_added(pinned_project: Make) -> None:
    item = '{ assertion = false; message = "one"; }'
    environment = Environment(pinned_project(f"assertions = [ {item} ];"), actor="t")
    another = item.replace("false", "1 == 2")
    with pytest.raises(CheckFailed) as caught:
        environment.change(parse_edits([{"kind": "append", "path": "assertions", "expression": another}]))
    assert caught.value.code == "failed_assertion"
    environment.close()
