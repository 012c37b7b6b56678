"""`devkeel nix run` and `devkeel nix shell`: what is printed, and the exit code of the command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.derivations import SYSTEM, derivation, flake_text, nix

if TYPE_CHECKING:
    from .conftest import Shell

SCRIPT = "printf '#!/bin/sh\\necho said; exit 4\\n' > $out/bin/hello"
HELLO = derivation(f"mkdir -p $out/bin; {SCRIPT}; chmod +x $out/bin/hello", "hello-1.2")


@pytest.fixture
def flake(devkeel: Shell, nix_machine: object) -> Shell:
    devkeel.declaration.unlink()
    shell = derivation("exit 1", "a-shell", nativeBuildInputs=f"[ {HELLO} ]", PORT='"80"', shellHook='"echo in"')
    text = flake_text({"hello": HELLO}, **{f"devShells.{SYSTEM}.default": shell})
    (devkeel.root / "flake.nix").write_text(text)
    return devkeel


@pytest.mark.nix
def test_a_command_gives_its_output_and_its_exit_code(flake: Shell) -> None:
    done = flake("nix", "run", "-p", "#hello", "--timeout", "60", "--", "hello")
    assert (done.code, done.out) == (4, "said\n")
    told = flake("nix", "run", "-p", "#hello", "--json", "--", "hello", "--json", "-p")
    found = json.loads(told.out)
    assert (told.code, found["argv"], found["exit_code"]) == (4, ["hello", "--json", "-p"], 4)
    assert [item["name"] for item in found["packages"]] == ["#hello"]


@pytest.mark.nix
def test_a_shell_is_printed_line_by_line(flake: Shell) -> None:
    done = flake("nix", "shell")
    first, package, variable, entering, hook, *_ = done.out.splitlines()
    assert first.startswith(f"default of flake.nix, for {SYSTEM}, evaluated purely: 1 package")
    assert package.startswith("hello 1.2: /nix/store/")
    assert (variable, entering, hook) == ("PORT=80", "on entering:", "  echo in")
    assert json.loads(flake("nix", "shell", "--json").out)["variables"] == {"PORT": "80"}


def test_what_says_nothing_to_run_is_a_wrong_use(devkeel: Shell) -> None:
    assert devkeel("nix", "run", "-p", "jq").code == 2
    assert devkeel("nix", "run", "--", "jq").code == 2


OWN = """\
{{
  inputs.tool.url = "path:{other}";
  outputs = {{ self, tool }}: {{ packages.{system}.hello = tool.packages.{system}.hello; }};
}}
"""


@pytest.mark.nix
def test_an_input_comes_from_a_directory_for_one_call(flake: Shell) -> None:
    said = {}
    for name in ("pinned", "mine"):
        said[name] = flake.root.parent / name
        said[name].mkdir()
        made = derivation(
            f"mkdir -p $out/bin; printf '#!/bin/sh\\necho {name}\\n' > $out/bin/hello; chmod +x $out/bin/*"
        )
        (said[name] / "flake.nix").write_text(flake_text({"hello": made}))
    (flake.root / "flake.nix").write_text(OWN.format(other=said["pinned"], system=SYSTEM))
    nix("flake", "lock", str(flake.root))
    command = ("--timeout", "60", "--", "hello")
    assert flake("nix", "run", "-p", "#hello", *command).out == "pinned\n"
    done = flake("nix", "run", "--override-input", f"tool={said['mine']}", "-p", "#hello", *command)
    assert done.out == "mine\n"
    assert f"tool from {said['mine']}" in done.err


@pytest.mark.parametrize("given", ["tool", "=../tool", "tool="])
@pytest.mark.parametrize("verb", [("apply",), ("nix", "build"), ("nix", "run", "-p", "#a", "--", "a")])
def test_an_override_is_a_name_with_a_directory(devkeel: Shell, verb: tuple[str, ...], given: str) -> None:
    first = 2 if verb[0] == "nix" else 1
    done = devkeel(*verb[:first], "--override-input", given, *verb[first:])
    assert (done.code, "NAME=DIR" in done.err) == (2, True)
