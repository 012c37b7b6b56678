"""Who asks a person hears what they said once, and only what they said to that; what it asked for ends with it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.errors import Conflict, PolicyRefused, StateError, UsageError
from devkeel.policy.permission import EVERYTHING, Limit
from devkeel.policy.roles import Caller
from devkeel.proposals import asker as asking
from devkeel.proposals import proposal as proposals
from devkeel.proposals import records
from devkeel.proposals.asker import Asker
from devkeel.proposals.presence import attended, attending
from devkeel.proposals.proposal import Wish
from devkeel.state import directory, locks
from devkeel.state.files import read_record, write_record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from devkeel.proposals.proposal import OpenProposal, ProposalView

PERSON = Caller("command")
ASKING = """
import sys
from pathlib import Path
from devkeel.api import Environment
from devkeel.proposals.asker import Asker
from devkeel.proposals.proposal import Wish
root = Path(sys.argv[1])
asker = Asker(root, root / ".devkeel")
print(asker.propose(Wish("other 1", "server", "run_command", Environment(root, actor="t").revision(), "m")).id)
sys.stdout.flush()
sys.stdin.read()
"""


@pytest.fixture
def asker(root: Path) -> Iterator[Asker]:
    found = Asker(root, root / ".devkeel")
    yield found
    found.close()


@pytest.fixture
def person(root: Path) -> Iterator[Environment]:
    opened = Environment(root, actor="a person", caller=PERSON)
    yield opened
    opened.close()


def asked(root: Path, **more: object) -> Wish:
    revision = Environment(root, actor="t").revision()
    return Wish("agent 1", "server", "add_packages", revision, "add_packages with ripgrep", **more)  # type: ignore[arg-type]


def proposed(asker: Asker, **more: object) -> OpenProposal:
    return asker.propose(asked(asker.root, **more))


def only(person: Environment) -> ProposalView:
    (found,) = person.proposals().proposals
    return found


def test_what_a_person_says_is_heard_by_who_asked_and_they_saw_all_of_it(asker: Asker, person: Environment) -> None:
    first, second = proposed(asker, shown={"diff": "+x"}, roles=("editor",)), proposed(asker)
    seen = person.proposals()
    assert {item.id for item in seen.proposals} == {first.id, second.id}
    assert seen.waiting == 2
    view = next(item for item in seen.proposals if item.id == first.id)
    assert (view.state, view.shown, view.roles, view.digest) == ("waiting", {"diff": "+x"}, ("editor",), first.digest)
    assert asker.heard(first) is None
    said = person.answer_proposal(first.id, agrees=True, seen=view.digest)
    assert (said.state, said.by) == ("agreed", "a person")
    person.answer_proposal(second.id, agrees=False, seen=second.digest)
    heard = asker.heard(first), asker.heard(second)
    assert [item is not None and item.agrees for item in heard] == [True, False]
    asker.withdraw(first)
    assert asker.heard(first) is None
    assert only(person).id == second.id


def test_the_first_answer_counts_also_where_two_pages_say_it_at_once(asker: Asker, root: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    found = proposed(asker)

    def say(number: int) -> bool | None:
        page = Environment(root, actor=f"page {number}", caller=PERSON)
        try:
            return page.answer_proposal(found.id, agrees=number % 2 == 0, seen=found.digest).state == "agreed"
        except Conflict as error:
            assert error.code == "proposal_answered"
            return None
        finally:
            page.close()

    with ThreadPoolExecutor(8) as pool:
        said = [item for item in pool.map(say, range(8)) if item is not None]
    heard = asker.heard(found)
    assert heard is not None
    assert said == [heard.agrees]


def test_nobody_agrees_to_what_the_files_have_overtaken_or_to_what_they_were_not_shown(
    asker: Asker, person: Environment, root: Path
) -> None:
    found = proposed(asker)
    with pytest.raises(Conflict) as caught:
        person.answer_proposal(found.id, agrees=True, seen="0" * 64)
    assert caught.value.code == "proposal_differs"
    (root / "devenv.nix").write_text("{ }\n")
    assert only(person).state == "overtaken"
    assert person.proposals().waiting == 0
    with pytest.raises(Conflict) as caught:
        person.answer_proposal(found.id, agrees=True, seen=found.digest)
    assert caught.value.code == "proposal_differs"
    assert asker.heard(found) is None
    assert person.answer_proposal(found.id, agrees=False, seen=found.digest).state == "declined"


def test_nobody_agrees_to_what_could_not_be_shown(asker: Asker, person: Environment) -> None:
    found = proposed(asker, shown=proposals.shown_of({"changed": True, "files": ["a"], "diff": "+x\n" * 200_000}))
    with pytest.raises(Conflict) as caught:
        person.answer_proposal(found.id, agrees=True, seen=found.digest)
    assert caught.value.code == "proposal_cut"
    assert person.answer_proposal(found.id, agrees=False, seen=found.digest).state == "declined"


def test_no_agent_answers_and_none_without_the_right_to_write(asker: Asker, root: Path) -> None:
    found = proposed(asker)
    client = Environment(root, actor="agent", caller=Caller("client", "agent 1"))
    reader = Environment(
        root, actor="r", caller=PERSON, permission=EVERYTHING.within(Limit(frozenset({"read"}), "the page"))
    )
    for who, code in ((client, "person_needed"), (reader, "permission_denied")):
        with pytest.raises(PolicyRefused) as caught:
            who.answer_proposal(found.id, agrees=True, seen=found.digest)
        assert caught.value.code == code
        assert who.proposals().waiting == 1
    assert asker.heard(found) is None


def test_who_may_not_do_it_may_not_agree_to_it_and_may_decline_it(asker: Asker, root: Path) -> None:
    found = proposed(asker, takes=("execute", "read"))
    limit = Limit(frozenset({"read", "write"}), "the page")
    writer = Environment(root, actor="w", caller=PERSON, permission=EVERYTHING.within(limit))
    with pytest.raises(PolicyRefused) as caught:
        writer.answer_proposal(found.id, agrees=True, seen=found.digest)
    assert (caught.value.code, caught.value.details["lacks"]) == ("permission_denied", ["execute"])
    assert asker.heard(found) is None
    assert writer.answer_proposal(found.id, agrees=False, seen=found.digest).state == "declined"
    writer.close()


def test_what_a_process_asked_for_ends_with_it_however_it_ends(person: Environment, root: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ASKING, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        identifier = other.stdout.readline().strip()
        view = only(person)
        assert view.id == identifier
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert person.proposals().proposals == ()
    with pytest.raises(UsageError) as caught:
        person.answer_proposal(identifier, agrees=True, seen=view.digest)
    assert caught.value.code == "unknown_proposal"
    folder = root / ".devkeel" / "proposals"
    assert (folder / f"{identifier}.json").exists()
    with_another = Asker(root, root / ".devkeel")
    found = proposed(with_another)
    assert {item.name for item in folder.iterdir()} - {"answers.lock"} == {f"{found.id}.json", f"{found.asker}.lock"}
    with_another.close()
    assert {item.name for item in folder.iterdir()} <= {"answers.lock"}


def test_after_ten_minutes_nobody_answers_and_nothing_is_heard(
    asker: Asker, person: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = proposed(asker)
    person.answer_proposal(found.id, agrees=True, seen=found.digest)
    begun = proposals.now()
    for moved in (timedelta(seconds=601), timedelta(seconds=-120)):
        for module in (asking, records):
            monkeypatch.setattr(module, "now", lambda moved=moved: begun + moved)
        assert asker.heard(found) is None
        assert person.proposals().proposals == ()


def test_what_is_forged_replayed_or_copied_is_no_answer(asker: Asker, person: Environment, root: Path) -> None:
    state, folder = root / ".devkeel", root / ".devkeel" / "proposals"
    first, second = proposed(asker), proposed(asker)
    person.answer_proposal(first.id, agrees=True, seen=first.digest)
    real = folder / f"{first.id}.answer.json"
    # another name, another proposal, no seal, a seal of another key, a link
    shutil.copy(real, folder / f"{second.id}.answer.json")
    assert asker.heard(second) is None
    yes = {"proposal": second.digest, "agrees": True, "by": "me", "at": "2026-01-01T00:00:00+00:00"}
    (folder / f"{second.id}.answer.json").write_text(json.dumps(yes))
    assert asker.heard(second) is None
    (folder / f"{second.id}.answer.json").write_text(json.dumps(yes | {"seal": "0" * 64}))
    assert asker.heard(second) is None
    (folder / f"{second.id}.answer.json").unlink()
    (folder / f"{second.id}.answer.json").symlink_to(real)
    assert asker.heard(second) is None
    (folder / f"{second.id}.answer.json").unlink()
    # sealed rightly, and about something else that was shown
    write_record(records.answer_to(state, second.id), yes | {"proposal": first.digest})
    assert asker.heard(second) is None
    # an answer from before is put back after it was heard
    kept = real.read_bytes()
    asker.withdraw(first)
    real.write_bytes(kept)
    assert asker.heard(first) is None
    # a question that the asker never put, and one that says something else than what it put
    question = folder / f"{second.id}.json"
    told = json.loads(question.read_text())
    question.write_text(json.dumps(told | {"asked": told["asked"] | {"message": "harmless"}}))
    assert person.proposals().proposals == ()
    question.unlink()
    assert person.proposals().proposals == ()


def test_a_record_that_came_with_a_clone_is_not_shown(asker: Asker, root: Path, tmp_path: Path) -> None:
    proposed(asker)
    copy = tmp_path / "clone"
    shutil.copytree(root, copy)
    reader = Environment(copy, actor="a person", caller=PERSON)
    assert reader.proposals().proposals == ()  # its asker asks elsewhere
    (copy / ".devkeel" / "project.json").unlink()
    assert reader.proposals().proposals == ()
    reader.close()


@pytest.mark.parametrize("junk", [b"", b"[]", b"{}", b"[" * 100_000, b'{"id": 3}', b"\xff" * 50, b"x" * (2 << 20)])
def test_nonsense_in_the_records_stands_in_nobodys_way(
    asker: Asker, person: Environment, root: Path, junk: bytes
) -> None:
    found = proposed(asker)
    folder = root / ".devkeel" / "proposals"
    (folder / f"{'0' * 32}.json").write_bytes(junk)
    (folder / f"{'1' * 32}.lock").write_bytes(junk)
    (folder / f"{found.id}.answer.json").write_bytes(junk)
    os.mkfifo(folder / f"{'2' * 32}.json")
    (folder / f"{'3' * 32}.json").symlink_to("/dev/zero")
    (folder / f"{'4' * 32}.json").mkdir()
    assert only(person).id == found.id
    assert person.answer_proposal(found.id, agrees=True, seen=found.digest).state == "agreed"
    assert asker.heard(found)


def test_a_folder_behind_a_link_is_not_used(asker: Asker, person: Environment, root: Path, tmp_path: Path) -> None:
    found = proposed(asker)
    folder = root / ".devkeel" / "proposals"
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    assert person.proposals().proposals == ()
    assert asker.heard(found) is None
    with pytest.raises(UsageError):
        person.answer_proposal(found.id, agrees=True, seen=found.digest)


def test_looking_makes_nothing(person: Environment, root: Path) -> None:
    assert person.proposals().proposals == ()
    with pytest.raises(UsageError):
        person.answer_proposal("0" * 32, agrees=True, seen="")
    assert not (root / ".devkeel").exists()
    assert not attended(root)


def test_a_page_is_there_as_long_as_its_process_says_so(asker: Asker, root: Path, tmp_path: Path) -> None:
    assert not asker.attended()
    with attending(root), attending(root):
        assert asker.attended()
        assert not attended(tmp_path)
        (tmp_path / "link").symlink_to(root)
        assert attended(tmp_path / "link")
        assert asker.attended()
    assert not asker.attended()
    code = (
        "import sys, pathlib; from devkeel.proposals.presence import attending\n"
        "with attending(pathlib.Path(sys.argv[1])):\n    print('there', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as page:
        assert page.stdout is not None
        page.stdout.readline()
        assert asker.attended()
        page.send_signal(signal.SIGKILL)
    assert not asker.attended()
    assert not (root / ".devkeel").exists()  # it is this user's, and not the project's


def test_the_records_of_a_proposal_are_this_users_alone(asker: Asker, root: Path) -> None:
    found = proposed(asker)
    path = records.record_of(root / ".devkeel", found.id)
    info = directory.status(path)
    assert info is not None
    assert info.st_mode & 0o077 == 0
    assert read_record(path) is not None


def test_who_asks_beside_another_takes_away_nothing_of_it(asker: Asker, person: Environment, root: Path) -> None:
    first, other = proposed(asker), Asker(root, root / ".devkeel")
    second = proposed(other)
    assert {item.id for item in person.proposals().proposals} == {first.id, second.id}
    person.answer_proposal(first.id, agrees=True, seen=first.digest)
    assert other.heard(first) is None
    assert asker.heard(first)
    other.close()
    assert only(person).id == first.id


def test_where_the_records_are_removed_nothing_is_asked_any_more(asker: Asker, person: Environment, root: Path) -> None:
    first = proposed(asker)
    shutil.rmtree(root / ".devkeel")
    assert not asker.asks(first)
    assert person.proposals().proposals == ()
    second = proposed(asker)
    assert only(person).id == second.id
    person.answer_proposal(second.id, agrees=True, seen=second.digest)
    assert asker.heard(second)


def test_a_no_that_is_removed_is_no_question_again(asker: Asker, person: Environment, root: Path) -> None:
    for agrees, state in ((False, "declined"), (True, "agreed")):
        found = proposed(asker)
        question = (root / ".devkeel" / "proposals" / f"{found.id}.json").read_bytes()
        person.answer_proposal(found.id, agrees=agrees, seen=found.digest)
        for path in (root / ".devkeel" / "proposals").glob(f"{found.id}*.json"):
            path.unlink()
        assert person.proposals().proposals == ()
        (root / ".devkeel" / "proposals" / f"{found.id}.json").write_bytes(question)
        assert only(person).state == state
        with pytest.raises(Conflict) as caught:
            person.answer_proposal(found.id, agrees=True, seen=found.digest)
        assert caught.value.code == "proposal_answered"
        heard = asker.heard(found)
        assert heard is not None
        assert heard.agrees is agrees
        asker.withdraw(found)


def test_of_more_records_than_devkeel_makes_none_is_read_and_that_is_said(
    asker: Asker, person: Environment, root: Path
) -> None:
    found = proposed(asker)
    folder = root / ".devkeel" / "proposals"
    for number in range(5_000):
        (folder / f"{number:032x}.json").write_text("{}")
    seen = person.proposals()
    assert (seen.proposals, seen.waiting) == ((), 0)
    assert seen.crowd > 5_000
    with pytest.raises(StateError) as caught:
        proposed(Asker(root, root / ".devkeel"))
    assert caught.value.code == "state_unusable"
    # what was seen before can be answered
    assert person.answer_proposal(found.id, agrees=False, seen=found.digest).state == "declined"
    for number in range(5_000):
        (folder / f"{number:032x}.json").unlink()
    for number in range(20):
        (folder / f"{number:032x}.json").write_text(" " * (1 << 20))
    assert person.proposals().crowd


def test_records_that_were_copied_to_another_project_of_this_user_are_not_shown_there(
    asker: Asker, root: Path, tmp_path: Path
) -> None:
    found = proposed(asker)
    copy = tmp_path / "copy"
    shutil.copytree(root, copy)
    reader = Environment(copy, actor="a person", caller=PERSON)
    with locks.hold(records.lock_of(copy / ".devkeel", found.asker), 1.0):
        assert reader.proposals().proposals == ()
        with pytest.raises(UsageError) as caught:
            reader.answer_proposal(found.id, agrees=True, seen=found.digest)
    assert caught.value.code == "unknown_proposal"
    assert records.answered(root / ".devkeel", found) is None
    reader.close()
