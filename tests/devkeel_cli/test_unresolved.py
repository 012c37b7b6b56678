"""A library that no registry may be asked for is written with a word of that: which it is, and which rule it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Shell

NAME = "no-such-library-anywhere-xyz"
MANIFESTS = {
    "python": ("pyproject.toml", '[project]\nname = "a"\nversion = "0"\ndependencies = []\n'),
    "python, requirements": ("requirements.txt", "idna==3.7\n"),
    "javascript": ("package.json", '{ "name": "a", "version": "1.0.0", "dependencies": {} }\n'),
    "rust": ("Cargo.toml", '[package]\nname = "a"\nversion = "0.1.0"\n\n[dependencies]\n'),
    "go": ("go.mod", "module example.org/a\n\ngo 1.19\n"),
    "ruby": ("Gemfile", 'source "https://gems.example.org"\n'),
    "conda": ("environment.yml", "channels: [conda-forge]\ndependencies:\n  - python=3.12\n"),
}
ROLES = """\
[roles.agent]
permissions = ["read", "write", "build", "execute"]

[roles.writer]
permissions = ["read", "write", "network"]

[roles.owner]
permissions = ["read", "write", "build", "execute", "network"]
"""
# The line of each role, and what it lacks.
LINES = {"agent": 2, "writer": 5}


@pytest.mark.parametrize("case", MANIFESTS)
def test_a_library_that_may_not_be_looked_up_is_named_with_the_rule(devkeel: Shell, case: str) -> None:
    file, text = MANIFESTS[case]
    (devkeel.root / "devkeel.toml").write_text(ROLES)
    (devkeel.root / file).write_text(text)
    language = case.partition(",")[0]
    wanted = {"go": f"example.org/{NAME}@v1.0.0", "ruby": NAME}.get(language, f"{NAME}==1" if "req" in case else NAME)
    words = ("library", "add", "--language", "python" if language == "conda" else language, "--file", file, wanted)
    for role, more in (("writer", ("--dry-run",)), ("agent", ())):
        found = devkeel("--role", role, *words, *more, "--json").data
        (skipped,) = [item for item in found["checks"]["skipped"] if item["level"] == "resolution"]
        notes = [note for note in found["notes"] if NAME in note]
        for said in (skipped["reason"], *notes):
            assert f"devkeel.toml:{LINES[role]}" in said
        assert notes
        assert found["published"] is not bool(more)


def test_what_was_named_before_is_not_named_anew_and_what_was_not_asked_for_is_not_said(devkeel: Shell) -> None:
    (devkeel.root / "devkeel.toml").write_text(ROLES)
    (devkeel.root / "package.json").write_text('{ "dependencies": { "left-pad": "^1" } }\n')
    words = ("--role", "agent", "library", "add", "--language", "javascript", NAME, "--dry-run")
    found = devkeel(*words, "--json").data
    assert any(NAME in note for note in found["notes"])
    assert not any("left-pad" in note for note in found["notes"])
    assert not any(NAME in note for note in devkeel(*words, "--level", "schema", "--json").data["notes"])
    # A dry run asks nobody, in whatever role.
    owner = devkeel(*("owner" if word == "agent" else word for word in words), "--json").data
    assert not any(NAME in note for note in owner["notes"])
    (skipped,) = [item for item in owner["checks"]["skipped"] if item["level"] == "resolution"]
    assert "devkeel.toml" not in skipped["reason"]
