"""Every verb is judged once, before it begins, by its own row."""

from __future__ import annotations

import threading
import time
from itertools import combinations
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.edits.vocabulary import parse_edits
from devkeel.environments.named import Environments
from devkeel.errors import Place, PolicyRefused
from devkeel.judgement import UNJUDGED
from devkeel.policy.actions import ACTIONS
from devkeel.policy.permission import EVERYTHING, NAMES, NOTHING, Limit, Permission
from devkeel.system import precedence

if TYPE_CHECKING:
    from pathlib import Path

EDITS = parse_edits([{"kind": "set", "path": "env.A", "value": "1"}])
# What clients do by themselves, and have judged.
BESIDE = {"source", "source.write", "install", "resources"}
SETS = [frozenset(names) for size in range(7) for names in combinations(NAMES, size)]


def limited(*names: str) -> Permission:
    return EVERYTHING.within(Limit(frozenset(names), "roles.some", Place("devkeel.toml", 3), "some", whose="a person"))


def test_every_public_verb_of_the_face_and_of_what_it_returns_has_a_row() -> None:
    verbs = {name for name, item in vars(Environment).items() if not name.startswith("_") and callable(item)}
    own = {name for name in vars(Environments) if not name.startswith("_")}
    rows = verbs - UNJUDGED | {f"environments.{name}" for name in own}
    assert rows | BESIDE == ACTIONS.keys()
    assert all(hasattr(vars(Environment)[name], "judged") for name in verbs - UNJUDGED)


@pytest.mark.parametrize("names", SETS, ids=lambda names: "-".join(sorted(names)) or "none")
def test_an_edit_and_its_trial_are_done_by_exactly_those_who_may(root: Path, names: frozenset[str]) -> None:
    environment = Environment(root, actor="test", permission=limited(*names))
    for dry_run, needed in ((True, {"read"}), (False, {"read", "write"})):
        before = (root / "devenv.nix").read_bytes()
        try:
            result = environment.change(EDITS, dry_run=dry_run, level="syntax")
        except PolicyRefused as error:
            assert error.code == "permission_denied"
            assert error.details["lacks"] == [name for name in NAMES if name in needed - names]
            assert (error.place, error.details["role"]) == (Place("devkeel.toml", 3), "some")
            assert not needed <= names
            assert (root / "devenv.nix").read_bytes() == before
        else:
            assert needed <= names
            assert result.changed


def test_a_build_is_judged_by_the_level_that_is_asked_for(root: Path) -> None:
    environment = Environment(root, actor="test", permission=limited("read", "write"))
    with pytest.raises(PolicyRefused) as caught:
        environment.check(level="build")
    assert caught.value.details["lacks"] == ["build"]
    assert environment.check(level="schema").ran


def test_what_belongs_to_a_verb_is_judged_too(root: Path) -> None:
    environment = Environment(root, actor="test", permission=limited("read"))
    named = environment.environments()
    assert named.all() == ()
    assert named.default
    for work in (lambda: named.create("dev"), lambda: named.remove("dev"), named.purge, named.refresh):
        with pytest.raises(PolicyRefused) as caught:
            work()
        assert caught.value.code == "permission_denied"


def test_the_rule_that_takes_a_permission_away_is_the_one_that_is_named() -> None:
    flag = Limit(frozenset({"read", "write"}), "a flag")
    role = Limit(frozenset({"read"}), "roles.reviewer", Place("devkeel.toml", 1), "reviewer", sandbox=True)
    both = EVERYTHING.within(flag).within(role)
    assert (both.names, both.role, both.place, both.sandbox) == ({"read"}, "reviewer", Place("devkeel.toml", 1), True)
    assert both.taken_by(["execute"]) == flag
    assert both.taken_by(["write"]) == role
    assert both.lacks(["publish", "write"]) == ("write", "publish")
    assert NOTHING.names == {"read", "write", "publish"}
    assert not NOTHING.resolves


def test_what_may_wait_knows_of_a_change_while_it_goes_on_and_of_no_look(root: Path) -> None:
    environment, seen, ended = Environment(root, actor="test"), threading.Event(), threading.Event()

    def watch() -> None:
        while not ended.is_set():
            if precedence.is_busy():
                seen.set()
                return
            time.sleep(0)

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _ in range(5):
        environment.check(level="syntax")
    assert not seen.is_set()
    for number in range(200):
        edits = parse_edits([{"kind": "set", "path": "env.A", "value": str(number)}])
        environment.change(edits, level="syntax")
        if seen.is_set():
            break
    ended.set()
    watcher.join()
    assert seen.is_set()
    assert not precedence.is_busy()
