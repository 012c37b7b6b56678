"""What outputs take as arguments and no flake is: recognised, and taken to where Nix lets it be."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.derivations import FEATURES
from tests.derivations import nix as nix_program

from devkeel.errors import Refused
from devkeel.source import nix

if TYPE_CHECKING:
    from pathlib import Path

URL = "path:../provider"
# Each gives `x = 2` once it is converted, with `inc` of the provider's `lib` where it has none of its own.
CASES = {
    "on one line": (
        "{ outputs = { self, inc ? n: n + 1 }: { x = inc 1; }; }\n",
        "{ outputs = { self }: let inc = n: n + 1; in { lib = { inherit inc; }; x = inc 1; }; }\n",
    ),
    "on lines of their own, with remarks": (
        """\
{
  inputs.provider.url = "path:../provider";

  outputs =
    {
      self,
      provider,
      inc ?
        # of a number
        n: n + 1,
    }:
    {
      x = inc 1;
    };
}
""",
        """\
{
  inputs.provider.url = "path:../provider";

  outputs =
    {
      self,
      provider,
    }:
    let
      inc =
        # of a number
        n: n + 1;
    in
    {
      lib = { inherit inc; };
      x = inc 1;
    };
}
""",
    ),
    "beside a let, a lib, and a value": (
        """\
{
  outputs = { self, inc ? n: n + one, one ? 1, ... }:
    let
      # what is added to
      base = 1;
    in
    {
      lib.base = base;
      x = (inc) base;
    };
}
""",
        """\
{
  outputs = { self, ... }:
    let
      inc = n: n + one;
      one = 1;
      # what is added to
      base = 1;
    in
    {
      lib.inc = inc;
      lib.base = base;
      x = (inc) base;
    };
}
""",
    ),
    "with a remark before it, last": (
        """\
{
  outputs = { self
    # adds one
    , inc ? n: n + 1 }: { x = inc 1; };
}
""",
        """\
{
  outputs = { self
    # adds one
      }: let inc = n: n + 1; in { lib = { inherit inc; }; x = inc 1; };
}
""",
    ),
    "beside a let that has a name of theirs": (
        """\
{
  outputs = { self, inc ? n: n + self.one }: let self = 7; in { one = 1; x = inc 1; };
}
""",
        """\
{
  outputs = { self }: let inc = n: n + self.one; in let self = 7; in { lib = { inherit inc; }; one = 1; x = inc 1; };
}
""",
    ),
    "of an input": (
        """\
{
  outputs = { self, inc, ... }@all: {
    x = inc 1 + all.self.zero;
    zero = 0;
  };
}
""",
        """\
{
  inputs.provider.url = "path:../provider";

  outputs = { self, provider, ... }@all: let inherit (provider.lib) inc; in {
    x = inc 1 + all.self.zero;
    zero = 0;
  };
}
""",
    ),
}
# Outputs that become a function, since nothing says whose functions they want.
FUNCTION = "{ outputs = { self }: { lib.outputsWith = { inc }: { x = inc 1; }; }; }"
WANTING = {
    "{ outputs = { self, inc }: { x = inc 1; }; }": FUNCTION,
    "{ outputs = { self }: { inc }: { x = inc 1; }; }": FUNCTION,
    """\
{
  outputs = { self, inc }:
    let y = 1; in
    {
      x = inc y;
    };
}
""": """\
{
  outputs = { self }:
    {
      lib.outputsWith = { inc }:
    let y = 1; in
    {
      x = inc y;
    };
    };
}
""",
}
# What may be meant as a flake, or is one.
LEFT = [
    "{ outputs = { self, nixpkgs }: { x = import nixpkgs { }; }; }",
    "{ outputs = { self, nixpkgs ? <nixpkgs> }: { x = nixpkgs.lib.id 1; }; }",
    "{ outputs = { self, flake-utils }: flake-utils.lib.eachDefaultSystem (system: { }); }",
    "{ outputs = { self, systems }: { x = map (s: s) (import systems); }; }",
    '{ inputs.f.url = "github:a/f"; outputs = { self, f }: { x = f ./.; }; }',
    "{ inputs = { f = { }; }; outputs = { self, f }: { x = f ./.; }; }",
    "{ outputs = { self, f }: let f = n: n; in { x = f 1; }; }",
    "{ outputs = { self, f }: { x = map (f: f 1) [ ]; }; }",
    "{ outputs = { self, f ? { } }: { x = f.a or 1; }; }",
    "{ outputs = inputs: { x = inputs.f 1; }; }",
    "{ outputs = { self, ... }: { }; }",
]


def flake(text: str) -> nix.Document:
    return nix.Document(text.encode(), "flake.nix", module=False)


def converted(text: str, **source: str) -> str:
    return nix.lift_arguments(flake(text), **source).edited.data.decode()


@pytest.mark.parametrize("name", CASES)
def test_a_function_goes_to_its_place_and_what_calls_it_stays_to_the_byte(name: str) -> None:
    text, wanted = CASES[name]
    assert "inc" in [item.name for item in nix.passed_arguments(flake(text))]
    assert converted(text, source="provider", url=URL) == wanted
    assert converted(wanted, source="provider", url=URL) == wanted
    text, wanted = (each.replace("\n", "\r\n") for each in (text, wanted))
    assert converted(text, source="provider", url=URL) == wanted


@pytest.mark.parametrize("text", WANTING)
def test_outputs_that_want_functions_of_others_become_a_function_under_lib(text: str) -> None:
    lifted = nix.lift_arguments(flake(text))
    assert lifted.edited.data.decode() == WANTING[text]
    assert lifted.wanted == ("inc",)


@pytest.mark.parametrize("text", LEFT)
def test_what_may_be_a_flake_is_left(text: str) -> None:
    assert nix.passed_arguments(flake(text)) == []
    assert converted(text) == text


def test_an_argument_that_is_named_is_meant_and_others_are_told_apart() -> None:
    text = "{ outputs = { self, nixpkgs, python }: { x = python.pkgs; }; }"
    lifted = nix.lift_arguments(flake(text), ("python",), source="env")
    assert lifted.taken == ("python",)
    assert lifted.left == ("nixpkgs",)
    assert "let inherit (env.lib) python; in { x = python.pkgs; }" in lifted.edited.data.decode()


@pytest.mark.parametrize(
    "text",
    [
        "{ outputs = { self, f }@all: import ./x.nix all // { x = f 1; }; }",
        "{ outputs = { self, f }@all: { x = f 1; y = all.f 1; }; }",
        "{ outputs = all@{ self, f }: { inherit (all) f; x = f 1; }; }",
        "{ outputs = all@{ self, f }: with all; { x = f 1; }; }",
    ],
)
def test_where_all_arguments_are_one_set_it_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        nix.lift_arguments(flake(text))
    assert refused.value.code == "captured_name"


@pytest.mark.nix
def test_nix_refuses_each_before_and_evaluates_each_after(tmp_path: Path, nix_machine: Path) -> None:
    assert nix_machine.is_dir()

    def put(name: str, text: str) -> str:
        (tmp_path / name).mkdir()
        (tmp_path / name / "flake.nix").write_bytes(text.encode())
        return f"path:{tmp_path / name}"

    provider = put("provider", "{ outputs = { self }: { lib.inc = n: n + 1; }; }\n")
    texts = [text.replace(URL, provider) for text, _ in CASES.values()]
    made = [*(converted(text, source="provider", url=provider) for text in texts), *map(converted, WANTING)]
    inputs = {f"case{number}": put(f"case{number}", text) for number, text in enumerate(made)}
    declared = "".join(f'  inputs.{name}.url = "{url}";\n' for name, url in inputs.items())
    value = "f: f.x or (f.lib.outputsWith { inc = n: n + 1; }).x"
    outputs = f"  outputs = inputs: {{ x = map ({value}) [ {' '.join(f'inputs.{name}' for name in inputs)} ]; }};\n"
    whole = put("all", "{\n" + declared + outputs + "}\n")
    assert json.loads(nix_program("eval", "--json", f"{whole}#x")) == [2] * len(made)
    before = put("before", texts[-1])
    argv = ("nix", *FEATURES, "eval", f"{before}#x")
    refused = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)
    assert "cannot find flake 'flake:inc'" in refused.stderr
