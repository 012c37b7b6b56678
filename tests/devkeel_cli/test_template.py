"""`devkeel template` lists, shows, validates and uses templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Shell

KIT = """\
name = "own"
version = "2.0.0"
description = "Of a test."
examples = [{ names = ["a"] }]
[parameters]
type = "object"
[parameters.properties.names]
type = "array"
items = { type = "string" }
default = []
[parameters.properties.count]
type = "integer"
default = 1
[parameters.properties.text]
type = "string"
default = "1"
[[edits]]
kind = "set"
path = "env.NAMES"
value = "@@text@@"
[[edits]]
kind = "set"
path = "processes.web.process-compose.availability.max_restarts"
value = "@@count@@"
[[edits]]
kind = "add_packages"
names = ["@@names@@"]
"""


@pytest.fixture
def kit(devkeel: Shell, monkeypatch: pytest.MonkeyPatch) -> str:
    """A kit in the current directory, which is the project's root."""
    monkeypatch.chdir(devkeel.root)
    (devkeel.root / "kit").mkdir()
    (devkeel.root / "kit" / "kit.toml").write_text(KIT)
    return "./kit"


def test_the_built_in_ones_are_listed_and_shown(devkeel: Shell) -> None:
    names = [item["name"] for item in devkeel("template", "list", "--json").data["templates"]]
    assert "go" in names
    assert devkeel("template", "list").out.count("\n") == len(names)
    assert "parameter module: string" in devkeel("template", "info", "go").out


def test_a_template_is_tried_used_and_used_again(devkeel: Shell, kit: str) -> None:
    asked = ("template", "use", kit, "names=jq, ripgrep", "count=3", "text=7")
    tried = devkeel(*asked, "-n")
    assert (tried.code, "pkgs.jq" in tried.out) == (0, True)
    assert devkeel(*asked, "--json").data["published"]
    text = (devkeel.root / "devenv.nix").read_text()
    assert [word in text for word in ('env.NAMES = "7"', "max_restarts = 3", "ripgrep")] == [True] * 3
    assert not devkeel(*asked, "--json").data["changed"]


def test_what_is_wrong_is_named(devkeel: Shell, kit: str) -> None:
    wrong = devkeel("template", "use", kit, "count=many")
    assert (wrong.code, "properties/count/type" in wrong.err) == (2, True)
    assert devkeel("template", "use", kit, "count").code == 2
    unknown = devkeel("template", "info", "goo")
    assert (unknown.code, "devkeel template list" in unknown.err) == (2, True)


def test_a_secret_that_was_given_is_not_repeated(devkeel: Shell, kit: str) -> None:
    text = KIT.replace("properties.text]", "properties.api_token]").replace("@@text@@", "@@api_token@@")
    (devkeel.root / "kit" / "kit.toml").write_text(text.replace("NAMES", "API_TOKEN"))
    told = devkeel("template", "use", kit, "api_token=c4n4ry-x9-value")
    assert (told.code, "c4n4ry" in told.out + told.err) == (0, False)
    assert "c4n4ry" not in devkeel("history", "1").out + devkeel("history", "--json").out
    assert "c4n4ry" in (devkeel.root / "devenv.nix").read_text()


def test_a_template_is_validated(devkeel: Shell, kit: str) -> None:
    assert devkeel("template", "validate", kit).code == 0
    (devkeel.root / "kit" / "kit.toml").write_text(KIT.replace('"own"', '""'))
    told = devkeel("template", "validate", kit)
    assert (told.code, "bad_template" in told.out) == (3, True)


def test_it_begins_where_it_is_asked_to(devkeel: Shell, kit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = devkeel.root / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    monkeypatch.delenv("DEVKEEL_ROOT", raising=False)
    assert devkeel("template", "use", "path:../kit", "--here", "--root", str(inner)).code == 0
    assert (inner / "devenv.nix").exists()
