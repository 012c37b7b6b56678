"""Every call that the library names is one that each client has, with arguments that it takes."""

from __future__ import annotations

import ast
import itertools
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from devkeel.text import actions
from devkeel.text.actions import Said, say
from devkeel_mcp.tools import TOOLS
from devkeel_review.views import VIEWS
from devkeel_words.call_actions import TOOL_ACTIONS
from devkeel_words.speech import Speech, as_command, as_link, as_tool
from devkeel_words.vocabulary import ACTIONS, ARGUMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
WORDS = sys.modules["tests_beside_words"]  # the watch of tests/words.py
# Values for what is not written out where a marker is made.
SAMPLES: dict[str, Any] = {
    "address": "file:///srv/cache",
    "argv": ["pytest", "-q"],
    "backend": "venv",
    "before": 20,
    "cursor": 12,
    "environment": "dev",
    "id": "0a1b2c3d",
    "key": "rules.packages.forbid",
    "inside": "languages.python.package",
    "key_file": "~/.config/team.secret",
    "name": "web",
    "file": "nix/db.nix",
    "names": ["git"],
    "occurrences": 2,
    "operation": 3,
    "priority": 30,
    "public_key": "team-1:AAAA",
    "url": "file:///srv/cache",
    "value": '["mysql"]',
}


class Site(NamedTuple):
    """A place that makes a marker."""

    place: str
    maker: str
    name: str | None
    arguments: dict[str, Any]


def _sites() -> Iterator[Site]:
    for path in sorted([*(ROOT / "tools").rglob("*.py"), *(ROOT / "server").rglob("*.py")]):
        tree = ast.parse(path.read_text("utf-8"))
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        makers = {
            name.asname or name.name for node in imports if node.module == "devkeel.text.actions" for name in node.names
        } & {"do", "again", "argument"}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in makers:
                yield _site(f"{path.relative_to(ROOT)}:{node.lineno}", node, node.func.id)


def _site(place: str, node: ast.Call, maker: str) -> Site:
    name = node.args[0] if node.args else None
    assert name is None or isinstance(name, ast.Constant), f"{place}: a name that is not written out"
    assert all(item.arg for item in node.keywords), f"{place}: arguments that are not written out"
    given = {str(item.arg): _value(str(item.arg), item.value) for item in node.keywords}
    if isinstance(name, ast.Constant) and name.value == "search" and "cursor" in given:
        given["cursor"] = "20"  # of a page, not of a log
    if maker == "argument" and node.args[1:]:
        assert isinstance(name, ast.Constant)
        given = {str(name.value): _value(str(name.value), node.args[1])}
    return Site(place, maker, name.value if isinstance(name, ast.Constant) else None, given)  # type: ignore[arg-type]


def _value(name: str, node: ast.expr) -> Any:
    return node.value if isinstance(node, ast.Constant) else SAMPLES[name]


SITES = [*_sites()]


@pytest.mark.parametrize("site", SITES, ids=lambda site: f"{site.place}-{site.maker}")
def test_each_client_has_what_the_library_names(site: Site) -> None:
    make = getattr(actions, site.maker)
    marker = (
        make(site.name, *site.arguments.values())
        if site.maker == "argument"
        else (make(*([site.name] if site.name else []), **site.arguments))
    )
    for speaker in (as_tool, as_command, as_link):
        found = list[str | None]()

        def speak(said: Said, speaker: Speech = speaker, found: list[str | None] = found) -> str:
            assert said.kind != "do" or said.name in ACTIONS
            assert {said.name} <= {*ARGUMENTS} or said.kind != "argument"
            assert {*said.arguments} <= {*ARGUMENTS} or said.kind != "again"
            words = speaker(said)
            found.append(WORDS.refused_words(said, speaker, words))
            return words

        assert say(marker, speak)
        assert found == [None]


def test_no_sentence_says_with_twice() -> None:
    """An agent would read `Make it with apply_environment with environment=dev`."""
    twice = []
    for path in sorted((ROOT / "tools").rglob("*.py")):
        sentences = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.JoinedStr)]
        for before, part in ((a, b) for node in sentences for a, b in itertools.pairwise(node.values)):
            call = part.value if isinstance(part, ast.FormattedValue) else None
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "do":
                site = _site(f"{path.relative_to(ROOT)}:{call.lineno}", call, "do")
                said = as_tool(Said("do", str(site.name), site.arguments))
                if " with " in said and isinstance(before, ast.Constant) and str(before.value).endswith(" with "):
                    twice.append(site.place)
    assert not twice


def test_each_row_is_used() -> None:
    assert {site.name for site in SITES if site.maker == "do"} == {*ACTIONS}
    spoken = {site.name for site in SITES if site.maker == "argument"}
    assert spoken | {name for site in SITES if site.maker == "again" for name in site.arguments} == {*ARGUMENTS}


@pytest.mark.parametrize("action", ACTIONS)
def test_each_column_has_a_place_for_the_same_arguments(action: str) -> None:
    row = ACTIONS[action]
    blanks = {frozenset(re.findall(r"\{(\w+)\}", column)) for column in (row.tool, row.command) if column is not None}
    assert len(blanks) == 1
    given = {name for site in SITES if site.name == action for name in site.arguments}
    assert given <= {*blanks.pop()}
    assert row.command


@pytest.mark.parametrize("action", [name for name, row in ACTIONS.items() if row.link is not None])
def test_each_link_leads_to_a_view_of_the_page(action: str) -> None:
    row = ACTIONS[action]
    addresses = [address.partition("?") for address in (row.link or "").split()]
    assert {view for view, _, _ in addresses} <= {f"#{name}" for name in VIEWS}
    assert {*re.findall(r"\{(\w+)\}", row.link or "")} <= {*re.findall(r"\{(\w+)\}", row.command)}
    assert ["{" in asked for _, _, asked in addresses][-1] is False  # the last one needs no value


def test_a_client_says_an_argument_as_it_takes_it() -> None:
    assert as_tool(Said("do", "make", {"environment": "dev"})) == "apply_environment with environment=dev"
    assert as_command(Said("do", "make", {"environment": "my env"})) == "`devkeel env create 'my env'`"
    assert as_tool(Said("do", "mix", {"backend": "conda"})).endswith("(the user's command, no tool)")
    assert as_link(Said("do", "undo", {"operation": 3})) == "[undo, operation 3](#operation?id=3)"
    assert as_link(Said("do", "undo", {})) == "[undo](#history)"
    assert as_link(Said("do", "log", {"name": "a b/?"})) == '[log, name "a b/?"](#processes?name=a%20b%2F%3F)'


def test_a_page_says_the_command_for_what_it_has_not() -> None:
    given = {"environment": "my env"}
    assert as_link(Said("do", "make", given)) == as_command(Said("do", "make", given))


def test_an_agent_sees_whether_a_value_is_text() -> None:
    assert as_tool(Said("do", "search", {"cursor": "20"})) == 'search_catalogue with cursor="20"'
    assert as_tool(Said("do", "job", {"id": "1e5", "cursor": 20})) == 'job with id="1e5", cursor=20'
    assert as_tool(Said("do", "job", {"id": "1e5a"})) == "job with id=1e5a"


@pytest.mark.forged
def test_what_no_client_knows_is_said_in_the_librarys_words() -> None:
    assert as_tool(Said("do", "sing", {"song": "la"})) == 'sing with song="la"'
    assert as_command(Said("argument", "loudness")) == "loudness"
    assert as_command(Said("again", "", {"loudness": 3})) == "the same call with loudness=3"


@pytest.mark.forged
def test_no_argument_is_left_out_without_a_word() -> None:
    """What is said of a forged marker would else be less than what stands there."""
    assert as_command(Said("do", "apply", {"evil": "rm"})) == 'apply with evil="rm"'
    assert as_tool(Said("argument", "redo", {"evil": "rm"})) == 'redo with evil="rm"'
    assert as_tool(Said("again", "evil", {"redo": True})) == "the same call with redo=true"


def test_each_tool_comes_to_what_it_says_of_itself() -> None:
    assert {spec.name: spec.verbs for spec in TOOLS} == TOOL_ACTIONS
