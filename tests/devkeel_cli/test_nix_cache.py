"""`devkeel nix cache`: exit codes and what is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.derivations import derivation, flake_text, signing_key, unique

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Shell


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    return tmp_path_factory.mktemp("cache").resolve()


@pytest.mark.nix
@pytest.mark.usefixtures("nix_machine")
def test_a_build_is_missing_uploaded_there_and_verified(devkeel: Shell, place: Path) -> None:
    (devkeel.root / "flake.nix").write_text(flake_text({"made": derivation("echo made > $out", unique())}))
    secret, public = signing_key(place, "team-1")
    url = f"file://{place}/store"
    text = f'[[caches]]\nurl = "{url}"\npublic_key = "{public}"\nsecret_key_file = "{secret}"\n'
    (devkeel.root / "devkeel.toml").write_text(text)
    waits = devkeel("nix", "cache", "exists", "#made")
    assert (waits.code, f"devkeel nix allow {url}" in waits.err) == (1, True)
    assert devkeel("nix", "allow", url, "--yes").code == 0
    assert devkeel("nix", "build", "#made").code == 0
    missing = devkeel("nix", "cache", "exists", "#made")
    assert (missing.code, "0 of 1 paths" in missing.out) == (3, True)
    assert "0 paths read, 1 missing" in devkeel("nix", "cache", "verify", "#made").out
    assert "would upload 1 of 1" in devkeel("nix", "cache", "upload", "#made", "-n").out
    told = devkeel("nix", "cache", "upload", "#made").out
    assert ("signed by team-1" in told, "Not signed" in told) == (True, False)
    assert devkeel("nix", "cache", "exists", "#made", "--closure", "--json").data["ok"] is True
    verified = devkeel("nix", "cache", "verify", "#made")
    assert (verified.code, "all as signed" in verified.out) == (0, True)


def test_a_link_is_the_one_in_the_current_directory(
    devkeel: Shell, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (devkeel.root / "devkeel.toml").write_text(f'[[caches]]\nurl = "file://{place}"\n')
    assert devkeel("nix", "allow", f"file://{place}", "--yes").code == 0
    (devkeel.root / "sub").mkdir()
    for folder, letter in ((devkeel.root, "a"), (devkeel.root / "sub", "b")):
        (folder / "result").symlink_to(f"/nix/store/{letter * 32}-none")
        monkeypatch.chdir(folder)
        assert devkeel("nix", "cache", "exists", "result", "--json").data["paths"] == [f"/nix/store/{letter * 32}-none"]


def test_the_caches_are_listed(devkeel: Shell, place: Path) -> None:
    assert "no caches" in devkeel("nix", "cache", "list").out
    (devkeel.root / "devkeel.toml").write_text(f'[[caches]]\nurl = "file://{place}"\npriority = 7\n')
    told = devkeel("nix", "cache", "list").out
    assert f"waits for you: file://{place}" in told
    assert "priority: 7" in told
    unknown = devkeel("nix", "cache", "exists", "--cache", "file:///else", "result")
    assert (unknown.code, "[unknown_cache]" in unknown.err) == (2, True)


def test_a_cache_is_named_where_a_person_says_so(devkeel: Shell, tmp_path_factory: pytest.TempPathFactory) -> None:
    place = tmp_path_factory.mktemp("named").resolve()
    url, settings = f"file://{place}", devkeel.root / "devkeel.toml"
    assert devkeel("nix", "cache", "configure", url).code == 2  # no terminal to ask on
    unsound = devkeel("nix", "cache", "configure", "nonsense")  # is not asked about
    assert (unsound.code, "[bad_cache]" in unsound.err) == (2, True)
    assert "would change devkeel.toml" in devkeel("nix", "cache", "configure", url, "--dry-run").out
    assert not settings.exists()
    assert devkeel("nix", "cache", "configure", url, "--priority", "7", "--yes").code == 0
    assert f"agreed to: {url}" in devkeel("nix", "cache", "list").out
    assert devkeel("nix", "cache", "remove", url, "--json").data["published"] is True
    assert settings.read_text() == ""
    assert devkeel("undo").code == 0
    assert f"waits for you: {url}" in devkeel("nix", "cache", "list").out
    assert devkeel("nix", "cache", "remove", "file:///none").code == 2
