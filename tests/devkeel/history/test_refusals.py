"""Attempts to write that came to nothing are kept, and looking keeps and begins nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import CheckFailed, DevkeelError, PolicyRefused, UsageError

if TYPE_CHECKING:
    from devkeel.api import Environment
    from devkeel.transaction import Refusal


def edits(*names: str) -> Any:
    return parse_edits([{"kind": "add_packages", "names": list(names)}])


def setting(path: str, value: object) -> Any:
    return parse_edits([{"kind": "set", "path": path, "value": value}])


def kept(environment: Environment) -> list[Refusal]:
    return environment.context.records.refusals()[0]


def test_what_the_policy_and_the_checks_refuse_is_kept_with_who_and_why(environment: Environment) -> None:
    (environment.project.root / "devkeel.toml").write_text('protected = ["env.SECRET"]\n')
    with pytest.raises(PolicyRefused):
        environment.change(setting("env.SECRET", "1"), reason="I need it")
    with pytest.raises(CheckFailed):
        environment.change(setting("services.redis.enable", "yes"))
    checked, denied = kept(environment)
    assert (denied.action, denied.code, denied.reason) == ("change", "protected_option", "I need it")
    assert denied.actor == environment.context.actor
    assert denied.place is not None
    assert checked.files == ("devenv.nix",)
    assert checked.seconds is not None
    assert checked.seconds > 0
    assert environment.history().operations == ()
    assert environment.verify_history().ok


def test_what_only_tries_or_looks_keeps_nothing(environment: Environment) -> None:
    with pytest.raises(CheckFailed):
        environment.change(setting("services.redis.enable", "yes"), dry_run=True)
    with pytest.raises(DevkeelError):
        environment.operation(99)
    with pytest.raises(DevkeelError):
        environment.history(since="nonsense")
    assert not (environment.project.root / ".devkeel").exists()
    environment.change(edits("fd"))
    with pytest.raises(CheckFailed):
        environment.change(setting("services.redis.enable", "yes"), dry_run=True)
    assert kept(environment) == []


def test_a_request_that_cannot_be_read_is_no_attempt(environment: Environment) -> None:
    environment.change(edits("fd"))
    with pytest.raises(UsageError):
        environment.change([])
    with pytest.raises(UsageError):
        environment.undo(99)
    assert kept(environment) == []


def test_a_failure_that_is_no_judgement_begins_no_records(environment: Environment) -> None:
    (environment.project.root / "devenv.nix").unlink()
    with pytest.raises(DevkeelError):
        environment.change(edits("fd"))
    assert not (environment.project.root / ".devkeel").exists()


def test_how_long_each_rung_took_and_the_role_are_kept_with_an_operation(environment: Environment) -> None:
    number = environment.change(edits("fd"), level="schema").operation
    assert number is not None
    report = environment.context.records.operation(number).report
    assert set(report["seconds"]) == {"syntax", "schema", "total"}
    assert report["seconds"]["total"] >= report["seconds"]["schema"] >= 0
    assert "role" not in report
    assert "seconds" not in environment.operation(number).checks


def test_what_no_person_agreed_to_is_kept_in_the_words_of_its_edits(environment: Environment) -> None:
    error = PolicyRefused("declined", "Nothing was done.", remedy="Ask.")
    given = [
        {"kind": "set", "path": "env.A", "value": "1", "names": None, "file": None},
        {"kind": "add_packages", "names": ["jq"], "path": None, "value": None, "file": "devenv.nix"},
    ]
    environment.turned_down("change", error, {"edits": given, "reason": "it is wanted", "dry_run": False})
    (found,) = kept(environment)
    assert found.asked == ('env.A = "1"', "+jq")
    assert found.files == ("devenv.nix",)
