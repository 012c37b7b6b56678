"""Steps of `Environment` as events, told to a subscriber of this process."""

from __future__ import annotations

import ast
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import CheckFailed, PolicyRefused
from devkeel.events.bus import Events
from devkeel.events.event import Event
from devkeel.events.listeners import Listeners

if TYPE_CHECKING:
    from pathlib import Path

ADD_JQ = {"kind": "add_packages", "names": ["jq"]}


def edit(environment: Environment, *items: dict[str, Any], **options: Any) -> Any:
    return environment.change(parse_edits(list(items)), **options)


def test_each_step_of_a_change_is_told_to_a_subscriber(environment: Environment) -> None:
    told: list[Event] = []
    environment.subscribe(told.append)
    result = edit(environment, ADD_JQ, reason="the scripts call it")
    environment.undo()
    environment.close()
    assert [event.kind for event in told] == ["proposed", "checked", "published", "proposed", "checked", "restored"]
    proposed, checked, published = told[:3]
    assert proposed.details["edits"] == [{"kind": "add_packages", "path": None}]
    assert checked.seconds is not None
    assert checked.details["ran"][0] == "syntax"
    assert (published.operation, published.revision) == (1, result.revision)
    assert (published.actor, published.action, published.reason) == ("test", "edit", "the scripts call it")
    assert {event.files for event in told} == {("devenv.nix",)}
    assert told[-1].details == {"reverts": 1}
    assert [event.id for event in told] == sorted({event.id for event in told})
    assert {event.schema for event in told} == {1}


def test_a_change_that_fails_its_checks_is_told_with_the_code(environment: Environment) -> None:
    told: list[Event] = []
    environment.subscribe(told.append)
    with pytest.raises(CheckFailed) as caught:
        edit(environment, {"kind": "set", "path": "languages.python.enable", "value": "yes"})
    environment.close()
    assert [(event.kind, event.code) for event in told if event.kind == "checked"] == [("checked", caught.value.code)]
    assert [event.kind for event in told] == ["proposed", "checked", "failed"]
    assert (told[-1].action, told[-1].code) == ("change", caught.value.code)


def test_what_the_policy_refuses_is_told_as_denied_with_its_place(root: Path) -> None:
    (root / "devkeel.toml").write_text('protected = ["services"]\n')
    environment, told = Environment(root, actor="test"), list[Event]()
    environment.subscribe(told.append)
    with pytest.raises(PolicyRefused) as caught:
        edit(environment, {"kind": "enable", "name": "redis"})
    environment.close()
    assert [(event.kind, event.action, event.code) for event in told[1:]] == [("denied", "change", caught.value.code)]


def test_a_subscriber_that_fails_or_hangs_costs_nothing_else(root: Path) -> None:
    released, heard = threading.Event(), list[Event]()
    events = Events(root)
    environment = Environment(root, actor="test", listeners=Listeners(made=events))

    def fail(event: Event) -> None:
        raise RuntimeError(event.kind)

    environment.subscribe(fail)
    environment.subscribe(lambda event: released.wait(60))  # noqa: ARG005
    environment.subscribe(heard.append)
    assert edit(environment, ADD_JQ).published
    environment.close()
    assert not events.flush(0.05), "one of them hangs"
    released.set()
    assert events.flush(60)
    assert [event.kind for event in heard] == ["proposed", "checked", "published"]


def test_nothing_is_loaded_for_events_where_nobody_listens(root: Path) -> None:
    code = """
import sys
from pathlib import Path
from devkeel.api import Environment
from devkeel.events.listeners import Listeners
from devkeel.edits.vocabulary import parse_edits
environment = Environment(Path(sys.argv[1]), actor="test")
assert environment.change(parse_edits([{"kind": "add_packages", "names": ["jq"]}])).published
environment.close()
print([name for name in sys.modules if name.startswith("devkeel.events") or name == "devkeel.project.events"])
"""
    run = subprocess.run(
        [sys.executable, "-c", code, str(root)], check=True, timeout=120, capture_output=True, text=True
    )
    # the place that listeners would have, which is empty
    assert ast.literal_eval(run.stdout) == ["devkeel.events", "devkeel.events.listeners"]
