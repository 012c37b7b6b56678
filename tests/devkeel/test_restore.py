"""Going back to what an operation left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.edits import parse_edits
from devkeel.errors import Conflict, UsageError
from devkeel.transaction import FileChange, Record

if TYPE_CHECKING:
    from devkeel.environment import Environment
    from devkeel.results import ChangeResult


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
    environment._store().publish([FileChange("made.nix", None, b"{ }\n")], record)
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
