"""One line about a package: from the text of the nixpkgs that a lock pins, or from Nix, later; nothing is made up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.catalogue import refresh
from devkeel.catalogue.descriptions import first_line, package_descriptions, written

from .conftest import add_to_store, eventually, lock_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PACKAGE = '{{ stdenv }}: stdenv.mkDerivation {{ meta = {{ description = "{}"; }}; }}\n'
FILES = {
    "default.nix": """\
{ config ? { }, overlays ? [ ] }:
let of = description: { meta = { inherit description; }; };
in
{
  made = of "Made ${"of"} parts. And more.";
  silent = { };
  thrown.meta = throw "unsupported";
  broken.meta = { }.missing;
  odd = of 7;
  someSet.inner = of "In a set";
}
""",
    "pkgs/by-name/ri/ripgrep/package.nix": PACKAGE.format('Searches \\"directories\\". Fast'),
    "pkgs/by-name/tw/two/package.nix": PACKAGE.format("One") + PACKAGE.format("Two"),
    "pkgs/by-name/co/computed/package.nix": PACKAGE.format("About ${version}"),
    "pkgs/tools/old/default.nix": PACKAGE.format("An old\n    tool"),
    "pkgs/tools/called.nix": PACKAGE.format("Called by its file"),
    "pkgs/development/python-modules/numpy/default.nix": PACKAGE.format("Numbers"),
    "pkgs/top-level/all-packages.nix": """\
{
  old = callPackage ../tools/old { };
  called = libsForQt5.callPackage ../tools/called.nix { };
  outside = callPackage ../../../../etc/outside { };
  older = old.override { };
}
""",
    "pkgs/top-level/python-packages.nix": "{\n  numpy = callPackage ../development/python-modules/numpy { };\n}\n",
}


def write(folder: Path) -> Path:
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def locked(folder: Path) -> bytes:
    return lock_of(nixpkgs={"locked": {"narHash": add_to_store(folder, FILES), "rev": "1234567890"}})


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ripgrep", 'Searches "directories"'),
        ("old", "An old tool"),
        ("called", "Called by its file"),
        ("python3Packages.numpy", "Numbers"),
        ("python312Packages.numpy", "Numbers"),
        *(
            (name, "")
            for name in ("two", "computed", "older", "outside", "nothing", "someSet.inner", "../x", "", "a b")
        ),
    ],
)
def test_what_the_files_say_for_certain_is_said(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "etc" / "outside").mkdir(parents=True)
    (tmp_path / "etc" / "outside" / "default.nix").write_text(PACKAGE.format("secret"))
    assert written(write(tmp_path / "nixpkgs"), name) == said


def test_a_link_out_of_nixpkgs_says_nothing(tmp_path: Path) -> None:
    nixpkgs = write(tmp_path / "nixpkgs")
    (tmp_path / "secret.nix").write_text(PACKAGE.format("secret"))
    (nixpkgs / "pkgs" / "tools" / "called.nix").unlink()
    (nixpkgs / "pkgs" / "tools" / "called.nix").symlink_to(tmp_path / "secret.nix")
    (nixpkgs / "pkgs" / "by-name" / "li" / "linked").mkdir(parents=True)
    (nixpkgs / "pkgs" / "by-name" / "li" / "linked" / "package.nix").symlink_to(tmp_path / "secret.nix")
    assert [written(nixpkgs, name) for name in ("called", "linked")] == ["", ""]


@pytest.mark.parametrize(
    ("text", "line"),
    [("A. B.", "A"), ("A\n  b c.", "A b c"), ("v1.2 of it", "v1.2 of it"), ("", ""), ("x" * 400, "x" * 159 + "…")],
)
def test_a_description_is_one_line(text: str, line: str) -> None:
    assert first_line(text) == line


def test_without_a_lock_or_what_it_pins_nothing_is_said() -> None:
    assert package_descriptions(None, ["ripgrep"]) == {}
    assert package_descriptions(b"{}", ["ripgrep"]) == {}


@pytest.mark.nix
def test_what_the_text_does_not_say_nix_is_asked_and_a_later_call_has_it(tmp_path: Path) -> None:
    lock = locked(tmp_path)
    names = ["ripgrep", "made", "someSet.inner"]
    assert package_descriptions(lock, names) == {"ripgrep": 'Searches "directories"'}
    assert eventually(lambda: len(package_descriptions(lock, names)) == len(names))
    found = package_descriptions(lock, names)
    assert (found["made"], found["someSet.inner"]) == ("Made of parts", "In a set")


@pytest.mark.nix
def test_one_that_cannot_be_evaluated_costs_no_other_and_is_not_asked_again(tmp_path: Path) -> None:
    lock = locked(tmp_path)
    names = ["made", "silent", "thrown", "broken", "odd", "absent", 'x"; throw']
    refresh.refresh_about(lock, names)
    assert package_descriptions(lock, names) == {"made": "Made of parts"}
    kept = refresh.cache.read(refresh.about_key(refresh.read_pins(lock).nixpkgs))
    assert kept == {"made": "Made of parts. And more.", **dict.fromkeys(names[1:-1], "")}


@pytest.mark.nix
def test_a_search_says_what_packages_and_options_are(make_lock: Callable[..., bytes], root: Path) -> None:
    lock = make_lock()
    (root / "devenv.lock").write_bytes(lock)
    refresh.refresh(lock)
    pins = refresh.read_pins(lock)
    refresh.cache.write(refresh.about_key(pins.nixpkgs), {"brandNew": "Quite new. Really."})
    found = Environment(root, actor="test").search
    assert [(hit.name, hit.description) for hit in found("brandNew").hits] == [("brandNew", "Quite new")]
    said = {hit.name: hit.description for hit in found("novel").hits}
    assert said["services.novel.mode"] == "How it works"
    assert said["services.novel"] is None
