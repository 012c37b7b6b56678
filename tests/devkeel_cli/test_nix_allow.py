"""`devkeel nix allow`: a cache of devkeel.toml is used by Nix once a person has agreed to it, and not before."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.derivations import derivation, flake_text, nix, signing_key, unique

from devkeel.nix_cli.confinement import by_convention

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Shell

SCRIPT = "od -An -N8 -tx8 /dev/urandom > $out"  # each build gives another text


@pytest.fixture
def place(nix_machine: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert nix_machine
    monkeypatch.setenv("NIX_CONFIG", "substitute = true\nsubstituters =\n")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    return tmp_path_factory.mktemp("cache").resolve()


def built(devkeel: Shell) -> tuple[str, list[str]]:
    """Return what a build of the package has in it, and the notes of the answer; the store forgets it then."""
    done = devkeel("nix", "build", "#made", "--json")
    assert done.code == 0, done.err
    answer = json.loads(done.out)
    path = answer["outputs"][0]["path"]
    with open(path) as file:  # noqa: PTH123  (a path of the store)
        text = file.read()
    return text, [note for note in answer["notes"] if note != by_convention(flake=True)]


def forget(path: str) -> None:
    nix("store", "delete", path)


@pytest.mark.nix
def test_a_cache_is_used_once_a_person_agreed_and_only_with_the_key_that_signed(devkeel: Shell, place: Path) -> None:
    (devkeel.root / "flake.nix").write_text(flake_text({"made": derivation(SCRIPT, unique("cached"))}))
    secret, public = signing_key(place, "team-1")
    _, other = signing_key(place, "other-1")
    first = json.loads(devkeel("nix", "build", "#made", "--json").out)["outputs"][0]["path"]
    kept, notes = built(devkeel)
    assert notes == []
    store = place / "store"
    nix("copy", "--to", f"file://{store}?secret-key={secret}", first)
    settings = devkeel.root / "devkeel.toml"
    seen = {}
    for name, line, agree in (("waiting", public, False), ("agreed", public, True), ("other key", other, True)):
        settings.write_text(f'[[caches]]\nurl = "file://{store}"\npublic_key = "{line}"\n')
        if agree:
            assert devkeel("nix", "allow", f"file://{store}", "--yes").code == 0
        forget(first)
        text, notes = built(devkeel)
        seen[name] = (text == kept, bool(notes))
    assert seen == {"waiting": (False, True), "agreed": (True, False), "other key": (False, True)}
    assert "no key that is believed" in notes[0]


def test_it_lists_agrees_and_forgets(devkeel: Shell, place: Path) -> None:
    assert "no caches" in devkeel("nix", "allow").out
    assert json.loads(devkeel("nix", "allow", "--json").out) == {"caches": [], "builders": [], "waiting": []}
    text = f'[[caches]]\nurl = "file://{place}"\npriority = 7\n\n[[builders]]\nuri = "ssh-ng://big.example.org"\n'
    (devkeel.root / "devkeel.toml").write_text(text)
    listed = devkeel("nix", "allow").out
    assert f"waits for you: file://{place}" in listed
    assert "priority: 7" in listed
    assert "waits for you: ssh-ng://big.example.org" in listed
    assert devkeel("nix", "allow", f"file://{place}").code == 2  # no terminal to ask on
    assert f"agreed to: file://{place}" in devkeel("nix", "allow", f"file://{place}", "--yes").out
    found = json.loads(devkeel("nix", "allow", "--json").out)
    assert [item["url"] for item in found["caches"]] == [f"file://{place}"]
    assert [item["uri"] for item in found["waiting"]] == ["ssh-ng://big.example.org"]
    assert f"waits for you: file://{place}" in devkeel("nix", "allow", "--forget", f"file://{place}").out
    refused = devkeel("nix", "allow", "file:///else", "--yes")
    assert "[unknown_address]" in refused.err
