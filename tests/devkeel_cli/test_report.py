"""`devkeel report`: the same facts as text, Markdown and JSON, whose shape is kept."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from .conftest import Shell


@pytest.fixture
def story(devkeel: Shell) -> Shell:
    """A project with an edit, one by hand, a refusal and an undo."""
    assert devkeel("add", "fd", "--level", "schema", "-m", "to find files").code == 0
    text = devkeel.declaration.read_text()
    devkeel.declaration.write_text(text.replace('env.APP_PORT = "8000"', 'env.APP_PORT = "9000"'))
    assert devkeel("set", "services.redis.port", "6380", "--level", "schema").code == 0
    (devkeel.root / "devkeel.toml").write_text('protected = ["services.postgres"]\n')
    assert devkeel("disable", "services.postgres", "-m", "I do not want it").code == 1
    assert devkeel("undo").code == 0
    return devkeel


def settled(text: str) -> str:
    """Return what is the same each time."""
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:\\]+\+00:00", "<time>", text)
    text = re.sub(r"\b[0-9a-f]{64}\b|\b[0-9a-f]{12}\b", "<hash>", text)
    text = re.sub(r"devkeel [\w.]+ \([^)]*\)", "<person>", text)
    text = re.sub(r"longest [\d.]+ s \(\\?#\d+\)", "longest <seconds>", text)
    # without Nix there is one rung less
    text = text.replace("(syntax, schema, evaluation)", "(syntax, schema)")
    text = re.sub(r"(, evaluation [\d.e-]+ s)|(\| `evaluation` \| [\d.e-]+ \|\n)", "", text)
    return re.sub(r"[\d.e-]+ s\b|(?<=` \| )[\d.e-]+(?= \|$)", "<seconds>", text, flags=re.MULTILINE)


def shape(data: Any) -> Any:
    """Return the names and kinds of data."""
    if isinstance(data, dict):
        # without Nix there is one rung less
        return {name: shape(value) for name, value in data.items() if name != "evaluation"}
    if isinstance(data, list):
        merged: dict[str, Any] = {}
        for item in data:
            merged |= shape(item) if isinstance(item, dict) else {"": type(item).__name__}
        return [merged]
    return type(data).__name__


def test_the_report_as_a_person_reads_it(story: Shell, snapshot: SnapshotAssertion) -> None:
    assert settled(story("report").out) == snapshot


def test_the_report_as_markdown(story: Shell, snapshot: SnapshotAssertion) -> None:
    assert settled(story("report", "--format", "markdown").out) == snapshot


def test_the_shape_of_the_report_as_json(story: Shell, snapshot: SnapshotAssertion) -> None:
    found = story("report", "--json")
    assert shape(found.data) == snapshot
    assert found.data["version"] == 1
    assert json.loads(story("report", "--format", "json").out).keys() == found.data.keys()


def test_it_is_written_to_a_new_file_and_over_none(story: Shell) -> None:
    for form in ("text", "markdown", "json"):
        place = story.root / f"report.{form}"
        assert story("report", "--format", form, "-o", str(place)).code == 0
        assert "to find files" in place.read_text().replace("\\ ", " ")
        assert story("report", "-o", str(place)).code == 2
    assert json.loads((story.root / "report.json").read_text())["version"] == 1


def test_it_is_about_a_period_a_caller_and_a_thing(story: Shell) -> None:
    assert "env.APP_PORT 8000 -> 9000" in story("report", "--about", "env.APP_PORT").out
    assert story("report", "--by", "not by devkeel", "--json").data["callers"][0]["caller"] == "not by devkeel"
    assert story("report", "--until", "2020-01-01", "--since", "2019-01-01", "--json").data["operations"] == []
    assert story("report", "--since", "never").code == 2


def test_what_others_wrote_is_cleaned_and_does_nothing(devkeel: Shell) -> None:
    hostile = "[x](javascript:alert(1)) | <img src=x> \x1b[31m @all ` | #1"
    assert devkeel("add", "fd", "--level", "schema", "-m", hostile).code == 0
    found = devkeel("report", "--format", "markdown").out
    assert "\x1b" not in found
    assert "\x1b" not in devkeel("report").out
    [row] = [line for line in found.splitlines() if line.startswith("| 1 |")]
    assert len(re.findall(r"(?<!\\)\|", row)) == 8
    [why] = [line for line in found.splitlines() if line.startswith("- **By whom and why:**")]
    assert "](" not in why
    assert "<img" not in why


def test_a_secret_is_in_no_form_of_it(devkeel: Shell) -> None:
    secret = "ghp_" + "Ab1" * 12
    assert devkeel("set", "env.GITHUB_TOKEN", secret, "--string", "--level", "schema", "-m", f"as {secret}").code == 0
    for form in ("text", "markdown", "json"):
        assert secret not in devkeel("report", "--format", form).out
        place = devkeel.root / f"report.{form}"
        assert devkeel("report", "--format", form, "-o", str(place)).code == 0
        assert secret not in place.read_text()
