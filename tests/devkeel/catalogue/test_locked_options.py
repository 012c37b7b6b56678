"""What devenv.lock pins is read with real Nix, in the background, and kept."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.candidate.candidate import Candidate
from devkeel.catalogue import built_in, cache, refresh
from devkeel.catalogue.locked_options import open_catalogue
from devkeel.catalogue.packages import BUILT_IN, known, open_names, suggest
from devkeel.checks.modules import World
from devkeel.checks.packages import check_packages
from devkeel.nix_cli.pins import read_pins, store_path

from .conftest import add_to_store, eventually, lock_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

nix = pytest.mark.nix


@nix
def test_the_first_call_answers_from_what_is_built_in_and_a_later_one_live(make_lock: Callable[..., bytes]) -> None:
    lock = make_lock()
    assert open_catalogue(lock) is built_in()
    assert eventually(lambda: open_catalogue(lock).live)
    found = open_catalogue(lock)
    assert found.source == "devenv abcdefa of devenv.lock"
    assert [option.path for option in found.options.values()] == [
        "jobs",
        'jobs.<name>."key.with.dots"',
        "services.novel.enable",
        "services.novel.mode",
    ]


@nix
def test_a_live_option_has_what_the_built_in_ones_have(make_lock: Callable[..., bytes]) -> None:
    lock = make_lock()
    refresh.refresh(lock)
    mode = open_catalogue(lock).find(("services", "novel", "mode"))
    assert mode is not None
    assert (mode.type, mode.default, json.loads(mode.allowed)) == ('one of "a", "b"', '"a"', ["a", "b"])
    assert (mode.read_only, mode.description) == (True, "How\nit works.")
    assert open_catalogue(lock).find(("jobs", "mine", "key.with.dots")) is not None
    assert open_catalogue(lock).enabled("services") == ("novel",)


@nix
def test_a_default_that_cannot_be_computed_costs_no_option(make_lock: Callable[..., bytes]) -> None:
    lock = make_lock(default="{ }.missing")
    refresh.refresh(lock)
    assert open_catalogue(lock).find(("services", "novel", "enable")) is not None


@nix
def test_a_live_list_of_packages_is_complete(make_lock: Callable[..., bytes]) -> None:
    lock = make_lock()
    assert known("brandNew", lock).source == BUILT_IN
    refresh.refresh(lock)
    assert known("brandNew", lock).known
    unknown = known("brandNew2", lock)
    assert (unknown.known, unknown.complete) == (False, True)
    assert unknown.source == "nixpkgs 1234567 of devenv.lock"
    assert suggest("brandNwe", lock=lock) == ["brandNew"]


@nix
def test_an_old_spelling_is_known_but_never_suggested(make_lock: Callable[..., bytes]) -> None:
    lock = make_lock()
    refresh.refresh(lock)
    assert known("oldName", lock).known
    assert suggest("oldNam", lock=lock) == []
    assert "oldName" not in open_names(lock).every()


@nix
def test_the_names_in_a_set_are_read_when_one_is_asked_about(make_lock: Callable[..., bytes]) -> None:
    lock = make_lock()
    refresh.refresh(lock)
    assert not known("python3Packages.onlyHere", lock).complete
    assert eventually(lambda: known("python3Packages.onlyHere", lock).known)
    unknown = known("python3Packages.pandas", lock)
    assert (unknown.known, unknown.complete) == (False, True)


@nix
def test_a_nixpkgs_inside_another_input_is_found(make_lock: Callable[..., bytes]) -> None:
    lock = make_lock(wrapped=True)
    refresh.refresh(lock)
    assert known("brandNew", lock).known


@nix
def test_a_damaged_cache_counts_as_none_and_is_written_anew(make_lock: Callable[..., bytes]) -> None:
    lock = make_lock()
    refresh.refresh(lock)
    for path in cache.directory().glob("*.json"):
        path.write_bytes(b'{"format": 1, "data": [')
    assert open_catalogue(lock) is built_in()
    assert open_names(lock).source == BUILT_IN
    refresh.refresh(lock)
    assert open_catalogue(lock).live
    assert known("brandNew", lock).complete


@pytest.mark.parametrize(
    "data", [b"", b"[]", b'{"format": 99, "data": {}}', b"\xff", b'{"format": 1, "data": [{"path": 1}]}']
)
@nix
def test_whatever_the_cache_has_a_call_answers(make_lock: Callable[..., bytes], data: bytes) -> None:
    lock = make_lock()
    refresh.refresh(lock)
    for path in cache.directory().glob("*.json"):
        path.write_bytes(data)
    assert open_catalogue(lock) is built_in()
    assert known("ripgrep", lock).source == BUILT_IN


@nix
def test_many_processes_read_the_same_lock_at_once(make_lock: Callable[..., bytes]) -> None:
    lock = make_lock()
    started = [multiprocessing.get_context("spawn").Process(target=refresh.refresh, args=(lock,)) for _ in range(4)]
    for process in started:
        process.start()
    for process in started:
        process.join(120)
        assert process.exitcode == 0
    assert open_catalogue(lock).live
    assert not list(cache.directory().glob(".new-*"))


@nix
def test_what_cannot_be_evaluated_is_not_tried_again_at_once(make_lock: Callable[..., bytes]) -> None:
    lock = make_lock(default="syntax error (")
    refresh.refresh(lock)
    pins = read_pins(lock)
    assert cache.failed_lately(refresh.options_key(pins))
    assert open_catalogue(lock) is built_in()
    assert known("brandNew", lock).known


@nix
def test_evaluated_text_reads_nothing_outside_its_inputs(make_lock: Callable[..., bytes], tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    lock = make_lock(default=f"builtins.readFile {secret}")
    refresh.refresh(lock)
    assert not [path for path in cache.directory().iterdir() if b"hunter2" in path.read_bytes()]


@nix
def test_a_name_that_only_throws_by_now_is_gone_and_one_that_is_there_is_not(tmp_path: Path) -> None:
    names = """\
{ config ? { }, overlays ? [ ] }:
{ nodejs_22 = { }; exa = { }; } // (if config.allowAliases or true then { nodejs_14 = throw "gone"; } else { })
"""
    files = {"default.nix": names, "pkgs/top-level/keep": ""}
    original = {"type": "github", "owner": "NixOS", "repo": "nixpkgs", "ref": "nixos-unstable"}
    locked = {"narHash": add_to_store(tmp_path, files), "rev": "1234567890", "lastModified": 1_785_542_400}
    lock = lock_of(nixpkgs={"locked": locked, "original": original})
    refresh.refresh(lock)
    text = b"{ pkgs, ... }: { packages = [ pkgs.nodejs_14 pkgs.exa ]; }"
    subject = Candidate.of({"devenv.nix": text}, {"devenv.lock": lock})
    [found] = check_packages(subject, World.of(subject))
    assert (found.severity, found.subject) == ("error", "nodejs_14")
    assert ["pkgs.nodejs_22" in edit["new"] for edit in found.suggestions] == [True]


@nix
def test_a_search_says_which_catalogue_answered(make_lock: Callable[..., bytes], root: Path) -> None:
    lock = make_lock()
    (root / "devenv.lock").write_bytes(lock)
    refresh.refresh(lock)
    found = Environment(root, actor="test").search("novel")
    assert found.options_from == "devenv abcdefa of devenv.lock"
    assert found.packages_from == "nixpkgs 1234567 of devenv.lock"
    assert [hit.name for hit in found.hits][:2] == ["services.novel", "services.novel.mode"]


@pytest.mark.parametrize(
    "lock",
    [
        b"",
        b"[]",
        b"{}",
        b'{"root": "root", "nodes": {"root": {"inputs": {"nixpkgs": ["nixpkgs"]}}}}',
        b'{"root": "root", "nodes": {"root": {"inputs": {"nixpkgs": "gone"}}}}',
        lock_of(nixpkgs={"locked": {"narHash": "sha256-AAAA"}}),
        lock_of(nixpkgs={"locked": {"narHash": "sha256-" + "A" * 43 + "="}}, devenv={"locked": {}}),
    ],
)
def test_a_lock_that_pins_nothing_in_the_store_leaves_what_is_built_in(lock: bytes) -> None:
    assert open_catalogue(lock) is built_in()
    assert known("ripgrep", lock).source == BUILT_IN
    assert not cache.directory().exists()


@nix
def test_what_the_store_gets_later_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "source"
    (folder / "pkgs" / "top-level").mkdir(parents=True)
    (folder / "pkgs" / "top-level" / "unique").write_text(str(tmp_path))
    command = ["nix", "--extra-experimental-features", "nix-command", "hash", "path", "--sri", folder]
    hash_ = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    lock = lock_of(nixpkgs={"locked": {"narHash": hash_}})
    assert read_pins(lock).nixpkgs is None
    subprocess.run(["nix-store", "--add-fixed", "--recursive", "sha256", folder], check=True, capture_output=True)
    assert read_pins(lock).nixpkgs is not None


@nix
def test_the_store_path_is_the_one_that_nix_gives(tmp_path: Path) -> None:
    hash_ = add_to_store(tmp_path, {"file": "content"})
    command = ["nix-store", "--add-fixed", "--recursive", "sha256", tmp_path / "source"]
    assert store_path(hash_) == subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
