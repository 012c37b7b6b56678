"""What went past devkeel: noted once, when it is first seen, and never taken back by chance."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import Conflict, PolicyRefused, UsageError
from devkeel.history import selection

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.api import Environment
    from devkeel.history.log import HistoryEntry

HAND = "# by hand\n"


def add(environment: Environment, name: str, **options: Any) -> int | None:
    return environment.change(parse_edits([{"kind": "add_packages", "names": [name]}]), **options).operation


def hand(environment: Environment, file: str = "devenv.nix", text: str = HAND) -> str:
    """Put a line before a file, as an editor of a person does, and return what it was."""
    place = environment.project.root / file
    before = place.read_text() if place.exists() else ""
    place.write_text(text + before)
    return before


def text(environment: Environment, file: str = "devenv.nix") -> str:
    return (environment.project.root / file).read_text()


def kinds(environment: Environment, **options: Any) -> list[tuple[str, tuple[str, ...]]]:
    return [(item.kind, item.files) for item in environment.history(**options).operations][::-1]


def external(environment: Environment) -> list[HistoryEntry]:
    return list(environment.history(external=True).operations)


def git(root: Path, *argv: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    subprocess.run(["git", *identity, *argv], cwd=root, check=True, capture_output=True)


def test_an_edit_by_hand_is_noted_by_the_next_write_as_an_operation_of_its_own(environment: Environment) -> None:
    add(environment, "jq")
    hand(environment)
    add(environment, "curl")
    assert kinds(environment) == [
        ("edit", ("devenv.nix",)),
        ("external", ("devenv.nix",)),
        ("edit", ("devenv.nix",)),
    ]
    [noted] = external(environment)
    assert (noted.actor, noted.undone_by) == ("unknown", None)
    assert f"+{HAND}" in environment.operation(noted.id).diff
    first, _, last = environment.history().operations[::-1]
    assert (noted.revision_before, noted.revision_after) == (first.revision_after, last.revision_before)


def test_the_first_opening_of_a_project_is_no_edit(environment: Environment) -> None:
    (environment.project.root / "devenv.yaml").write_text("inputs: {}\n")
    hand(environment)
    add(environment, "jq")
    assert kinds(environment) == [("edit", ("devenv.nix",))]


def test_several_edits_are_noted_once(environment: Environment) -> None:
    add(environment, "jq")
    hand(environment)
    hand(environment)
    for name in ("curl", "hello", "tree"):
        add(environment, name)
    assert [item.files for item in external(environment)] == [("devenv.nix",)]


@pytest.mark.parametrize("file", ["devenv.yaml", "devenv.lock", "requirements.txt"])
def test_files_that_devkeel_never_wrote_are_known_from_its_first_operation_on(
    environment: Environment, file: str
) -> None:
    root = environment.project.root
    known = {"devenv.yaml": "inputs: {}\n", "devenv.lock": "{}\n", "requirements.txt": "httpx\n"}
    (root / file).write_text(known[file])
    add(environment, "jq")
    (root / file).write_text(known[file] + "\n")
    add(environment, "curl")
    (root / file).unlink()
    add(environment, "hello")
    assert [item.files for item in external(environment)] == [(file,), (file,)]
    gone = environment.undo(external(environment)[0].id)
    assert gone.published
    assert text(environment, file) == known[file] + "\n"


def test_a_new_file_is_noted_and_its_removal_by_undo_is_possible(environment: Environment) -> None:
    add(environment, "jq")
    (environment.project.root / "devenv.local.nix").write_text("{ }\n")
    add(environment, "curl")
    [noted] = external(environment)
    assert noted.files == ("devenv.local.nix",)
    environment.undo(noted.id)
    assert not (environment.project.root / "devenv.local.nix").exists()


def test_a_plain_undo_never_reverts_it_and_a_named_one_does_by_the_same_merge(environment: Environment) -> None:
    before = text(environment)
    add(environment, "jq")
    hand(environment)
    add(environment, "curl")
    assert environment.undo().published
    assert environment.undo().published
    assert text(environment) == HAND + before
    with pytest.raises(UsageError) as caught:
        environment.undo()
    assert caught.value.code == "nothing_to_undo"
    [noted] = external(environment)
    environment.undo(noted.id)
    assert text(environment) == before
    assert external(environment)[0].undone_by is not None
    environment.undo(redo=True)
    assert text(environment) == HAND + before


def test_undoing_it_keeps_what_came_after_elsewhere(environment: Environment) -> None:
    add(environment, "jq")
    hand(environment)
    add(environment, "curl")
    environment.undo(external(environment)[0].id)
    assert HAND not in text(environment)
    assert "pkgs.curl" in text(environment)


def test_an_undo_that_meets_it_is_a_conflict_that_does_not_offer_to_take_it_back(environment: Environment) -> None:
    number = add(environment, "jq")
    place = environment.project.root / "devenv.nix"
    place.write_text(place.read_text().replace("pkgs.jq", "pkgs.jq pkgs.tree"))
    with pytest.raises(Conflict) as caught:
        environment.undo(number)
    assert caught.value.code == "undo_conflict"
    assert caught.value.details["later_operations"] == []
    assert len(external(environment)) == 1


def test_restore_keeps_it(environment: Environment) -> None:
    first = add(environment, "jq")
    hand(environment)
    add(environment, "curl")
    assert first is not None
    environment.restore(first)
    assert text(environment).startswith(HAND)
    assert "pkgs.curl" not in text(environment)


def test_restore_goes_to_what_it_left_and_does_not_bring_back_what_was_taken_out(environment: Environment) -> None:
    first = add(environment, "jq")
    as_first = text(environment)
    hand(environment)
    add(environment, "curl")
    [noted] = external(environment)
    environment.undo(noted.id)
    assert first is not None
    environment.restore(first)
    assert text(environment) == as_first
    environment.restore(noted.id)
    assert HAND in text(environment)


def test_reading_and_trying_say_so_and_note_nothing(environment: Environment) -> None:
    add(environment, "jq")
    hand(environment)
    database = environment.project.state / "state.db"
    before = database.read_bytes()
    assert environment.inspect().changed_since == ("devenv.nix",)
    assert any("devenv.nix" in note for note in environment.history().notes)
    assert environment.diff().files == ("devenv.nix",)
    add(environment, "curl", dry_run=True)
    assert external(environment) == []
    assert database.read_bytes() == before


def test_a_write_with_nothing_to_do_and_a_refused_one_note_it(environment: Environment) -> None:
    add(environment, "jq")
    hand(environment)
    assert add(environment, "jq") is None
    assert len(external(environment)) == 1


def test_the_last_operation_and_the_stages_say_that_it_was_not_checked(environment: Environment) -> None:
    add(environment, "jq")
    hand(environment)
    add(environment, "jq")
    found = environment.inspect()
    assert found.last_operation is not None
    assert found.last_operation.kind == "external"
    assert found.changed_since == ()
    assert found.stages is not None
    assert found.stages.checked is None


def test_the_difference_is_to_what_devkeel_left_whether_it_is_noted_or_not(environment: Environment) -> None:
    number = add(environment, "jq")
    hand(environment)
    add(environment, "jq")
    hand(environment)
    found = environment.diff()
    assert (found.operation, found.files) == (number, ("devenv.nix",))
    assert found.diff.count(f"+{HAND}") == 2


def test_a_checkout_is_one_operation_that_says_what_git_has(environment: Environment) -> None:
    root = environment.project.root
    (root / "devenv.yaml").write_text("inputs: {}\n")
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "one")
    git(root, "checkout", "-q", "-b", "other")
    hand(environment)
    hand(environment, "devenv.yaml", "# other\n")
    git(root, "commit", "-q", "-a", "-m", "two")
    git(root, "checkout", "-q", "main")
    add(environment, "jq")
    git(root, "stash")
    git(root, "checkout", "-q", "other")
    add(environment, "curl")
    [noted] = external(environment)
    assert noted.files == ("devenv.nix", "devenv.yaml")
    assert noted.reason is not None
    assert "(other)" in noted.reason


def test_an_edit_that_is_not_committed_says_nothing_of_git(environment: Environment) -> None:
    root = environment.project.root
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "one")
    add(environment, "jq")
    hand(environment)
    add(environment, "curl")
    assert [item.reason for item in external(environment)] == [None]


def test_other_line_ends_are_said_to_be_no_more_than_that(environment: Environment) -> None:
    add(environment, "jq")
    place = environment.project.root / "devenv.nix"
    place.write_bytes(place.read_bytes().replace(b"\n", b"\r\n"))
    add(environment, "curl")
    [noted] = external(environment)
    assert noted.reason is not None
    assert "line ends" in noted.reason
    environment.undo(noted.id)
    assert b"\r" not in place.read_bytes()
    assert b"pkgs.curl" in place.read_bytes()


def test_the_history_is_filtered_by_time(environment: Environment) -> None:
    add(environment, "jq")
    assert len(environment.history(since="1h").operations) == 1
    with pytest.raises(UsageError) as caught:
        environment.history(since="2999-01-01")
    assert caught.value.code == "bad_time"
    with pytest.raises(UsageError) as caught:
        environment.history(since="soon")
    assert caught.value.code == "bad_time"


def test_a_file_that_becomes_unreadable_is_not_taken_for_a_removed_one(environment: Environment) -> None:
    root = environment.project.root
    (root / "requirements.txt").write_text("httpx\n")
    add(environment, "jq")
    (root / "requirements.txt").unlink()
    (root / "requirements.txt").mkdir()
    add(environment, "curl")
    assert external(environment) == []


def test_it_says_between_which_operations_it_was_and_what_it_did(environment: Environment) -> None:
    add(environment, "fd")
    file = environment.project.root / "devenv.nix"
    file.write_text(file.read_text().replace("pkgs.git", "pkgs.git pkgs.htop"))
    page = environment.history()
    assert page.operations[0].kind == "edit"
    assert "devenv.nix: +htop" in page.notes[0]
    add(environment, "ripgrep")
    [item] = external(environment)
    assert (item.between, item.changes) == ((1, 3), ("devenv.nix: +htop",))
    assert all(other.changes is None for other in environment.history().operations if other.kind != "external")


def test_the_policy_and_the_locks_are_noted_too_the_policy_by_itself(environment: Environment) -> None:
    root = environment.project.root
    (root / "devkeel.toml").write_text('level = "schema"\n')
    add(environment, "fd")
    (root / "devkeel.toml").write_text('level = "schema"\nprotected = ["env"]\n')
    (root / "requirements.txt").write_text("httpx==0.27\n")
    add(environment, "ripgrep")
    assert sorted(item.changes or () for item in external(environment)) == [
        ('devkeel.toml: +setting protected = ["env"]',),
        ("requirements.txt: +library httpx ==0.27",),
    ]
    number = next(item.id for item in external(environment) if item.files == ("requirements.txt",))
    environment.undo(number)
    assert not (root / "requirements.txt").exists()
    policy = next(item.id for item in external(environment) if item.files == ("devkeel.toml",))
    with pytest.raises(PolicyRefused):
        environment.undo(policy)


def test_the_history_is_asked_by_whom_and_about_what(environment: Environment) -> None:
    add(environment, "fd")
    environment.change(parse_edits([{"kind": "set", "path": "services.redis.port", "value": 6380}]))
    file = environment.project.root / "devenv.nix"
    file.write_text(file.read_text().replace("6380", "6381"))
    add(environment, "ripgrep")

    def found(**asked: Any) -> list[int]:
        return [item.id for item in environment.history(**asked).operations]

    assert found() == [4, 3, 2, 1]
    assert found(about="services.redis") == found(about="services.redis.port") == found(about="redis") == [3, 2]
    assert found(about="services") == [3, 2]
    assert found(about="fd") == found(about="pkgs.fd") == [1]
    assert found(about="devenv.nix") == [4, 3, 2, 1]
    assert found(about="devenv.yaml") == found(about="nothing") == []
    assert found(by="not by devkeel") == found(by="Unknown", about="redis") == [3]
    assert found(by="test") == found(by=" TeSt ") == [4, 2, 1]
    assert found(by="somebody") == found(by="not by devkeel", about="fd") == []
    assert found(until="2020-01-01") == []
    assert environment.history(limit=1, about="redis").next_before == 3
    assert found(about="redis", before=3) == [2]


@pytest.mark.parametrize("asked", [{"by": ""}, {"by": "  "}, {"about": ""}, {"by": "test", "about": "\t"}])
def test_nobody_and_nothing_is_no_question(environment: Environment, asked: dict[str, str]) -> None:
    add(environment, "fd")
    for ask in (environment.history, environment.report):
        with pytest.raises(UsageError) as caught:
            ask(**asked)
        assert caught.value.code == "bad_selection"


def test_no_more_is_looked_through_for_a_page_than_a_bound(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(environment, "fd")
    for n in range(6):
        environment.change(parse_edits([{"kind": "set", "path": "env.N", "value": str(n)}]))
    monkeypatch.setattr(selection.choose, "__defaults__", (3,))
    page = environment.history(about="fd")
    assert (page.operations, page.next_before) == ((), 5)
    assert len(page.notes) == 1
    page = environment.history(about="fd", before=5)
    assert page.next_before == 2
    assert [item.id for item in environment.history(about="fd", before=2).operations] == [1]
