"""The survey of one option: every module of a declaration is read for what is on the way to it, at it and below it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias, cast

from msgspec import Struct, field

from devkeel.policy.mentions import envrc, inputs
from devkeel.policy.mentions.facts import UNPARSED, Fact
from devkeel.policy.mentions.flake_modules import FlakeModules
from devkeel.policy.mentions.nodes import callee, defining, path_of, statement, tokens, union
from devkeel.policy.mentions.references import References
from devkeel.source import nix
from devkeel.source.nix.read.index import attributes_of
from devkeel.source.nix.read.literal import read_value
from devkeel.source.nix.read.scope import SETS
from devkeel.source.nix.read.syntax import text
from devkeel.source.option_glob import Glob, related, within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tree_sitter import Node

    from devkeel.policy.mentions.facts import DeclarationFiles
    from devkeel.source.option_glob import OptionGlob
    from devkeel.source.path import AttrPath

__all__ = ["OptionMentions", "said_about"]

# nixpkgs, lib/modules.nix: mkIf and mkMerge are taken off first (dischargeProperties), then only the definitions of the
# strongest priority are kept (filterOverrides): a mkForce elsewhere hides all others of its option.
# Functions that add nothing where they wrap nothing; the others, mkForce before all, change what stays outside.
_HARMLESS = frozenset({"mkIf", "mkMerge", "mkDefault", "mkBefore", "mkAfter", "mkOrder", "optionalAttrs"})
_WRAPPERS = _HARMLESS | {"mkForce", "mkOverride", "mkVMOverride", "mkOptionDefault"}
_CHOOSING = frozenset({"optional", "optionals"})
# Names at the top of a module that decide which definitions there are, and those that mean nothing here.
_BRINGING = frozenset({"disabledModules", "_module", "key", "freeformType"})
_IDLE = frozenset({"meta", "_file", "_class"})
# `require` is what `imports` was called before (nixpkgs, lib/modules.nix, `unifyModuleSyntax`).
_IMPORTS = frozenset({"imports", "require"})
# What makes a set something else than the set of its attributes.
# A `_type` is how mkIf and the others mark a set (nixpkgs, lib/modules.nix); a set with `__functor` can be called (Nix
# manual).
_STRANGE = frozenset({"_type", "__functor"})
# nixpkgs, lib/modules.nix, `doRename`: such a module defines the one option by what the other is set to.
_ALIASING = re.compile(r"mk(?:Renamed|Alias|Changed|Merged|DerivedConfig)\w*")
_ROOTS = ("devenv.nix", "devenv.local.nix")
_MAX_DEPTH = 60
_MAX_ROUNDS = 8
# Options that set others by their nature.
_ALSO = {"env": (("dotenv",), ("secretspec",))}

_Step: TypeAlias = "tuple[nix.Document, Node]"


class OptionMentions(Struct, frozen=True):
    """What the files say: `facts` about the option itself, `others` about options that it reads through `config`."""

    facts: tuple[Fact, ...]
    others: tuple[Fact, ...]


def said_about(paths: Sequence[OptionGlob], files: DeclarationFiles) -> OptionMentions:
    """Return what a declaration says about an option, or about all that a glob is about.

    paths: its path, and its older names.
    """
    firsts = {name for name in _ALSO for path in paths if within((name,), path[:1])}
    wanted = {*paths, *(more for name in firsts for more in _ALSO[name])}
    for _ in range(_MAX_ROUNDS):
        survey = _Survey(files, frozenset(wanted))
        survey.run(packages=_is_wide(paths[0]))
        more = survey.aliases | ({("overlays",)} if "pkgs" in survey.references.words else set())
        if more <= wanted:
            break
        wanted |= more
    known, others = set(wanted), list[Fact]()
    read = {path for path in survey.references.config if not _covers(known, path)}
    for _ in range(_MAX_ROUNDS):
        if not read:
            break
        second = _Survey(files, frozenset(read))
        second.run(packages=False)
        others = second.facts
        more = {path for path in second.references.config if not _covers(known | read, path)}
        if not more:
            break
        read |= more
    return OptionMentions(tuple(survey.facts), tuple(others))


def _covers(known: Iterable[OptionGlob], path: AttrPath) -> bool:
    return any(within(path, own) for own in known)


def _is_wide(path: OptionGlob) -> bool:
    """Return whether an option may hold packages, as far as its name says: a switch or a number does not."""
    return isinstance(path[-1], Glob) or path[-1] not in {"enable", "port", "version", "channel"}


class _Survey(Struct, dict=True):
    """Reads the modules; `wanted` are the paths that matter."""

    files: DeclarationFiles
    wanted: frozenset[OptionGlob]
    facts: list[Fact] = field(default_factory=list)
    aliases: set[AttrPath] = field(default_factory=set)
    extends: list[Fact] = field(default_factory=list)
    profiled: bool = False
    _modules: set[str] = field(default_factory=set)
    _label: str = ""
    _depth: int = 0

    def __post_init__(self) -> None:
        self.references = References(self.files, self.facts.append, self._module)

    def run(self, *, packages: bool) -> None:
        """Read everything that the declaration begins with."""
        found = inputs.read(self.files)
        for name in (*_ROOTS, *found.modules):
            if self.files.read(name) is not None or name in found.required:
                self._module(name)
        self._flake().survey()
        if self.profiled:
            self.facts += self.extends
        packages = packages or "pkgs" in self.references.words
        self.facts += found.facts(self.references, packages=packages, profiles=self.profiled)
        for folder in sorted(found.folders(self.references)):
            self.references.folder(folder)
        self.facts += envrc.read(self.files, self.references.environment)

    def _flake(self) -> FlakeModules:
        return FlakeModules(
            self.files,
            self.references,
            self.facts.append,
            lambda document, node: self._value(document, node, (), top=True),
            self._imports,
            lambda document, names, node: self._entry(document, names, node, (), top=True),
        )

    # Modules and values.

    def _add(self, node: Node, document: nix.Document, kind: str, prefix: str = "", *, opaque: bool = False) -> None:
        line = document.place(node.start_byte).line
        words = f"{self._label}{prefix}{tokens(node, document.data)}"
        self.facts.append(Fact(words, kind, document.name, line, opaque))
        self.profiled = self.profiled or bool(self._label)

    def _opaque(self, node: Node, document: nix.Document, at: AttrPath) -> None:
        """Take in what cannot be looked into, as it is written, with all that it refers to."""
        what = nix.format_path(at) if at else "a module"
        before = len(self.facts)
        self._add(node, document, f"{tokens(node, document.data)[:60]} as {what}", opaque=True)
        self.references.follow(document, node, modules=not at)
        if at or not self._alias(node, document):
            return
        del self.facts[before:]

    def _alias(self, node: Node, document: nix.Document) -> bool:
        """Learn the other name of an option; return whether the call is about one that does not matter."""
        name, arguments = callee(node, document.data)
        if not _ALIASING.fullmatch(name):
            return False
        lists = [read_value(item, document.data) for item in arguments]
        paths = {
            cast("AttrPath", tuple(item))
            for item in lists
            if isinstance(item, list) and item and all(isinstance(part, str) for part in item)
        }
        if len(paths) < 2:  # noqa: PLR2004
            return False
        if any(related(path, own) for path in paths for own in self.wanted):
            self.aliases |= paths
            return False
        return True

    def _module(self, name: str) -> None:
        if name in self._modules:
            return
        self._modules.add(name)
        data = self.files.read(name)
        if data is None:
            what = f"the import of {name}, which is not there"
            self.facts.append(Fact(f"{self._label}import {name}", what, name, opaque=True, missing=True))
            return
        document = nix.Document(data, self.files.origin(name))
        root = document.root.child_by_field_name("expression")
        if document.syntax_problems or root is None:
            self.facts.append(Fact(data.decode("utf-8", "replace"), UNPARSED, name, opaque=True))
            return
        self._value(document, root, (), top=True)

    def _value(
        self, document: nix.Document, node: Node, at: AttrPath, *, top: bool = False, replaces: bool = False
    ) -> None:
        """Read a value at a path on the way to the option; `replaces`: it takes the place of what stood before it."""
        self._depth += 1
        try:
            if self._depth > _MAX_DEPTH:
                self._add(node, document, "an expression that is nested too deeply", opaque=True)
            else:
                self._look(document, node, at, top=top, replaces=replaces)
        finally:
            self._depth -= 1

    def _look(self, document: nix.Document, node: Node, at: AttrPath, *, top: bool, replaces: bool) -> None:
        field_of = node.child_by_field_name
        match node.type:
            case kind if kind in SETS:
                self._set(document, node, at, top=top, replaces=replaces)
            case "parenthesized_expression" | "let_expression" | "function_expression" as kind:
                if kind == "function_expression":
                    self.references.heads.add((document.name, node.id))
                inner = field_of("expression" if kind == "parenthesized_expression" else "body")
                if inner is not None:
                    self._value(document, inner, at, top=top, replaces=replaces)
            case "with_expression" | "assert_expression":
                scope, inner = field_of("environment") or field_of("condition"), field_of("body")
                if inner is not None:
                    with_scope = [(document, scope)] if scope is not None else []
                    self._under(with_scope, lambda: self._value(document, inner, at, top=top, replaces=replaces))
            case "if_expression":
                sides = [side for name in ("consequence", "alternative") if (side := field_of(name)) is not None]
                condition = field_of("condition")
                given = [(document, condition)] if condition is not None else []
                self._under(given, lambda: self._sides(document, sides, at, top=top))
            case "variable_expression":
                self._variable(document, node, at, top=top, replaces=replaces)
            case "path_expression" if not at:
                self._import_path(document, node)
            case _:
                self._expression(document, node, at, top=top, replaces=replaces)

    def _sides(self, document: nix.Document, sides: list[Node], at: AttrPath, *, top: bool) -> None:
        for side in sides:
            self._value(document, side, at, top=top, replaces=True)

    def _under(self, given: list[_Step], inside: Callable[[], object]) -> None:
        """Read what stands under a condition or the like, which counts where there is something under it."""
        start = len(self.facts)
        inside()
        if len(self.facts) > start:
            for document, node in given:
                words = f"under {tokens(node, document.data)}"
                self.facts.insert(start, Fact(words, words[:80], document.name, document.place(node.start_byte).line))
                self.references.follow(document, node)

    def _variable(self, document: nix.Document, node: Node, at: AttrPath, *, top: bool, replaces: bool) -> None:
        _, found = defining(node, text(node, document.data), document.data)
        value = found[0].child_by_field_name("expression") if len(found) == 1 else None
        head = found[0].child_by_field_name("attrpath") if value is not None else None
        if value is None or head is None or len(head.named_children) != 1 or found[0].type != "binding":
            self._opaque(node, document, at)
            return
        self._value(document, value, at, top=top, replaces=replaces)

    def _expression(self, document: nix.Document, node: Node, at: AttrPath, *, top: bool, replaces: bool) -> None:
        operands = union(node, document.data)
        if operands:
            for number, item in enumerate(operands):
                self._value(document, item, at, top=top, replaces=replaces or number > 0)
            return
        function, arguments = callee(node, document.data)
        if function in _WRAPPERS and arguments:
            self._call(document, function, arguments, at, replaces=replaces)
        elif function == "import" and self._import(document, arguments, at, top=top, replaces=replaces):
            return
        else:
            self._opaque(node, document, at)

    def _call(
        self, document: nix.Document, function: str, arguments: list[Node], at: AttrPath, *, replaces: bool
    ) -> None:
        start = len(self.facts)
        last = arguments[-1]
        # A merge is as good as its parts, each a definition of its own (nixpkgs, lib/modules.nix,
        # `pushDownProperties`).
        if function == "mkMerge" and last.type == "list_expression":
            for item in last.children_by_field_name("element"):
                self._value(document, item, at, replaces=replaces)
            return
        self._value(document, last, at, replaces=replaces)
        if len(self.facts) > start or function not in _HARMLESS:
            words = [function, *(tokens(item, document.data) for item in arguments[:-1])]
            line = document.place(last.start_byte).line
            self.facts.insert(start, Fact(f"{self._label}{' '.join(words)}", function, document.name, line))
            for item in arguments[:-1]:
                self.references.follow(document, item)

    def _import(
        self, document: nix.Document, arguments: list[Node], at: AttrPath, *, top: bool, replaces: bool
    ) -> bool:
        """Read a file in the place where it is imported; return whether it is there."""
        target = _target(arguments[0], document, self.files) if arguments else None
        data = self.files.read(target) if target is not None else None
        if target is None or data is None:
            return False
        other = nix.Document(data, target)
        root = other.root.child_by_field_name("expression")
        if other.syntax_problems or root is None:
            return False
        start = len(self.facts)
        self._value(other, root, at, top=top, replaces=replaces)
        for item in arguments[1:] if len(self.facts) > start else []:
            self._add(item, document, f"what {target} is given")
            self.references.arguments(document, item)
        return True

    # Sets and what is in them.

    def _set(self, document: nix.Document, node: Node, at: AttrPath, *, top: bool, replaces: bool) -> None:
        entries = attributes_of(node, document.data)
        if any(self._is_strange((*at, *item.names), len(at)) for item in entries):
            self._opaque(node, document, at)
            return
        for item in entries:
            # A computed name in quotes is at least the name that it is.
            self._entry(document, item.names, item.node, at, computed=item.computed, top=top, replaces=replaces)

    def _entry(
        self,
        document: nix.Document,
        names: AttrPath,
        node: Node,
        at: AttrPath,
        *,
        computed: bool = False,
        top: bool = False,
        replaces: bool = False,
    ) -> None:
        value = node.child_by_field_name("expression") if node.type == "binding" else None
        if not at and self._special(document, names, node, value, computed=computed, top=top, replaces=replaces):
            return
        here = (*at, *names)
        if replaces and names and self._wants(here[: len(at) + 1]):
            self._add_words(f"what takes the place of {nix.format_path(here[: len(at) + 1])}", document, node)
        if here[:1] == ("profiles",) and not self._wants(here):
            self._profile(document, here, node, value, computed=computed)
        elif not self._wants(here):
            return
        elif computed:
            self._whole(document, node, f"a computed name at {nix.format_path(here) or 'the top'}")
        elif any(within(here, own) for own in self.wanted):
            self._define(document, node, value, here)
        elif value is None:
            self._inherited(document, node, here)
        else:
            self._value(document, value, here)

    def _is_strange(self, path: AttrPath, start: int) -> bool:
        """Return whether a set on the way is declared to be something else than the set of its attributes."""
        return any(name in _STRANGE and self._wants(path[:at]) for at, name in enumerate(path) if at >= start)

    def _wants(self, here: AttrPath) -> bool:
        return any(related(here, own) for own in self.wanted)

    def _add_words(self, words: str, document: nix.Document, node: Node) -> None:
        self.facts.append(Fact(f"{self._label}{words}", words, document.name, document.place(node.start_byte).line))

    def _whole(self, document: nix.Document, node: Node, kind: str, *, modules: bool = False) -> None:
        whole = statement(node)
        self._add(whole, document, kind, opaque=True)
        self.references.follow(document, whole, modules=modules)

    def _define(self, document: nix.Document, node: Node, value: Node | None, here: AttrPath) -> None:
        name = nix.format_path(here) or "every option"
        if value is None:
            self._whole(document, node, f"the definition of {name}")
            return
        self._add(value, document, f"the definition of {name}", f"{name} = ")
        self.references.follow(document, value)

    def _inherited(self, document: nix.Document, node: Node, here: AttrPath) -> None:
        self._whole(document, node, f"the inherited {nix.format_path(here)}")

    def _special(
        self,
        document: nix.Document,
        names: AttrPath,
        node: Node,
        value: Node | None,
        *,
        computed: bool,
        top: bool,
        replaces: bool,
    ) -> bool:
        """Read what the module system itself gives a meaning; return whether it was that."""
        first = names[0] if names else None
        if first == "_module" or (top and first in _BRINGING):
            self._whole(document, node, f"`{first}`")
        elif not top:
            return False
        elif first in _IMPORTS:
            if value is None or len(names) > 1 or computed:
                self._whole(document, node, f"`{first}`", modules=True)
            else:
                self._imports(document, value)
        elif first == "options":
            self._declare(document, names[1:], node, value, computed=computed)
        elif first == "config":
            self._config(document, names[1:], node, value, computed=computed, replaces=replaces)
        else:
            return first in _IDLE
        return True

    def _config(
        self,
        document: nix.Document,
        names: AttrPath,
        node: Node,
        value: Node | None,
        *,
        computed: bool,
        replaces: bool,
    ) -> None:
        if names or computed:
            self._entry(document, names, node, (), computed=computed, replaces=replaces)
        elif value is None:
            self._whole(document, node, "`config`", modules=True)
        else:
            self._value(document, value, (), replaces=replaces)

    def _declare(
        self, document: nix.Document, here: AttrPath, node: Node, value: Node | None, *, computed: bool
    ) -> None:
        """Read a declaration under `options`: a default, or an `apply`, is a part of what the option is."""
        if not self._wants(here):
            return
        whole = any(within(here, own) for own in self.wanted)
        if computed or value is None or whole or value.type not in SETS:
            self._whole(document, node, f"the declaration of {nix.format_path(here) or 'options'}")
            return
        for item in attributes_of(value, document.data):
            inner = item.node.child_by_field_name("expression") if item.node.type == "binding" else None
            self._declare(document, (*here, *item.names), item.node, inner, computed=item.computed)

    def _profile(
        self, document: nix.Document, here: AttrPath, node: Node, value: Node | None, *, computed: bool
    ) -> None:
        """Read a profile: its module is a module, which another profile may extend."""
        depth = 3 if here[1:2] and here[1] in ("hostname", "user") else 2
        label, rest = " ".join(here[:depth]), here[depth + 1 :]
        if len(here) <= depth:
            if computed or value is None:
                self._whole(document, node, "a computed profile")
            else:
                self._value(document, value, here)
            return
        if here[depth] == "extends":
            words = f"{label} {tokens(statement(node), document.data)}"
            self.extends.append(Fact(words, f"what {label} extends", document.name))
            return
        if here[depth] != "module":
            return
        before, self._label = self._label, f"{label}: "
        try:
            if computed or (value is None and not rest):
                self._whole(document, node, "the module of a profile", modules=True)
            elif rest or value is None:
                self._entry(document, rest, node, (), top=True)
            else:
                self._value(document, value, (), top=True)
        finally:
            self._label = before

    # Imports.

    def _imports(self, document: nix.Document, node: Node) -> None:
        field_of = node.child_by_field_name
        operator = field_of("operator")
        function, arguments = callee(node, document.data)
        if node.type == "list_expression":
            for item in node.children_by_field_name("element"):
                self._imported(document, item)
        elif node.type in {"parenthesized_expression", "let_expression"}:
            inner = field_of("expression") or field_of("body")
            if inner is not None:
                self._imports(document, inner)
        elif operator is not None and text(operator, document.data) == "++":
            for side in (field_of("left"), field_of("right")):
                if side is not None:
                    self._imports(document, side)
        elif function in _CHOOSING and len(arguments) == 2:  # noqa: PLR2004
            many = function == "optionals"
            inside = self._imports if many else self._imported
            self._under([(document, arguments[0])], lambda: inside(document, arguments[1]))
        else:
            self._opaque(node, document, ())

    def _imported(self, document: nix.Document, node: Node) -> None:
        if node.type == "path_expression":
            self._import_path(document, node)
        else:
            self._value(document, node, (), top=True)

    def _import_path(self, document: nix.Document, node: Node) -> None:
        target = _target(node, document, self.files)
        if target is None:
            self._opaque(node, document, ())
        else:
            self._module(target)


def _target(node: Node, document: nix.Document, files: DeclarationFiles) -> str | None:
    """Return the file that a literal path names, a folder's default.nix included; None for what is computed."""
    while node.type == "parenthesized_expression" and (inner := node.child_by_field_name("expression")) is not None:
        node = inner
    if node.type != "path_expression" or any(item.type == "interpolation" for item in node.named_children):
        return None
    target = path_of(node, document.data, document.name)
    if target is None:
        return None
    default = f"{target}/default.nix" if target != "." else "default.nix"
    return default if files.read(target) is None and files.read(default) is not None else target
