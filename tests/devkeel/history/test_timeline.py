"""The timeline has each operation and each refused attempt once, in the order in which they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import CheckFailed, UsageError

if TYPE_CHECKING:
    from devkeel.api import Environment
    from devkeel.history.timeline import Moment, Timeline


def setting(path: str, value: object) -> Any:
    return parse_edits([{"kind": "set", "path": path, "value": value}])


def told(page: Timeline) -> list[tuple[str, int]]:
    return [
        ("operation", item.operation.id) if item.operation is not None else ("refusal", item.refusal.id)
        for item in page.moments
        if item.operation is not None or item.refusal is not None
    ]


@pytest.fixture
def lived(environment: Environment) -> Environment:
    """A project in which an agent edited, was refused, a person edited by hand, and something was undone."""
    file = environment.project.root / "devenv.nix"
    environment.change(setting("env.A", "1"), reason="the first", level="schema")
    with pytest.raises(CheckFailed):
        environment.change(setting("services.redis.enable", "yes"), reason="it is refused")
    file.write_text(file.read_text().replace("{ pkgs, ... }:", "# by hand\n{ pkgs, ... }:"))
    environment.change(setting("env.B", "2"), level="syntax")
    environment.undo()
    return environment


def test_it_says_what_each_did_and_which_checks_ran(lived: Environment) -> None:
    page = lived.timeline()
    by_kind: dict[str, Moment] = {item.operation.kind: item for item in page.moments if item.operation is not None}
    assert [*by_kind] == ["undo", "edit", "external"]
    assert page.next_before is None
    first = page.moments[-2] if page.moments[-1].refusal is not None else page.moments[-1]
    assert first.operation is not None
    assert first.operation.reason == "the first"
    assert any("env.A" in text for text in first.changes)
    assert first.ran[:2] == ("syntax", "schema")
    assert first.ok is True
    assert first.seconds is not None
    assert by_kind["external"].changes
    assert by_kind["external"].ran == ()
    (refused,) = [item.refusal for item in page.moments if item.refusal is not None]
    assert (refused.reason, refused.action) == ("it is refused", "change")
    assert (page.undoable, page.newest) == (
        first.operation.id,
        by_kind["undo"].operation and by_kind["undo"].operation.id,
    )
    assert page.redoable == page.newest


def test_what_no_write_has_noted_yet_is_on_the_first_part_alone(lived: Environment) -> None:
    file = lived.project.root / "devenv.nix"
    assert lived.timeline().not_noted == ()
    file.write_text(file.read_text().replace("# by hand", "# by hand again"))
    assert lived.timeline().not_noted
    assert lived.timeline(before=3).not_noted == ()


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_the_parts_are_the_whole(lived: Environment, limit: int) -> None:
    whole, parts, before = told(lived.timeline()), list[tuple[str, int]](), None
    assert {kind for kind, _ in whole} == {"operation", "refusal"}
    while True:
        part = lived.timeline(limit=limit, before=before)
        parts += told(part)
        if part.next_before is not None:
            # read again down to where it ended, with room for what came meanwhile, it is the same
            assert told(lived.timeline(before=before, down_to=part.next_before)) == told(part)
        before = part.next_before
        if before is None:
            break
    assert parts == whole


def test_it_is_filtered_as_the_history_is(lived: Environment) -> None:
    assert told(lived.timeline(by="nobody of that name")) == []
    assert {kind for kind, _ in told(lived.timeline(about="services.redis"))} == {"refusal"}
    assert all(item.operation for item in lived.timeline(about="env.A").moments)
    assert [item.operation and item.operation.kind for item in lived.timeline(external=True).moments] == ["external"]
    assert told(lived.timeline(until="2020-01-01")) == []
    with pytest.raises(UsageError):
        lived.timeline(limit=0)
    with pytest.raises(UsageError):
        lived.timeline(since="nonsense")


def test_a_project_that_was_only_refused_has_that(environment: Environment) -> None:
    assert told(environment.timeline()) == []
    assert not (environment.project.root / ".devkeel").exists()
    with pytest.raises(CheckFailed):
        environment.change(setting("services.redis.enable", "yes"))
    assert [kind for kind, _ in told(environment.timeline())] == ["refusal"]
