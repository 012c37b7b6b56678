"""How long checks took from operation to operation, by the history alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.edits.vocabulary import parse_edits

if TYPE_CHECKING:
    from devkeel.api import Environment


def add(environment: Environment, name: str) -> int:
    done = environment.change(parse_edits([{"kind": "add_packages", "names": [name]}]), level="schema")
    return done.operation or 0


def test_a_project_without_a_history_has_no_course_and_gets_no_records(environment: Environment) -> None:
    found = environment.course()
    assert (found.checks, found.made, found.more) == ((), (), False)
    assert not environment.project.state.exists()


def test_each_operation_has_the_seconds_of_its_rungs_the_oldest_first(environment: Environment) -> None:
    numbers = [add(environment, name) for name in ("fd", "jq", "ripgrep")]
    found = environment.course()
    assert [item.operation for item in found.checks] == numbers
    for item in found.checks:
        assert item.rungs.keys() == {"syntax", "schema"}
        assert item.seconds >= max(item.rungs.values())
        assert (item.kind, item.caller, item.ok) == ("edit", "test", True)
    newest = environment.course(limit=2)
    assert [item.operation for item in newest.checks] == numbers[1:]
    assert (newest.more, found.more) == (True, False)


def test_what_went_past_devkeel_has_no_seconds(environment: Environment) -> None:
    add(environment, "fd")
    path = environment.project.root / "devenv.nix"
    path.write_text(path.read_text().replace("fd", "bat"))
    number = add(environment, "jq")
    assert [item.operation for item in environment.course().checks] == [1, number]
    assert number == 3
