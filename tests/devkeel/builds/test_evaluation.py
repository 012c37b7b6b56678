"""A value as data: of an attribute of the flake, of a file, of an expression, and what JSON has not by its name."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from tests.derivations import SYSTEM, derivation, flake_text

from devkeel.builds import evaluation
from devkeel.builds.evaluation import EvaluationLimits
from devkeel.errors import CheckFailed, PolicyRefused, Unavailable, UsageError
from devkeel.nix_cli.enclosure import encloses
from devkeel.runtime import Completed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from devkeel.api import Environment

    Without = Callable[..., None]

pytestmark = [pytest.mark.nix, pytest.mark.usefixtures("nix_machine")]


@pytest.fixture(autouse=True)
def namespaces() -> None:
    if not encloses():
        pytest.skip("this system gives no namespaces to this user")


def test_a_value_is_shown_and_what_json_has_not_by_its_name(root: Path, environment: Environment) -> None:
    value = (
        '{ number = 1.5; text = "a"; list = [ 1 null true ]; path = ./flake.nix; throws = throw "no"; '
        f"function = {{ a, b ? 1 }}: a; made = {derivation('true', 'made')}; deep.a.b.c.d = 1; "
        'outPath = "/nowhere"; __toString = _: "text"; }'
    )
    (root / "flake.nix").write_text(flake_text({}, **{"lib.value": value}))
    found = environment.evaluate_nix("#lib.value")
    shown = found.value
    assert found.kind == "set"
    assert shown["made"]["<derivation>"]["drvPath"].endswith("-made.drv")
    assert shown["path"].endswith("/flake.nix")
    assert {name: shown[name] for name in ("number", "text", "list", "throws", "function", "deep", "outPath ")} == {
        "number": 1.5,
        "text": "a",
        "list": [1, None, True],
        "throws": {"<error>": "it throws"},
        "function": {"<function>": {"a": False, "b": True}},
        "deep": {"a": {"b": {"c": {"<set>": ["d"]}}}},
        "outPath ": "/nowhere",
    }
    assert "4 levels" in found.notes[0]


def test_names_are_said_where_something_further_down_fails(root: Path, environment: Environment) -> None:
    (root / "flake.nix").write_text(flake_text({}, **{"lib.value": "{ good = 1; bad = { }.missing; }"}))
    found = environment.evaluate_nix("#lib.value")
    assert found.value == {"<set>": ["bad", "good"]}
    assert "missing" in found.notes[0]
    with pytest.raises(CheckFailed) as caught:
        environment.evaluate_nix("#lib.value.bad")
    assert (caught.value.code, "missing" in caught.value.message) == ("evaluation_failed", True)


@pytest.mark.parametrize("words", ["a stack overflow", "x is forbidden here"])
def test_what_a_text_throws_is_no_limit_and_no_reading(environment: Environment, words: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        environment.evaluate_nix(expression=f'throw "{words}"')
    assert (caught.value.code, caught.value.message) == (
        "evaluation_failed",
        f"the expression does not evaluate: {words}",
    )


def test_the_memory_that_ended_it_is_what_it_had(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "ask", lambda *_: Completed((), 1, b"", b"error: out of memory\n"))
    monkeypatch.setattr(evaluation, "shares", lambda: (1, 512 * 1024**2))
    for memory, said in ((8192, "memory, 512 MiB, which is the share"), (300, "memory, 300 MiB, and")):
        with pytest.raises(CheckFailed) as caught:
            environment.evaluate_nix(expression="1", limits=EvaluationLimits(memory=memory))
        assert said in caught.value.message
        assert ("with more" in (caught.value.remedy or "")) == (memory == 300)


CASES: dict[str, tuple[dict[str, Any], Any]] = {
    "file": ({"file": "sub/default.nix"}, {"text": "from a file", "x": 3}),
    "attribute of a file": ({"target": "text", "file": "sub/default.nix"}, "from a file"),
    "expression": ({"expression": "import (project + /sub) { x = 4; }"}, {"text": "from a file", "x": 4}),
    "function of a file": ({"file": "sub/default.nix", "expression": "builtins.attrNames"}, ["text", "x"]),
    "function of a flake": ({"target": f"#packages.{SYSTEM}", "expression": "builtins.attrNames"}, ["made"]),
    "what git knows": ({"expression": "builtins.attrNames (builtins.readDir project)"}, ["flake.nix", "link", "sub"]),
}


def test_files_and_expressions_see_the_files_that_git_knows(root: Path, environment: Environment) -> None:
    (root / "flake.nix").write_text(flake_text({"made": derivation("true")}))
    (root / "sub").mkdir()
    (root / "sub" / "default.nix").write_text("{ x ? 3 }: { inherit x; text = builtins.readFile ./text; }")
    (root / "sub" / "text").write_text("committed")
    (root / "link").symlink_to("sub/text")
    for words in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", "-C", root, *words], check=True, timeout=20)
    (root / "sub" / "text").write_text("from a file")
    (root / "unknown").write_text("not added")
    assert {name: environment.evaluate_nix(**asked).value for name, (asked, _) in CASES.items()} == {
        name: value for name, (_, value) in CASES.items()
    }


@pytest.mark.parametrize("target", [None, "#x"])
@pytest.mark.parametrize("text", ["1 \0", '"\ud800"', "\ud800", f"/* {'a' * 300_000} */ 1"], ids=range(4))
def test_a_text_that_nix_cannot_be_given_is_refused(environment: Environment, target: str | None, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        environment.evaluate_nix(target, expression=text)
    assert caught.value.code == "bad_evaluation_limit"


def test_a_function_is_no_longer_than_a_word_of_a_command(root: Path, environment: Environment) -> None:
    (root / "flake.nix").write_text("{ outputs = _: { x = 1; }; }")
    function = f"x: /* {'a' * 98_000} */ x + 1"
    assert environment.evaluate_nix("#x", expression=function).value == 2
    with pytest.raises(UsageError):
        environment.evaluate_nix("#x", expression=function + " " * 1000)


def test_what_cannot_be_asked_is_refused(environment: Environment, without: Without) -> None:
    with pytest.raises(PolicyRefused):
        environment.evaluate_nix("nixpkgs#hello")
    for limits in (
        EvaluationLimits(memory=1),
        EvaluationLimits(output=1),
        EvaluationLimits(depth=99),
        EvaluationLimits(timeout=0),
    ):
        with pytest.raises(UsageError):
            environment.evaluate_nix(expression="1", limits=limits)
    with pytest.raises(UsageError):
        environment.evaluate_nix(expression=" ")
    without("namespaces")
    with pytest.raises(Unavailable) as caught:
        environment.evaluate_nix(expression="1")
    assert caught.value.code == "not_confined"
