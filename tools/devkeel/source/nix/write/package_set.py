"""The set that packages are taken from at a place in a file, and how they are spelt there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.source.nix.read.literal import Expression
from devkeel.source.nix.read.packages import files_own, meaning, other_meanings, variant
from devkeel.source.nix.read.scope import SETS, binder_of, bound_names, enclosing_withs, is_bound
from devkeel.source.nix.read.shell_makers import call_of
from devkeel.source.nix.read.syntax import parse, text
from devkeel.source.nix.read.values import bare, value_of
from devkeel.source.nix.write import packages
from devkeel.source.nix.write.head import insert_formals
from devkeel.source.nix.write.lists import Spelling
from devkeel.source.path import parse_path

if TYPE_CHECKING:
    from tree_sitter import Node

    from devkeel.source.nix.read.literal import Value
    from devkeel.source.splice import Splice

__all__ = ["PackageSet", "package_set"]

_SET = re.compile(r"nixpkgs|pkgs|legacyPackages")
# The same, with a system behind it: `pkgs`, `pkgs.${system}`, `nixpkgs.legacyPackages.x86_64-linux`, `pkgsFor.${s}`.
_WHOLE_SET = re.compile(
    r"([\w'-]+\.)*([\w'-]*[pP]kgs[\w'-]*|legacyPackages)(\.(\$\{[\w'.-]+\}|\"[^\"]*\"|[\w-]+-(linux|darwin)))?"
)
_NAME = re.compile(r"[\w'-]+")
# nixpkgs, lib/attrsets.nix, flake-utils, and what flakes call their own: a set of sets, one for each system.
_OF_SETS = re.compile(r"genAttrs|mapAttrs'?|listToAttrs|each\w*|for(All|Each)\w*|perSystem\w*")
# Where `pkgs` is one set for each system.
_BY_SYSTEM = b"pkgs.${"
_FUNCTION = "function_expression"


class PackageSet(Struct, frozen=True):
    """Where packages come from at a place.

    at: the place. root: the source of the set, such as `pkgs`; None where the arguments of the file's function are the
    packages. filled: callPackage gives that function what it names. prefix: what the name of a package of the set
    begins with, as `packages.meaning` gives it.
    """

    at: Node
    data: bytes
    root: str | None
    filled: bool
    prefix: str = ""

    @property
    def known(self) -> bool:
        """Whether a package can be written here at all."""
        return self.root is not None or self._function is not None

    @property
    def spelling(self) -> Spelling:
        """How packages are spelt in a list here."""
        return Spelling(
            self.read,
            self._write,
            key=self._key,
            local=True,
            others=lambda node, data: [self._below(name, node, data) for name in other_meanings(node, data)],
            variant=self._variant,
            needs=self._arguments,
        )

    def read(self, node: Node, data: bytes) -> Expression:
        """Return the name of the package that an expression stands for."""
        return self._below(meaning(node, data), node, data)

    def _variant(self, node: Node, data: bytes) -> Value:
        found = variant(node, data)
        return None if found is None else self._below(found, node, data)

    def _below(self, name: str, node: Node, data: bytes) -> Expression:
        """Return a package's name below the set."""
        if self.prefix and name.startswith(f"{self.prefix}."):
            return Expression(name.removeprefix(f"{self.prefix}."))
        plain = name.removeprefix("<bound> ")
        if plain != name and self.filled:
            scope = binder_of(node, plain.split(".", maxsplit=1)[0], data)
            return Expression(plain if scope is not None and scope.type == _FUNCTION else name)
        return Expression(name)

    def _key(self, value: Value) -> Value:
        if not isinstance(value, Expression):
            return value
        if value.source.startswith(("inputs.", "pkgs.")) or self._files_own(value, self.at):
            name = meaning(packages.parsed(value), value.source.encode(), self.at, self.data)
            return self._below(name, self.at, self.data)
        return value

    def _write(self, place: Node, value: Value) -> Value:
        if not isinstance(value, Expression) or value.source.startswith("inputs."):
            return value
        if self._files_own(value, place):
            return value
        plain = Expression(value.source.removeprefix("pkgs."))
        return plain if self.root is None else packages.spelled(place, plain, self.data, self.root)

    def _files_own(self, value: Expression, at: Node) -> bool:
        """Return whether a package's name begins with one that the file has itself."""
        if value.source.startswith("inputs.") or self.root is None:
            return False
        names = parse_path(value.source)
        return names[0] not in ("pkgs", self.root) and files_own(names, at, self.data)

    @property
    def _function(self) -> Node | None:
        """The function whose arguments callPackage fills, around the place: the one that it is given, or the file's."""
        node: Node | None = self.at if self.filled else None
        found = None
        while node is not None:
            if node.type == _FUNCTION and node.child_by_field_name("formals") is not None:
                found = node
                if _is_given(node, self.data):
                    break
            node = node.parent
        return found

    def _arguments(self, written: list[Value]) -> list[Splice]:
        """Return the splices that name new packages among the arguments that callPackage fills."""
        function = self._function if self.root is None else None
        formals = function.child_by_field_name("formals") if function is not None else None
        if function is None or formals is None:
            return []
        names = [value.source.partition(".")[0] for value in written if isinstance(value, Expression)]
        wanted = [name for name in dict.fromkeys(names) if name not in bound_names(function, self.data)]
        return [insert_formals(formals, self.data, wanted)] if wanted else []


def _is_given(function: Node, data: bytes) -> bool:
    """Return whether a function is written as the argument of callPackage."""
    node, outer = function, function.parent
    while outer is not None and outer.type == "parenthesized_expression":
        node, outer = outer, outer.parent
    called = outer.child_by_field_name("function") if outer is not None and outer.type == "apply_expression" else None
    return called is not None and called != node and text(called, data).rpartition(".")[2] == "callPackage"


def package_set(at: Node, data: bytes, maker: str, *, filled: bool, nixpkgs: bool = False) -> PackageSet:
    """Return the set that packages are taken from at a place; maker: what the shell's function is taken from.

    nixpkgs: that is the function of nixpkgs, which stands among the packages.
    """
    root = _root(at, data, maker, nixpkgs=nixpkgs)
    if root is None:
        return PackageSet(at, data, None, filled)
    source = root.encode()
    tree = parse(source).root_node
    return PackageSet(at, data, root, filled, meaning(tree.child_by_field_name("expression") or tree, source, at, data))


def _may_be_one(at: Node, name: str, data: bytes) -> bool:
    """Return whether a name may stand for a set of packages: no function, no set of the file's own, no set of sets."""
    value = value_of(at, name, data)
    if value is None:
        return True
    node = bare(value)
    call = call_of(node, data)
    if call is not None:
        return _OF_SETS.fullmatch(call.name) is None
    if node.type == "variable_expression" and text(node, data) != name:
        return _may_be_one(node, text(node, data), data)
    return node.type not in {_FUNCTION, *SETS} and not text(node, data).endswith(".legacyPackages")


def _root(at: Node, data: bytes, maker: str, *, nixpkgs: bool) -> str | None:
    first = re.match(r"[\w'-]+", maker)
    bound = nixpkgs and first is not None and is_bound(at, first[0], data)
    if bound and _WHOLE_SET.fullmatch(maker) and _may_be_one(at, maker, data):
        return maker  # the set that the shell's own function is taken from
    if is_bound(at, "pkgs", data) and _BY_SYSTEM not in data and _may_be_one(at, "pkgs", data):
        return "pkgs"
    if bound and _NAME.fullmatch(maker) and _may_be_one(at, maker, data):
        return maker
    return next((source for source in enclosing_withs(at, data) if _SET.search(source)), None)
