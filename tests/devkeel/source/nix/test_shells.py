"""The development shell of a flake gets a package where its author lists them, whichever way the flake makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.devkeel.source.nix.flakes import FLAKES, after, before, head

from devkeel.errors import Refused
from devkeel.source import nix

if TYPE_CHECKING:
    from devkeel.source.nix.read.shell import Shell


def shells(files: dict[str, bytes] | bytes) -> list[Shell]:
    known = {"flake.nix": files} if isinstance(files, bytes) else files
    return nix.shells_of(known.get, "flake.nix")


def default(files: dict[str, bytes] | bytes) -> Shell:
    return next(shell for shell in shells(files) if shell.name == "default")


def added(files: dict[str, bytes] | bytes, *names: str) -> bytes:
    return nix.add_to_shell(default(files), names)[0].data


@pytest.mark.parametrize("shape", FLAKES)
def test_a_package_goes_into_the_list_of_the_shell(shape: str) -> None:
    assert added(before(FLAKES[shape]), "jq").decode() == after(FLAKES[shape]).decode()


@pytest.mark.parametrize("shape", FLAKES)
def test_what_is_there_is_not_added_again(shape: str) -> None:
    edited, _ = nix.add_to_shell(default(after(FLAKES[shape])), ["jq"])
    assert not edited.changed
    assert len(edited.notes) == 1


@pytest.mark.parametrize("shape", FLAKES)
def test_a_package_is_removed_again(shape: str) -> None:
    edited = nix.remove_from_shell(default(after(FLAKES[shape])), "jq")
    left = [name for name, _ in nix.shell_packages(default(edited.data))]
    assert edited.changed
    assert left == [name for name, _ in nix.shell_packages(default(before(FLAKES[shape])))]


def test_lists_of_a_shell_are_seen_in_each_of_them() -> None:
    data = before(FLAKES["flake-utils"])
    assert [name for name, _ in nix.shell_packages(default(data))] == ["git", "openssl"]
    edited, _ = nix.add_to_shell(default(data), ["openssl", "jq"])
    assert edited.data == after(FLAKES["flake-utils"])
    assert len(edited.notes) == 1


FILES = {
    "import": (
        "import ./shell.nix { inherit pkgs; }",
        "{ pkgs }:\npkgs.mkShell { packages = [ pkgs.git« pkgs.jq» ]; }\n",
    ),
    "callPackage with pkgs": (
        "pkgs.callPackage ./shell.nix { }",
        "{ pkgs, lib }:\npkgs.mkShell { packages = [ pkgs.git« pkgs.jq» ]; }\n",
    ),
    "callPackage with packages": (
        "pkgs.callPackage ./shell.nix { }",
        "{ mkShell, git«, jq» }:\nmkShell { packages = [ git« jq» ]; }\n",
    ),
    "callPackage with packages, one a line": (
        "pkgs.callPackage ./shell.nix { }",
        "{\n  «jq,\n  »mkShell,\n  git,\n}:\nmkShell {\n  packages = [\n    git\n«    jq\n»  ];\n}\n",
    ),
    "an attribute of a file": (
        "(import ./shell.nix { inherit pkgs; }).default",
        "{ pkgs }: {\n  default = pkgs.mkShell { packages = [ pkgs.git« pkgs.jq» ]; };\n}\n",
    ),
    "a function of pkgs": ("import ./shell.nix pkgs", "pkgs: with pkgs; mkShell { buildInputs = [ git« jq» ]; }\n"),
}


@pytest.mark.parametrize("shape", FILES)
def test_the_file_that_makes_the_shell_is_the_one_that_is_edited(shape: str) -> None:
    made, text = FILES[shape]
    flake = head(f"""    let pkgs = nixpkgs.legacyPackages.x86_64-linux; in {{
      devShells.x86_64-linux.default = {made};
    }};""").encode()
    files = {"flake.nix": flake, "shell.nix": before(text)}
    edited, _ = nix.add_to_shell(default(files), ["jq"])
    assert default(files).document.name == "shell.nix"
    assert edited.data.decode() == after(text).decode()


def test_a_package_that_callpackage_gives_is_there_already() -> None:
    flake = head("    { devShells.x86_64-linux.default = nixpkgs.callPackage ./shell.nix { }; };").encode()
    files = {"flake.nix": flake, "shell.nix": b"{ mkShell, jq }: mkShell { packages = [ jq ]; }\n"}
    assert not nix.add_to_shell(default(files), ["jq"])[0].changed


def test_the_shells_of_a_directory_and_of_a_set_in_a_file_have_their_names() -> None:
    flake = head("    { devShells = nixpkgs.lib.genAttrs [ ] (system: import ./nix { inherit nixpkgs; }); };").encode()
    inner = b"{ nixpkgs }: { default = import ./a.nix nixpkgs; ci = nixpkgs.mkShell { packages = [ ]; }; }\n"
    files = {"flake.nix": flake, "nix/default.nix": inner, "nix/a.nix": b"pkgs: pkgs.mkShell { packages = [ ]; }\n"}
    assert {shell.spelled: shell.where for shell in shells(files)} == {
        "devShells.default": "nix/a.nix:1",
        "devShells.ci": "nix/default.nix:1",
    }


def test_a_set_of_shells_is_found_in_what_a_file_gives() -> None:
    flake = head("""    {
      devShells = nixpkgs.lib.genAttrs [ "x86_64-linux" ] (system:
        let made = import ./nix/shell.nix { inherit nixpkgs system; }; in made.devShells.${system});
    };""").encode()
    inner = "{ nixpkgs, system }:\nlet pkgs = nixpkgs.legacyPackages.${system}; in {\n"
    inner += "  devShells.${system}.default = pkgs.mkShell { packages = [ pkgs.git« pkgs.jq» ]; };\n}\n"
    files = {"flake.nix": flake, "nix/shell.nix": before(inner)}
    assert added(files, "jq") == after(inner)


def test_packages_are_taken_from_the_set_that_the_shell_is_taken_from() -> None:
    data = head("""    let pkgs = nixpkgs.lib.genAttrs [ ] (system: nixpkgs.legacyPackages.${system}); in {
      devShells.x86_64-linux.default = let system = "x86_64-linux"; in pkgs.${system}.mkShell {
        packages = [ pkgs.${system}.git« pkgs.${system}.jq» ];
      };
    };""")
    assert added(before(data), "jq") == after(data)
    assert not nix.add_to_shell(default(after(data)), ["jq"])[0].changed


CANNOT = {
    "of another flake": ("other.devShells.x86_64-linux.default", "opaque_value"),
    "made elsewhere": ("pkgs.hello.devShell", "opaque_value"),
    "an unknown function": ("haskell.shellWith { tools = [ ]; }", "opaque_value"),
    "from TOML": ("pkgs.devshell.fromTOML ./devshell.toml", "opaque_value"),
    "arguments from elsewhere": ("pkgs.mkShell (import ./arguments.nix)", "opaque_value"),
    "arguments under a condition": ("pkgs.mkShell (pkgs.lib.mkIf x { packages = [ ]; })", "conditional"),
    "no set of packages": ("mkShell { packages = [ git ]; }", "captured_name"),
}


@pytest.mark.parametrize("what", CANNOT)
def test_what_cannot_be_understood_is_refused_with_its_place(what: str) -> None:
    expression, code = CANNOT[what]
    names = "mkShell, git" if what == "no set of packages" else "pkgs, other, haskell"
    outputs = f"{{\n    devShells.x86_64-linux.default = {expression};\n  }}"
    data = f"{{\n  outputs = {{ {names}, ... }}: {outputs};\n}}\n".encode()
    with pytest.raises(Refused) as caught:
        added(data, "jq")
    assert caught.value.code == code
    assert caught.value.place is not None
    assert caught.value.place.line == 3


def test_a_package_of_the_files_own_is_added_as_it_is_named() -> None:
    data = head("""    let
      pkgs = nixpkgs.legacyPackages.x86_64-linux;
      unstable = import nixpkgs { };
    in {
      devShells.x86_64-linux.default = pkgs.mkShell { packages = with pkgs; [ git ]; };
    };""").encode()
    assert b"[ git unstable.uv ]" in added(data, "unstable.uv")


def test_an_input_that_the_outputs_name_can_be_added_and_another_cannot() -> None:
    given = b"{ outputs = { pkgs, ... }@inputs: {\n  devShell.x = pkgs.mkShell { packages = [ ]; };\n}; }\n"
    assert b"[ inputs.x.packages.y.default ]" in added(given, "inputs.x.packages.y.default")
    with pytest.raises(Refused):
        added(given.replace(b"@inputs", b""), "inputs.x.packages.y.default")
