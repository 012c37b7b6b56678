"""The inputs of a flake are edited with the arguments by which its outputs take them, and nothing else is."""

from __future__ import annotations

import pytest

from devkeel.errors import Refused
from devkeel.source import nix

URL = "github:a/b"


def flake(text: str) -> nix.Document:
    return nix.Document(text.encode(), "flake.nix", module=False)


# A flake before, and with the input `new` added.
ADDED = {
    "dotted": (
        """\
{
  inputs.a.url = "x";

  outputs = { self, a }: { };
}
""",
        """\
{
  inputs.a.url = "x";
  inputs.new.url = "github:a/b";

  outputs = { self, a, new }: { };
}
""",
    ),
    "a set, open": (
        """\
{
  inputs = {
    # a
    a.url = "x"; # x
  };
  outputs = { self, a, ... }: { };
}
""",
        """\
{
  inputs = {
    # a
    a.url = "x"; # x
    new.url = "github:a/b";
  };
  outputs = { self, a, ... }: { };
}
""",
    ),
    "none, with nixConfig": (
        """\
{
  description = "x";

  nixConfig.sandbox = true;

  # what
  outputs = _: { };
}
""",
        """\
{
  description = "x";

  nixConfig.sandbox = true;

  inputs.new.url = "github:a/b";

  # what
  outputs = _: { };
}
""",
    ),
    "all arguments, closed": (
        """\
{
  outputs = inputs@{ self }: { };
}
""",
        """\
{
  inputs.new.url = "github:a/b";

  outputs = inputs@{ self, new }: { };
}
""",
    ),
    "a comma first": (
        """\
{
  inputs = { };
  outputs =
    { self
    , nixpkgs
    }:
    { };
}
""",
        """\
{
  inputs = { new.url = "github:a/b"; };
  outputs =
    { self
    , nixpkgs
    , new
    }:
    { };
}
""",
    ),
    "a comma behind": (
        """\
{
  inputs.a.url = "x";
  outputs = {
    self,
    a, # of a
  }: { };
}
""",
        """\
{
  inputs.a.url = "x";
  inputs.new.url = "github:a/b";
  outputs = {
    self,
    a, # of a
    new,
  }: { };
}
""",
    ),
    "a remark without a comma": (
        """\
{
  inputs.a.url = "x";
  outputs =
    {
      self,
      a # of a
    }:
    { };
}
""",
        """\
{
  inputs.a.url = "x";
  inputs.new.url = "github:a/b";
  outputs =
    {
      self,
      a, # of a
      new
    }:
    { };
}
""",
    ),
    "a remark below commas": (
        """\
{
  inputs.a.url = "x";
  outputs =
    { self
    , a # of a
    }:
    { };
}
""",
        """\
{
  inputs.a.url = "x";
  inputs.new.url = "github:a/b";
  outputs =
    { self
    , a # of a
    , new
    }:
    { };
}
""",
    ),
    "the argument is there": (
        """\
{
  inputs = {
  };
  outputs = { self, new }: { };
}
""",
        """\
{
  inputs = {
    new.url = "github:a/b";
  };
  outputs = { self, new }: { };
}
""",
    ),
    "one line": (
        """\
{ outputs = { }: { }; }
""",
        """\
{ outputs = { new }: { }; inputs.new.url = "github:a/b"; }
""",
    ),
}


@pytest.mark.parametrize("name", ADDED)
def test_an_input_is_added_with_its_argument_and_goes_without_a_trace(name: str) -> None:
    before, expected = ADDED[name]
    added = nix.put_input(flake(before), ("new", "url"), URL)
    assert added.data.decode() == expected
    assert nix.flake_inputs(flake(expected))["new"] == {"url": URL}
    if "is there" not in name and "one line" not in name:
        assert nix.drop_input(flake(expected), ("new",)).data.decode() == before


# Outputs that use the input `a`, and the line.
USED = {
    "by its argument": ("{ self, a }: { x = a.y; }", True),
    "as a default": ("{ self, a, b ? a.c }: { }", True),
    "inherited": ("{ self, a }: { inherit a; }", True),
    "in a let": ("{ self, a }: let inherit (a) b; in { }", True),
    "through all": ("inputs: { x = inputs.a.y; }", True),
    "inherited from all": ("inputs@{ self, ... }: { inherit (inputs) a; }", True),
    "with all": ("inputs: with inputs; { x = a; }", True),
    "through self": ("{ self, ... }: { x = self.inputs.a; }", True),
    "through self of all": ("inputs: { x = inputs.self.inputs.a; }", True),
    "not at all": ("{ self, a }: { x = 1; }", False),
    "another of its name": ("{ self, a }: let f = { a }: a; in { x.a = self.a; y = ''a''; }", False),
    "another set": ("{ self, a }: { /* a */ x = self.lib.inputs.a; }", False),
}


@pytest.mark.parametrize("name", USED)
def test_an_input_that_the_outputs_use_stays(name: str) -> None:
    outputs, used = USED[name]
    document = flake(f'{{\n  inputs.a.url = "x";\n  outputs = {outputs};\n}}\n')
    if not used:
        after = flake(nix.drop_input(document, ("a",)).data.decode())
        assert nix.flake_inputs(after) == {}
        assert "a" not in nix.flake_arguments(after)
        return
    with pytest.raises(Refused) as caught:
        nix.drop_input(document, ("a",))
    assert caught.value.code == "in_use"
    assert caught.value.place is not None
    assert caught.value.place.line == 3


REFUSED = {
    "imported": ("{ inputs = import ./inputs.nix; outputs = _: { }; }", "opaque_value"),
    "a let": ("{ inputs = let a = { }; in { inherit a; }; outputs = _: { }; }", "opaque_value"),
    "joined": ('{ inputs = { a.url = "x"; } // { }; outputs = _: { }; }', "opaque_value"),
    "the input is a name": ("{ inputs.new = other; outputs = _: { }; }", "opaque_value"),
    "outputs are imported": ("{ outputs = import ./outputs.nix; }", "unsupported_head"),
    "no outputs": ("{ }", "unsupported_head"),
    "the name comes from a with": ("{ outputs = { self }: with self.lib; { x = new; }; }", "captured_name"),
    "no set": ("1", "not_a_module"),
    "no Nix": ("{ outputs = ", "syntax_error"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_written_out_is_refused(name: str) -> None:
    text, code = REFUSED[name]
    with pytest.raises(Refused) as caught:
        nix.put_input(flake(text), ("new", "url"), URL)
    assert caught.value.code == code


def test_an_address_without_quotes_is_read_and_replaced() -> None:
    document = flake("{\n  inputs.a.url = github:a/b; # a\n  outputs = _: { };\n}\n")
    assert nix.flake_inputs(document) == {"a": {"url": "github:a/b"}}
    edited = nix.put_input(document, ("a", "url"), "github:a/c")
    assert edited.data.decode() == '{\n  inputs.a.url = "github:a/c"; # a\n  outputs = _: { };\n}\n'


REMOVED = {
    "first": ("{ a, self }: { }", "{ self }: { }"),
    "alone": ("{ a }: { }", "{ }: { }"),
    "with a default": ("{ self, a ? null, ... }: { }", "{ self, ... }: { }"),
    "with a remark": ("{\n    self,\n    a, # of a\n    b,\n  }: b", "{\n    self,\n    b,\n  }: b"),
    "below a comma": ("{ self\n  , a\n  , b\n  }: b", "{ self\n  , b\n  }: b"),
}


@pytest.mark.parametrize("name", REMOVED)
def test_an_argument_goes_with_its_comma_and_remark(name: str) -> None:
    before, after = REMOVED[name]
    document = flake(f'{{\n  inputs = {{\n    a.url = "x";\n  }};\n  outputs = {before};\n}}\n')
    assert nix.drop_input(document, ("a",)).data.decode() == f"{{\n  inputs = {{\n  }};\n  outputs = {after};\n}}\n"
