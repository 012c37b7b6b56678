"""Inputs that options of devenv need, and the edit that adds each.

From the `getInput` and `tryGetInput` calls of devenv 2.2's modules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.project.root import INPUTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.source.nix.read.literal import Value
    from devkeel.source.path import AttrPath

__all__ = ["Input", "named_input", "needed_inputs"]


class Input(Struct, frozen=True):
    """An input: its name, a flake reference, the inputs of its own that follow ours, other names that serve."""

    name: str
    url: str
    follows: tuple[str, ...] = ("nixpkgs",)
    also: tuple[str, ...] = ()

    @property
    def edit(self) -> dict[str, Any]:
        """The edit that adds it."""
        edit: dict[str, Any] = {"kind": "set_input", "name": self.name, "url": self.url}
        return edit | ({"follows": list(self.follows)} if self.follows else {}) | {"file": INPUTS}


def _is_true(value: Value) -> bool:
    return value is True


def _is_set(value: Value) -> bool:
    return isinstance(value, str)


def _is_channel(value: Value) -> bool:
    return value in ("stable", "beta", "nightly")


_RUST = Input("rust-overlay", "github:oxalica/rust-overlay", also=("fenix",))  # what devenv 1 used
_RUBY = Input("nixpkgs-ruby", "github:bobvanderlinden/nixpkgs-ruby")
_HOOKS = Input("git-hooks", "github:cachix/git-hooks.nix", also=("pre-commit-hooks",))
_RULES: tuple[tuple[str, Callable[[Value], bool], tuple[Input, ...]], ...] = (
    ("git-hooks.enable", _is_true, (_HOOKS,)),
    ("git-hooks.hooks.*.enable", _is_true, (_HOOKS,)),
    ("treefmt.enable", _is_true, (Input("treefmt-nix", "github:numtide/treefmt-nix"),)),
    ("languages.go.version", _is_set, (Input("go-overlay", "github:purpleclay/go-overlay"),)),
    (
        "languages.purescript.enable",
        _is_true,
        (Input("purescript-overlay", "github:thomashoneyman/purescript-overlay"),),
    ),
    ("languages.python.version", _is_set, (Input("nixpkgs-python", "github:cachix/nixpkgs-python"),)),
    ("languages.ruby.version", _is_set, (_RUBY,)),
    ("languages.rust.channel", _is_channel, (_RUST,)),
    ("languages.solidity.foundry.enable", _is_true, (Input("foundry", "github:shazow/foundry.nix"),)),
    (
        "languages.terraform.version",
        _is_set,
        (Input("nixpkgs-terraform", "github:stackbuilders/nixpkgs-terraform", follows=()),),
    ),
    ("languages.zig.version", _is_set, (Input("zig-overlay", "github:mitchellh/zig-overlay"),)),
)
_BY_PATH = [(tuple(path.split(".")), applies, inputs) for path, applies, inputs in _RULES]


def needed_inputs(path: AttrPath, value: Value) -> tuple[Input, ...]:
    """Return the inputs that an option needs when it has a value; none for a value that is computed."""
    for names, applies, inputs in _BY_PATH:
        matches = len(names) == len(path) and all(a in (b, "*") for a, b in zip(names, path, strict=True))
        if matches and applies(value):
            return inputs
    return ()


def named_input(name: str) -> Input | None:
    """Return the input that an option needs under that name."""
    return next((item for _, _, inputs in _RULES for item in inputs if item.name == name), None)
