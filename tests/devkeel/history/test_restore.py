"""Going back to what an operation left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import Conflict, UsageError
from devkeel.transaction import FileChange, Record

if TYPE_CHECKING:
    from devkeel.api import Environment
    from devkeel.change.result import ChangeResult


def add(environment: Environment, name: str) -> ChangeResult:
    return environment.change(parse_edits([{"kind": "add_packages", "names": [name]}]), level="syntax")


def text(environment: Environment) -> str:
    return (environment.project.root / "devenv.nix").read_text()


def test_the_files_are_as_the_operation_left_them_whether_named_by_id_or_revision(environment: Environment) -> None:
    first = add(environment, "jq")
    wanted = text(environment)
    add(environment, "curl")
    environment.undo()
    add(environment, "ripgrep")
    assert first.operation is not None
    result = environment.restore(first.operation)
    assert text(environment) == wanted
    assert result.revision == first.revision
    assert environment.history(limit=1).operations[0].kind == "restore"
    environment.undo()
    assert "ripgrep" in text(environment)
    assert environment.restore(first.revision).changed
    assert text(environment) == wanted
    assert not environment.restore(first.operation).changed


def test_a_file_made_since_is_removed_and_one_made_before_stays(environment: Environment) -> None:
    first = add(environment, "jq")
    record = Record("edit", "a test", None, [], {}, first.revision, "0" * 16)
    environment.context.records.publish([FileChange("made.nix", None, b"{ }\n")], record)
    made = environment.project.root / "made.nix"
    assert made.exists()
    assert first.operation is not None
    environment.restore(first.operation)
    assert not made.exists()
    assert "jq" in text(environment)


def test_what_others_changed_elsewhere_is_kept_and_in_the_same_place_refused(environment: Environment) -> None:
    first = add(environment, "jq").operation
    assert first is not None
    add(environment, "curl")
    path = environment.project.root / "devenv.nix"
    path.write_text(text(environment) + "# mine\n")
    assert environment.restore(first).notes
    assert text(environment).endswith("# mine\n")
    assert "curl" not in text(environment)
    add(environment, "curl")
    path.write_text(text(environment).replace("curl", "wget"))
    with pytest.raises(Conflict) as caught:
        environment.restore(first)
    assert caught.value.code == "undo_conflict"
    assert "wget" in caught.value.details["three_way"]


def test_what_others_changed_between_two_operations_is_kept(environment: Environment) -> None:
    path = environment.project.root / "devenv.nix"
    first = add(environment, "jq").operation
    assert first is not None
    add(environment, "curl")
    path.write_text(text(environment) + "# between\n")
    add(environment, "ripgrep")
    path.write_text("# after\n" + text(environment))
    assert environment.restore(first).notes
    assert text(environment).startswith("# after\n")
    assert text(environment).endswith("# between\n")
    assert "jq" in text(environment)
    assert not [name for name in ("curl", "ripgrep") if name in text(environment)]


def test_what_others_changed_between_two_operations_in_the_same_place_is_shown(environment: Environment) -> None:
    path = environment.project.root / "devenv.nix"
    first = add(environment, "jq").operation
    assert first is not None
    add(environment, "curl")
    path.write_text(text(environment).replace("curl", "wget"))
    add(environment, "ripgrep")
    before = text(environment)
    with pytest.raises(Conflict) as caught:
        environment.restore(first)
    assert caught.value.code == "undo_conflict"
    assert "wget" in caught.value.details["three_way"]
    assert text(environment) == before


def test_a_file_that_others_changed_between_two_operations_does_not_go(environment: Environment) -> None:
    first = add(environment, "jq").operation
    assert first is not None
    made = environment.project.root / "made.nix"
    setting = {"kind": "set", "file": "made.nix", "path": "env.A", "value": "1"}
    environment.change(parse_edits([setting]), create=True, level="syntax")
    made.write_text(made.read_text() + "# mine\n")
    environment.change(parse_edits([setting | {"value": "2"}]), level="syntax")
    with pytest.raises(Conflict) as caught:
        environment.restore(first)
    assert "# mine" in caught.value.details["diff"]
    assert "# mine" in made.read_text()


def test_what_others_took_back_by_hand_already_is_no_conflict(environment: Environment) -> None:
    path = environment.project.root / "devenv.nix"
    first = add(environment, "jq").operation
    assert first is not None
    wanted = text(environment)
    add(environment, "curl")
    path.write_text(wanted)
    edit = {"kind": "set", "path": "env.A", "value": "1"}
    environment.change(parse_edits([edit]), level="syntax")
    environment.restore(first)
    assert text(environment) == wanted


@pytest.mark.parametrize("wanted", [99, "0123456789abcdef"])
def test_what_is_not_in_the_history_is_an_error_of_the_request(environment: Environment, wanted: int | str) -> None:
    add(environment, "jq")
    with pytest.raises(UsageError) as caught:
        environment.restore(wanted)
    assert caught.value.code == "unknown_operation"


def test_a_dry_run_writes_nothing(environment: Environment) -> None:
    first = add(environment, "jq").operation
    assert first is not None
    add(environment, "curl")
    result = environment.restore(first, dry_run=True)
    assert not result.published
    assert "-" in result.diff
    assert "curl" in text(environment)


def test_what_an_operation_did_and_another_took_back_is_in_nobodys_way(environment: Environment) -> None:
    path = environment.project.root / "devenv.nix"
    first = add(environment, "jq").operation
    assert first is not None
    add(environment, "curl")
    environment.undo()
    mine = text(environment).replace("pkgs.jq", "pkgs.jq pkgs.mine")
    path.write_text(mine)
    result = environment.restore(first)
    assert not result.changed
    assert result.notes
    assert text(environment) == mine


@pytest.mark.parametrize("operations", [0, 1, 2])
def test_a_hand_edit_after_the_operation_stays(environment: Environment, operations: int) -> None:
    path = environment.project.root / "devenv.nix"
    first = add(environment, "jq").operation
    assert first is not None
    wanted = text(environment)
    for name in ("A", "B")[:operations]:
        setting = {"kind": "set", "path": f"env.{name}", "value": "1"}
        environment.change(parse_edits([setting]), level="syntax")
    path.write_text(text(environment) + "# mine\n")
    environment.restore(first)
    assert text(environment) == wanted + "# mine\n"
