"""Causes in short, as answers of what has failed carry them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.errors import CheckFailed, Conflict, Diagnostic, Unavailable
from devkeel.remedies.known_causes import known_causes

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.context import Context
    from devkeel.events.event import Event

MISSING = "a.c:1:10: fatal error: zlib.h: No such file or directory\n"


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    (tmp_path / "devenv.nix").write_text("{ pkgs, ... }: { packages = [ pkgs.git ]; }\n")
    return Environment(tmp_path, actor="test")


def failed(code: str) -> CheckFailed:
    return CheckFailed(code, "It failed.", diagnostics=(Diagnostic(code, "error", MISSING, "build"),))


def test_what_an_error_says_of_a_program_is_read(environment: Environment) -> None:
    (cause,) = known_causes(environment.context, "", failed("install_failed"))
    assert (cause.kind, cause.subject, cause.edits) == (
        "header",
        "zlib.h",
        ({"kind": "add_packages", "names": ["zlib"]},),
    )


@pytest.mark.parametrize(
    ("code", "message", "edit"),
    [
        (
            "program_missing",
            "jq is neither in the environment nor on the host.",
            {"kind": "add_packages", "names": ["jq"]},
        ),
        (
            "program_missing",
            "jq is not in the environment; the host was left out.",
            {"kind": "add_packages", "names": ["jq"]},
        ),
        (
            "not_in_environment",
            "go is not in the environment, and the host's is not run: the environment is about languages.go.",
            {"kind": "enable", "name": "languages.go"},
        ),
    ],
)
def test_a_program_that_is_not_there_to_be_run_is_a_cause(
    environment: Environment, code: str, message: str, edit: dict[str, object]
) -> None:
    (cause,) = known_causes(environment.context, "", Unavailable(code, message))
    assert cause.edits == (edit,)


def test_an_error_about_the_request_has_no_causes(environment: Environment) -> None:
    assert known_causes(environment.context, MISSING, Conflict("file_changed", MISSING)) == ()
    assert known_causes(environment.context, MISSING, failed("unknown_option")) == ()


def test_a_search_that_found_nothing_is_not_begun_again(environment: Environment) -> None:
    text = "No solution found when resolving dependencies:\n  Because a==1 depends on b<2 and you require b>=2, no."
    error = CheckFailed("unresolvable", text, diagnostics=(Diagnostic("unresolvable", "error", text, "resolution"),))
    before = known_causes(environment.context, "", error)
    error.details["searched"] = "Nothing was found."
    after = known_causes(environment.context, "", error)
    assert [cause.kind for cause in before] == [cause.kind for cause in after] == ["conflict"]
    assert (after[0].call, after[0].advice) == (None, "Nothing was found.")


def test_a_failed_test_is_no_cause_to_tell(environment: Environment) -> None:
    assert known_causes(environment.context, "FAILED tests/test_a.py::test_b - assert 1 == 2\n") == ()


def test_a_long_line_is_cut_and_several_roots_have_one_transaction(environment: Environment) -> None:
    other = f"{'x' * 300}.c:1:10: fatal error: openssl/ssl.h: No such file or directory\n"
    first, second = known_causes(environment.context, MISSING + other)
    assert len(second.line) <= 201
    assert first.edits == second.edits
    assert first.edits is not None
    assert [edit["names"] for edit in first.edits] == [["zlib"], ["openssl"]]


def test_an_error_of_a_change_carries_them_and_says_so_once(environment: Environment) -> None:
    error = failed("unresolvable")
    environment.context.explain(error)
    (cause,) = error.details["causes"]
    assert cause["edits"] == [{"kind": "add_packages", "names": ["zlib"]}]
    environment.context.explain(error, "b.c:1:1: fatal error: openssl/ssl.h: No such file or directory\n")
    assert error.details["causes"] == [cause]


def test_what_has_failed_is_told_whatever_becomes_of_explaining_it(environment: Environment) -> None:
    def fails(context: Context, text: str, error: object) -> tuple[()]:
        raise ValueError(text)

    environment.context.opened.explains = fails
    error = failed("unresolvable")
    environment.context.explain(error, MISSING)
    assert error.details == {}


def test_a_diagnosis_is_one_event_and_what_was_tried_for_it_none(environment: Environment) -> None:
    heard: list[Event] = []
    environment.subscribe(heard.append)
    environment.diagnose(MISSING)
    environment.close()
    (event,) = heard
    assert (event.kind, event.action) == ("diagnosed", "diagnose")
    (told,) = event.details["causes"]
    assert told["subject"] == "zlib.h"
    assert "line" not in told
