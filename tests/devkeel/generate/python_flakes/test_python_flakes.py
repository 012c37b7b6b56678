"""Provider, consumer and orchestrator: made, evaluated together by Nix, and the consumer's shell runs that Python."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from tests.derivations import FEATURES, SYSTEM, nix, unique

from devkeel.api import Environment
from devkeel.errors import CheckFailed, DevkeelError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What the flakes ask of nixpkgs: a Python with libraries is the machine's, which finds a module for each of them.
NIXPKGS = """\
{
  outputs = { self }:
    let
      system = "@system@";
      make = name: script: derivation {
        inherit name system;
        builder = "/bin/sh";
        args = [ "-c" "export PATH=/bin:/usr/bin; ${script}" ];
      };
      withPackages = choose: make "@name@-python" (
        "mkdir -p $out/bin $out/lib; printf '#!/bin/sh\\\\nPYTHONPATH=%s exec @python@ \\"$@\\"\\\\n' $out/lib > "
        + "$out/bin/python; chmod +x $out/bin/python; "
        + builtins.concatStringsSep "; " (map (name: "touch $out/lib/${name}.py") (choose {
          numpy = "numpy";
          flask-cors = "flask_cors";
        }))
      );
    in
    {
      lib = {
        genAttrs = names: make: builtins.listToAttrs (map (name: { inherit name; value = make name; }) names);
        toLower = builtins.replaceStrings [ "F" "C" ] [ "f" "c" ];
        recursiveUpdate = left: right:
          if builtins.isAttrs left && builtins.isAttrs right && !(left ? drvPath)
          then left // builtins.mapAttrs (name: new: self.lib.recursiveUpdate (left.${name} or null) new) right
          else right;
      };
      legacyPackages.${system} = {
        python3 = { inherit withPackages; };
        mkShell = { packages }: derivation {
          name = "shell";
          inherit system;
          builder = "/bin/bash";
          args = [ "-c" ": > $out" ];
          outputs = [ "out" ];
          PATH = builtins.concatStringsSep ":" (map (each: "${each}/bin") packages);
        };
      };
    };
}
"""


class Flakes:
    """Four directories with a flake each, as four repositories would be."""

    def __init__(self, root: Path) -> None:
        self.root = root
        text = NIXPKGS.replace("@system@", SYSTEM).replace("@name@", unique()).replace("@python@", sys.executable)
        self.open("nixpkgs")
        (root / "nixpkgs" / "flake.nix").write_text(text)

    def open(self, name: str) -> Environment:
        (self.root / name).mkdir(exist_ok=True)
        return Environment(self.root / name, actor="test")

    def url(self, name: str) -> str:
        return f"path:{self.root / name}"

    def make(self, name: str, kind: str, **parameters: Any) -> Any:
        given = {"nixpkgs": self.url("nixpkgs"), "systems": [SYSTEM], **parameters}
        return self.open(name).generate(kind, given)

    def make_all(self) -> None:
        (self.root / "env").mkdir()
        (self.root / "env" / "python-packages.txt").write_bytes(b"# ours\r\nnumpy # for numbers\r\n\r\nFlask_Cors\r\n")
        self.make("env", "python-provider")
        self.make("app", "python-consumer", provider=self.url("env"))
        self.make("all", "python-orchestrator", provider=self.url("env"), consumers={"app": self.url("app")})


@pytest.fixture
def flakes(tmp_path: Path) -> Flakes:
    return Flakes(tmp_path)


@pytest.fixture
def made(flakes: Flakes, nix_machine: Path) -> Iterator[Flakes]:
    assert nix_machine.is_dir()
    flakes.make_all()
    return flakes


@pytest.mark.nix
def test_the_three_evaluate_together_and_the_consumers_shell_runs_the_providers_python(made: Flakes) -> None:
    asked = f"""flake: {{
      provided = flake.inputs.python-env.packages.{SYSTEM}.python-env.drvPath;
      taken = flake.inputs.app.packages.{SYSTEM}.python.drvPath;
      shown = flake.checks.{SYSTEM}.one-python.drvPath;
      shells = builtins.attrNames flake.devShells.{SYSTEM};
      names = flake.inputs.python-env.lib.names;
    }}"""
    expression = f"({asked}) (builtins.getFlake {json.dumps(made.url('all'))})"
    nix("flake", "lock", str(made.root / "all"))
    found = json.loads(nix("eval", "--impure", "--json", "--expr", expression))
    assert found["provided"] == found["taken"] == found["shown"]
    assert (found["shells"], found["names"]) == (["app", "default"], ["numpy", "Flask_Cors"])
    # nixpkgs and the provider are there once: the consumer follows both.
    lock = json.loads((made.root / "all" / "flake.lock").read_text())
    assert set(lock["nodes"]) == {"root", "nixpkgs", "python-env", "app"}

    app = made.open("app")
    nix("flake", "lock", str(made.root / "app"))
    job = app.apply()
    assert job.wait(120)
    assert app.result(job).backend == "flake"
    told = "import flask_cors, numpy; print(numpy.__file__)"
    job = app.run(("python", "-c", told))
    assert job.wait(60)
    place = app.result(job).stdout.strip()
    assert place.startswith("/nix/store/")
    assert place.endswith("-python/lib/numpy.py")


@pytest.mark.nix
def test_a_consumer_with_another_python_is_named(made: Flakes) -> None:
    made.make("other", "python-provider", libraries=["numpy"])
    flake = made.root / "app" / "flake.nix"
    text = flake.read_text().replace("python-env.packages", "inputs.other.packages")
    more = f'  inputs.other = {{ url = "{made.url("other")}"; inputs.nixpkgs.follows = "nixpkgs"; }};'
    flake.write_text(text.replace("{\n", f"{{\n{more}\n", 1))
    argv = ("nix", *FEATURES, "eval", f"{made.root / 'all'}#checks.{SYSTEM}.one-python.drvPath")
    found = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert "another Python than the provider's: app" in found.stderr


@pytest.mark.nix
def test_outputs_of_a_persons_own_file_are_added(made: Flakes) -> None:
    (made.root / "app" / "extra.nix").write_text(
        "inputs: { packages = builtins.mapAttrs (system: _: { again = inputs.self.lib.pythonFor system; })"
        " inputs.python-env.packages; }\n"
    )
    made.open("app").generate("python-consumer", {"extra": "extra.nix"})
    found = nix("eval", "--json", f"{made.root / 'app'}#packages.{SYSTEM}", "--apply", "builtins.attrNames")
    assert json.loads(found) == ["again", "python"]


@pytest.mark.parametrize("name", ["env", "app", "all"])
def test_each_is_made_edited_around_and_made_again(flakes: Flakes, name: str) -> None:
    flakes.make_all()
    flake = flakes.root / name / "flake.nix"
    kind = {"env": "python-provider", "app": "python-consumer", "all": "python-orchestrator"}[name]
    assert not flakes.open(name).generate(kind).changed
    flake.write_text(flake.read_text().replace("\n}\n", "\n  nixConfig.warn-dirty = false;\n}\n"))
    assert not flakes.open(name).generate(kind).changed
    assert flakes.open(name).generate(kind, {"systems": ["aarch64-linux"]}).published
    assert "nixConfig.warn-dirty = false;" in flake.read_text()
    assert '[ "aarch64-linux" ]' in flake.read_text()


def refusal(flakes: Flakes, name: str, kind: str, **parameters: Any) -> DevkeelError:
    with pytest.raises(DevkeelError) as refused:
        flakes.make(name, kind, **parameters)
    assert not (flakes.root / name / "flake.nix").exists()
    return refused.value


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("python-consumer", {}),
        ("python-consumer", {"provider": 'github:a/b"; evil = "'}),
        ("python-consumer", {"provider": "github:a/b", "extra": "none.nix"}),
        ("python-consumer", {"provider": "github:a/b", "extra": "../out.nix"}),
        ("python-orchestrator", {"provider": "github:a/b"}),
        ("python-orchestrator", {"provider": "github:a/b", "consumers": {"self": "github:a/b"}}),
        ("python-orchestrator", {"provider": "github:a/b", "consumers": {"a b": "github:a/b"}}),
        ("python-orchestrator", {"provider": "github:a/b", "consumers": {"a": "${evil}"}}),
        ("python-provider", {"packages": "a/../../b.txt"}),
        ("python-provider", {"python": "python3.withPackages"}),
        ("python-provider", {"packages": "flake.lock"}),
        ("python-provider", {"packages": "flake.nix"}),
        ("python-provider", {"packages": "devkeel.toml"}),
        ("python-provider", {"libraries": ["python3Packages.numpy"]}),
        ("python-provider", {"systems": ["x86-linux"]}),
        ("python-consumer", {"provider": "github:acme"}),
        ("python-orchestrator", {"provider": "github:a/b", "consumers": {"a": "pypi:foo"}}),
    ],
)
def test_what_cannot_stand_in_a_flake_is_refused(flakes: Flakes, kind: str, parameters: dict[str, Any]) -> None:
    assert refusal(flakes, "new", kind, **parameters).code == "bad_parameter"


@pytest.mark.parametrize("line", ["numpy>=1", "numpy pandas", "uvicorn[standard]", "-r other.txt", "numpy; x"])
def test_a_line_that_is_no_name_is_named(flakes: Flakes, line: str) -> None:
    (flakes.root / "new").mkdir()
    (flakes.root / "new" / "python-packages.txt").write_text(f"numpy\n{line}\n")
    error = refusal(flakes, "new", "python-provider")
    assert (error.code, error.place and error.place.line) == ("bad_package_file", 2)


def test_a_path_is_refused_under_the_rule_with_its_line(flakes: Flakes) -> None:
    (flakes.root / "new").mkdir()
    (flakes.root / "new" / "devkeel.toml").write_text('references = ["github-only", "no-path"]\n')
    error = refusal(flakes, "new", "python-consumer", nixpkgs="github:NixOS/nixpkgs", provider=flakes.url("env"))
    assert isinstance(error, CheckFailed)
    assert {(item.code, item.subject) for item in error.diagnostics} == {("reference_not_allowed", "python-env")}
    assert {item.place.line for item in error.diagnostics if item.place} == {7}
    (flakes.root / "new" / "devkeel.toml").unlink()
    assert flakes.make("new", "python-consumer", provider=flakes.url("env")).published


def test_libraries_go_into_the_file_that_begins_and_into_none_that_is_there(flakes: Flakes) -> None:
    begun = flakes.make("new", "python-provider", libraries=["Flask_Cors", "numpyy"])
    assert [note.partition(";")[0] for note in begun.notes if "nearest" in note] == [
        "nixpkgs is not known to have a Python library numpyy"
    ]
    again = flakes.make("new", "python-provider", libraries=["flask-cors", "pandas"])
    assert (again.changed, [note for note in again.notes if "python-packages" in note]) == (
        False,
        ["python-packages.txt is there and stays as it is: write pandas into it, a line each."],
    )
    assert not any("python-packages" in note for note in flakes.open("new").generate("python-provider").notes)


def test_a_provider_that_is_no_input_wants_its_reference(flakes: Flakes) -> None:
    flakes.open("old")
    flake = flakes.root / "old" / "flake.nix"
    flake.write_text(PASSED)
    with pytest.raises(DevkeelError) as refused:
        flakes.open("old").generate("functions-under-lib", {"provider": "python-env"})
    assert (refused.value.code, refused.value.alternatives) == ("bad_parameter", ("nixpkgs",))
    assert flake.read_text() == PASSED
    flake.write_text(PASSED.replace("nixpkgs, mk", "nixpkgs, python-env, mk"))
    assert flakes.open("old").generate("functions-under-lib", {"provider": "python-env"}).published


PASSED = """\
{
  inputs.nixpkgs.url = "github:NixOS/nixpkgs";

  outputs = { self, nixpkgs, mkPython, helper ? n: n }: {
    packages.x86_64-linux.default = mkPython (helper nixpkgs);
  };
}
"""


def test_functions_that_are_passed_are_put_under_lib_with_the_reason(flakes: Flakes) -> None:
    flakes.open("old")
    flake = flakes.root / "old" / "flake.nix"
    flake.write_text(PASSED)
    given = {"provider": "python-env", "url": "github:a/env"}
    tried = flakes.open("old").generate("functions-under-lib", given, dry_run=True)
    assert flake.read_text() == PASSED
    assert "registry" in tried.notes[0]
    assert flakes.open("old").generate("functions-under-lib", given).published
    text = flake.read_text()
    assert "{ self, nixpkgs, python-env }: let inherit (python-env.lib) mkPython; helper = n: n; in {" in text
    assert "lib = { inherit helper; };" in text
    assert 'inputs.python-env.url = "github:a/env";' in text
    assert not flakes.open("old").generate("functions-under-lib", given).changed


def test_an_argument_that_is_not_there_is_named(flakes: Flakes) -> None:
    flakes.open("old")
    (flakes.root / "old" / "flake.nix").write_text(PASSED)
    with pytest.raises(DevkeelError) as refused:
        flakes.open("old").generate("functions-under-lib", {"arguments": ["mkPyton"]})
    assert (refused.value.code, refused.value.alternatives) == ("bad_parameter", ("nixpkgs", "mkPython", "helper"))
    with pytest.raises(DevkeelError) as refused:
        flakes.open("none").generate("functions-under-lib")
    assert refused.value.code == "missing_file"
