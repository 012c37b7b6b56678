"""`devkeel nix run` and `devkeel nix shell`: what is printed, and the exit code of the command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.derivations import SYSTEM, derivation, flake_text

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
