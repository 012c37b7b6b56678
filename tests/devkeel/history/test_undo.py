"""Undo and redo: what they mean, and what stands in their way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import CheckFailed, Conflict, UsageError
from devkeel.text.actions import do
from devkeel.text.data import as_data

if TYPE_CHECKING:
    from devkeel.api import Environment

BROKEN = "{ pkgs, ... }:\n{\n  packages = [ pkgs.git ]\n}\n"


def edit(environment: Environment, *items: dict[str, Any], **options: Any) -> int:
    operation = environment.change(parse_edits(list(items)), **options).operation
    assert operation is not None
    return operation


def add(environment: Environment, name: str) -> int:
    return edit(environment, {"kind": "add_packages", "names": [name]})


def undo(environment: Environment, number: int | None = None, **options: Any) -> int:
    operation = environment.undo(number, **options).operation
    assert operation is not None
    return operation


def text(environment: Environment) -> str:
    return (environment.project.root / "devenv.nix").read_text()


@pytest.mark.broken_declaration
def test_a_repair_can_be_undone_although_the_file_was_broken_before(environment: Environment) -> None:
    (environment.project.root / "devenv.nix").write_text(BROKEN)
    edit(environment, {"kind": "replace_text", "old": "git ]", "new": "git ];"})
    result = environment.undo()
    assert text(environment) == BROKEN
    assert any("devenv.nix" in note for note in result.notes)
    assert not result.checks.ok
    environment.undo(redo=True)
    assert text(environment) == BROKEN.replace("git ]", "git ];")


def test_errors_that_an_undo_does_not_bring_back_are_no_reason_for_a_note(environment: Environment) -> None:
    (environment.project.root / "devenv.local.nix").write_text("{ a = 1; a = 2; }")
    add(environment, "jq")
    result = environment.undo()
    assert not result.checks.ok
    assert result.notes == ()


def test_an_undo_that_breaks_another_file_is_refused(environment: Environment) -> None:
    (environment.project.root / "devenv.yaml").write_text("inputs: {}\n")
    item = {"kind": "set", "path": "env.A", "value": "1", "file": "part/devenv.nix"}
    edit(environment, item, create=True)
    (environment.project.root / "devenv.yaml").write_text("imports:\n  - ./part/devenv.nix\n")
    with pytest.raises(CheckFailed) as caught:
        environment.undo()
    assert caught.value.place is not None
    assert caught.value.place.file == "devenv.yaml"


def test_later_operations_elsewhere_in_the_file_are_in_nobodys_way(environment: Environment) -> None:
    before = text(environment)
    first = add(environment, "jq")
    edit(environment, {"kind": "set", "path": "env.A", "value": "1"})
    path = environment.project.root / "devenv.nix"
    path.write_text(text(environment) + "# mine\n")
    result = environment.undo(first)
    assert "jq" not in text(environment)
    assert "env.A" in text(environment)
    assert text(environment).endswith("# mine\n")
    assert result.notes
    edit(environment, {"kind": "unset", "path": "env.A"})
    assert text(environment) == before + "# mine\n"


def test_later_operations_in_the_same_place_are_named_with_that_place_alone(environment: Environment) -> None:
    first = add(environment, "jq")
    edit(environment, {"kind": "set", "path": "env.A", "value": "1"})
    third = add(environment, "curl")
    with pytest.raises(Conflict) as caught:
        environment.undo(first)
    details = caught.value.details
    assert (caught.value.code, details["later_operations"][0]) == ("undo_conflict", third)
    assert "diff" not in details
    assert "pkgs.curl" in details["three_way"]
    assert "See full reference" not in details["three_way"]
    assert do("undo", operation=third) in (caught.value.remedy or "")
    assert do("remove", names=["jq"]) in (caught.value.remedy or "")


def test_an_undo_beside_later_changes_is_judged_as_new(environment: Environment) -> None:
    # What it puts back stood there, but never beside what came since.
    path = environment.project.root / "devenv.nix"
    edit(environment, {"kind": "set", "path": "env.A", "value": "1"})
    first = edit(environment, {"kind": "unset", "path": "env.A"})
    path.write_text(text(environment).replace("{\n", '{\n  env.A = "hand";\n\n  env.Z = "1";\n', 1))
    with pytest.raises(CheckFailed):
        environment.undo(first)
    assert text(environment).count("env.A") == 1


def test_what_was_taken_back_by_hand_already_is_a_success_that_says_so(environment: Environment) -> None:
    before = text(environment)
    first = add(environment, "jq")
    path = environment.project.root / "devenv.nix"
    path.write_text(before)
    result = environment.undo()
    assert (result.changed, result.operation) == (False, None)
    assert f"before operation {first} already" in result.notes[0]
    path.write_text(before + "# mine\n")
    assert not environment.undo(first).changed
    assert text(environment) == before + "# mine\n"


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_the_ends_of_lines_and_the_mode_of_a_file_stay(environment: Environment, end: str) -> None:
    path = environment.project.root / "devenv.nix"
    path.write_bytes(path.read_bytes().replace(b"\n", end.encode()))
    before = path.read_bytes()
    add(environment, "jq")
    path.write_bytes(path.read_bytes() + b"# mine")
    path.chmod(0o640)
    environment.undo()
    assert path.read_bytes() == before + b"# mine"
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("by_hand", ["changed", "removed", "renamed"])
def test_a_file_that_an_operation_made_goes_only_as_it_was_made(environment: Environment, by_hand: str) -> None:
    made = environment.project.root / "made.nix"
    setting = {"kind": "set", "file": "made.nix", "path": "env.A", "value": "1"}
    edit(environment, setting, create=True)
    also = edit(environment, {"kind": "set", "path": "env.B", "value": "1"}, setting | {"value": "2"})
    if by_hand == "changed":
        made.write_text(made.read_text().replace('"2"', '"mine"'))
    elif by_hand == "removed":
        made.unlink()
    else:
        made.rename(made.with_name("other.nix"))
    before = text(environment)
    with pytest.raises(Conflict) as caught:
        environment.undo(also)
    # one of several files that conflicts: nothing of the others is written
    assert text(environment) == before
    assert caught.value.place is not None
    assert caught.value.place.file == "made.nix"
    assert ("mine" in str(caught.value.details)) == (by_hand == "changed")


def test_later_operations_that_were_undone_are_in_nobodys_way(environment: Environment) -> None:
    before = text(environment)
    first = add(environment, "jq")
    second = add(environment, "curl")
    undo(environment)
    undo(environment, redo=True)
    with pytest.raises(Conflict):
        environment.undo(first)
    undo(environment, second)
    undo(environment, first)
    assert text(environment) == before


def test_an_operation_that_was_redone_can_be_undone_by_its_own_id(environment: Environment) -> None:
    before = text(environment)
    first = add(environment, "jq")
    undo(environment)
    undo(environment, redo=True)
    undo(environment, first)
    assert text(environment) == before


def test_a_later_operation_on_another_file_is_in_nobodys_way(environment: Environment) -> None:
    (environment.project.root / "other.nix").write_text("{ }\n")
    before = text(environment)
    first = add(environment, "jq")
    edit(environment, {"kind": "set", "path": "env.A", "value": "1", "file": "other.nix"})
    undo(environment, first)
    assert text(environment) == before


def test_undoing_twice_says_by_which_operation_it_was_undone(environment: Environment) -> None:
    first = add(environment, "jq")
    second = undo(environment)
    with pytest.raises(UsageError) as caught:
        environment.undo(first)
    assert caught.value.code == "already_undone"
    assert caught.value.details == {"operation": first, "undone_by": second}
    assert do("undo", operation=second) in (caught.value.remedy or "")


def test_undoing_an_undo_is_a_redo_and_redo_goes_forward_only(environment: Environment) -> None:
    first = add(environment, "jq")
    after = text(environment)
    second = undo(environment, first)
    third = undo(environment, second)
    assert text(environment) == after
    assert environment.operation(third).operation.kind == "redo"
    with pytest.raises(UsageError) as caught:
        environment.undo(redo=True)
    assert caught.value.code == "nothing_to_undo"


def test_an_id_and_redo_exclude_each_other(environment: Environment) -> None:
    first = add(environment, "jq")
    with pytest.raises(UsageError) as caught:
        environment.undo(first, redo=True)
    assert (caught.value.code, caught.value.seen) == ("bad_argument", f"operation={first}, redo=true")


def test_a_change_by_hand_is_in_the_way_and_the_remedy_names_no_later_operation(environment: Environment) -> None:
    add(environment, "jq")
    path = environment.project.root / "devenv.nix"
    path.write_text(path.read_text().replace("pkgs.jq", "pkgs.jq pkgs.mine"))
    with pytest.raises(Conflict) as caught:
        environment.undo()
    assert caught.value.details["later_operations"] == []
    assert "pkgs.mine" in caught.value.details["three_way"]
    assert "newest first" not in (caught.value.remedy or "")


def test_operations_elsewhere_in_the_file_are_not_blamed_for_a_change_by_hand(environment: Environment) -> None:
    port = {"kind": "set", "path": "env.PORT", "value": "8080"}
    edit(environment, port)
    second = edit(environment, port | {"value": "9000"})
    add(environment, "jq")
    path = environment.project.root / "devenv.nix"
    path.write_text(path.read_text().replace("9000", "9100"))
    add(environment, "curl")
    with pytest.raises(Conflict) as caught:
        environment.undo(second)
    assert caught.value.details["later_operations"] == []


def test_each_of_several_operations_that_changed_the_place_is_in_the_way_and_no_other(environment: Environment) -> None:
    port = {"kind": "set", "path": "env.PORT", "value": "1"}
    first = edit(environment, port)
    second = edit(environment, port | {"value": "2"})
    add(environment, "jq")
    third = edit(environment, port | {"value": "3"})
    with pytest.raises(Conflict) as caught:
        environment.undo(second)
    assert caught.value.details["later_operations"] == [third]
    with pytest.raises(Conflict) as caught:
        environment.undo(first)
    assert caught.value.details["later_operations"] == [third, second]
    for number in (third, second, first):
        environment.undo(number)
    assert "PORT" not in text(environment)
    assert "jq" in text(environment)


def test_the_history_tells_an_undo_alike_in_the_list_and_alone(environment: Environment) -> None:
    add(environment, "jq")
    undo(environment)
    undo(environment, redo=True)
    undo(environment)
    listed = {item.id: item for item in environment.history().operations}
    for number, entry in listed.items():
        assert environment.operation(number).operation == entry
    assert [(item.id, item.reverts, item.undone_by) for item in listed.values()] == [
        (4, 3, None),
        (3, 2, 4),
        (2, 1, None),
        (1, None, 4),
    ]
    assert as_data(listed[3])["reverts"] == 2
    assert as_data(listed[3])["undone_by"] == 4


@pytest.mark.parametrize(("old", "new"), [(b"\n", b"\r\n"), (b"\r\n", b"\n")])
@pytest.mark.parametrize("by_hand", [b"", b"  env.MINE = 1;"])
def test_line_ends_that_were_changed_by_hand_are_kept_and_in_nobodys_way(
    environment: Environment, old: bytes, new: bytes, by_hand: bytes
) -> None:
    path = environment.project.root / "devenv.nix"
    lines = [b"{ pkgs, ... }:", b"{", b"  # a", b"  # b", b"  packages = [ pkgs.git ];", b"}", b""]
    path.write_bytes(old.join(lines))
    add(environment, "jq")
    data = path.read_bytes().replace(old, new)
    path.write_bytes(data.replace(b"  # a", by_hand) if by_hand else data)
    undo(environment)
    assert path.read_bytes() == new.join([by_hand or line if line == b"  # a" else line for line in lines])


def test_a_conflict_beside_changed_line_ends_shows_its_place_alone(environment: Environment) -> None:
    add(environment, "jq")
    path = environment.project.root / "devenv.nix"
    path.write_bytes(path.read_bytes().replace(b"pkgs.jq", b"pkgs.jq pkgs.mine").replace(b"\n", b"\r\n"))
    with pytest.raises(Conflict) as caught:
        environment.undo()
    assert caught.value.details["three_way"].count("pkgs.git") == 3


def test_a_file_that_was_removed_by_hand_is_to_be_brought_back_first(environment: Environment) -> None:
    path = environment.project.root / "devenv.nix"
    before = path.read_bytes()
    add(environment, "jq")
    after = path.read_bytes()
    path.unlink()
    with pytest.raises(Conflict, match="was removed after operation 1") as caught:
        environment.undo()
    assert caught.value.remedy == "Bring devenv.nix back first, then repeat it."
    path.write_bytes(after)
    undo(environment)
    assert path.read_bytes() == before
