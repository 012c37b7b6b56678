"""A devenv.nix is made of an existing shell: what it says outright is carried over, all else is listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.errors import DevkeelError

from .conftest import evaluated, project

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.nix, pytest.mark.xdist_group("generated declarations")]

FLAKE = """\
{
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-24.05";
  outputs = { self, nixpkgs, flake-utils, other }: flake-utils.lib.eachDefaultSystem (system:
    let
      pkgs = import nixpkgs { inherit system; overlays = [ other.overlays.default ]; };
      own = pkgs.python3.withPackages (p: [ p.numpy ]);
    in {
      devShells.default = pkgs.mkShell {
        name = "x";
        packages = with pkgs; [ git jq own other.packages.${system}.x ] ++ pkgs.lib.optionals true [ strace ];
        buildInputs = [ pkgs.redis pkgs.rust-bin.stable.default self.packages.${system}.default pkgs.git ];
        inputsFrom = [ self.packages.${system}.default ];
        SAID = "a \\${b} \\"c\\"";
        PLACE = "${pkgs.hello}/x";
        env.X = "1";
        NUMBER = 1;
        ${system} = 1;
        env.${system} = "1";
        shellHook = ''
          echo "''${HOME}"
        '';
      };
      devShells.ci = pkgs.mkShell { packages = [ pkgs.hello ]; };
    });
}
"""
SHELL = """\
{ pkgs ? import <nixpkgs> { } }:
pkgs.mkShell {
  nativeBuildInputs = with pkgs; [ jq python3Packages.numpy ];
  shellHook = "export A=1";
}
"""
PLAIN = {"shell": "plain"}
CASES: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "flake": ({"flake.nix": FLAKE}, {}),
    "ci": ({"flake.nix": FLAKE, "shell.nix": SHELL}, {"shell": "ci"}),
    "shell": ({"shell.nix": SHELL}, {}),
    "both": ({"flake.nix": FLAKE, "shell.nix": SHELL}, {"file": "shell.nix"}),
    "there": ({"shell.nix": SHELL, "devenv.nix": "{ pkgs, ... }: {\n  packages = [ pkgs.hello ]; # mine\n}\n"}, {}),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Any]]:
    folder = tmp_path_factory.mktemp("declarations")
    return {name: project(folder / name, files, "devenv", **given) for name, (files, given) in CASES.items()}


@pytest.fixture(scope="module")
def found(made: dict[str, tuple[Path, Any]]) -> dict[str, Any]:
    """What Nix says of all of them, in one evaluation."""
    told: dict[str, Any] = evaluated(
        "declarations.nix", f"{{ {' '.join(f'{name} = {root};' for name, (root, _) in made.items())} }}"
    )
    return told


def test_packages_variables_and_the_hook_are_carried_over(found: dict[str, Any]) -> None:
    assert found["flake"] == {
        "packages": ["git-1.0", "jq-1.0", "redis-1.0"],
        "env": {"SAID": 'a ${b} "c"', "X": "1", "NUMBER": 1},
        "enterShell": 'echo "${HOME}"\n',
    }
    assert found["ci"] == {"packages": ["hello-1.0"]}
    assert found["shell"] == found["both"] == {"packages": ["jq-1.0", "numpy"], "enterShell": "export A=1"}


def test_what_is_there_stays_and_gets_what_it_lacks(found: dict[str, Any], made: dict[str, tuple[Path, Any]]) -> None:
    assert found["there"] == {"packages": ["hello-1.0", "jq-1.0", "numpy"], "enterShell": "export A=1"}
    assert "# mine" in (made["there"][0] / "devenv.nix").read_text()
    assert not (made["there"][0] / "devenv.yaml").exists()


def test_what_cannot_be_carried_over_is_listed_with_its_line(made: dict[str, tuple[Path, Any]]) -> None:
    told = " ".join(made["flake"][1].notes)
    for each in (
        "pkgs.rust-bin.stable.default (flake.nix:11, which nixpkgs is not known to have",
        "own (flake.nix:10)",
        "other.packages.${system}.x (flake.nix:10)",
        "strace (flake.nix:10, under a condition)",
        "self.packages.${system}.default (flake.nix:11)",
        "inputsFrom = [ self.packages.${system}.default ] (flake.nix:12)",
        'PLACE = "${pkgs.hello}/x" (flake.nix:14)',
        "overlays of its nixpkgs",
        "(flake.nix:17)",
        "(flake.nix:18)",
    ):
        assert each in told
    assert "Not carried over" not in " ".join(made["shell"][1].notes)


def test_the_flakes_nixpkgs_is_that_of_the_environment(made: dict[str, tuple[Path, Any]]) -> None:
    assert "url: github:NixOS/nixpkgs/nixos-24.05" in (made["flake"][0] / "devenv.yaml").read_text()
    assert ".devenv*" in (made["flake"][0] / ".gitignore").read_text()


@pytest.mark.parametrize("name", CASES)
def test_a_declaration_is_made_edited_and_made_again(tmp_path: Path, name: str) -> None:
    files, given = CASES[name]
    root, _ = project(tmp_path / "p", files, "devenv", **given)
    file = root / "devenv.nix"
    mine = file.read_text().replace("packages = [", "env.MINE = 1;\n  packages = [ pkgs.curl").replace("A=1", "A=2")
    file.write_text(mine)
    environment = Environment(root, actor="test")
    again = environment.generate("devenv", given, level="schema")
    assert (again.changed, file.read_text()) == (False, mine)
    if "A=2" in mine:  # the hook is another, and stays until it is to be replaced
        assert any("enterShell stays" in note for note in again.notes)
        environment.generate("devenv", given, level="schema", replace=True)
        assert "A=1" in file.read_text()
        assert "pkgs.curl" in file.read_text()
    environment.close()


@pytest.mark.parametrize(
    ("files", "given", "code"),
    [
        ({}, {}, "missing_file"),
        ({"flake.nix": FLAKE}, {"shell": "nothing"}, "no_shell"),
        ({"flake.nix": "{ outputs = inputs: import ./elsewhere.nix inputs; }"}, {}, "no_shell"),
        ({"shell.nix": "import ./other.nix { }"}, {}, "no_shell"),
        ({"shell.nix": "{ pkgs }: pkgs.mkShell (import ./x.nix)"}, {}, "no_shell"),
        ({"flake.nix": "{ outputs = "}, {}, "no_shell"),
        (
            {"flake.nix": "{ outputs = { devenv }: { devShells.a-linux.default = devenv.lib.mkShell { }; }; }"},
            {},
            "no_shell",
        ),
    ],
)
def test_a_shell_that_cannot_be_seen_is_refused(
    tmp_path: Path, files: dict[str, str], given: dict[str, Any], code: str
) -> None:
    with pytest.raises(DevkeelError) as caught:
        project(tmp_path / "p", files, "devenv", **given)
    assert caught.value.code == code


def test_a_plain_flake_and_the_shell_that_it_has_say_the_same(tmp_path: Path) -> None:
    root, _ = project(tmp_path / "p", {"shell.nix": SHELL}, "devenv")
    before = (root / "devenv.nix").read_text()
    project(root, {}, "flake", **PLAIN)
    (root / "devenv.nix").unlink()
    project(root, {}, "devenv")
    assert (root / "devenv.nix").read_text() == before
