"""One definition of a declaration, judged by the catalogue: whether its option is one, and what its value may be."""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, field

from devkeel.catalogue.packages import known as known_package
from devkeel.catalogue.renames import renamed_to
from devkeel.catalogue.tree import ELEMENT, Tree
from devkeel.catalogue.types import UNCLEAR, Enum, Integer, ListOf
from devkeel.checks.renaming import OptionNames
from devkeel.errors import Diagnostic
from devkeel.source import nix
from devkeel.source.nix.read.outcomes import is_never, never_reached, outcomes
from devkeel.source.path import format_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.catalogue.tree import PathMatch
    from devkeel.catalogue.types import OptionType
    from devkeel.errors import Severity

__all__ = ["JudgedDefinition", "KnownOptions", "show"]

_SHOWN = 60
# What a group is about, where a value stands in its place: `scripts.NAME.exec`, `files.NAME.text`.
_ENABLE, _MAIN = ("enable",), ("exec", "text")
_TEXTS = frozenset({"string_expression", "indented_string_expression"})
# At the top of a module these are the module system's, not options (nixpkgs, lib/modules.nix, `unifyModuleSyntax`).
_MODULE = frozenset(
    {*("imports", "options", "disabledModules", "meta", "_file", "_class", "key", "_module", "freeformType", "require")}
)


class KnownOptions(Struct, frozen=True):
    """What is known of options: from where, which ones, and whether an option that is not among them does not exist.

    inputs: the names of those that the project has, None where modules from elsewhere may bring more.
    """

    source: str
    tree: Tree
    sure: bool
    inputs: set[str] | None
    _names: dict[str, OptionNames] = field(default_factory=dict)

    def names_in(self, document: nix.Document) -> OptionNames:
        """Return what a module defines."""
        if document.name not in self._names:
            self._names[document.name] = OptionNames(document, self.inputs)
        return self._names[document.name]


class JudgedDefinition(Struct, frozen=True, dict=True):
    """One definition, on its way through the catalogue."""

    known: KnownOptions
    document: nix.Document
    item: nix.Definition

    @cached_property
    def path(self) -> nix.AttrPath:
        """The option path, by the name that it has now; `config` in a profile's module is no part of it."""
        path = self.item.path
        start = self.known.tree.find(path).module
        if start and path[start : start + 1] == ("config",) and len(path) > start + 1:
            path = (*path[:start], *path[start + 1 :])
        return renamed_to(path) or path

    @cached_property
    def renamed(self) -> nix.AttrPath | None:
        """The name that its option has now, where it has an old one."""
        return renamed_to(self.item.path)

    @property
    def written(self) -> nix.AttrPath:
        """The option path, by the name that is written where that is an old one."""
        return self.path if self.renamed is None else self.item.path

    @cached_property
    def found(self) -> PathMatch:
        """What stands at the path."""
        return self.known.tree.find(self.path)

    @property
    def is_option(self) -> bool:
        """Whether it is about an option, and not the module system's own, also in the module of a profile."""
        own = self.path[self.found.module : self.found.module + 1]
        if self.path[self.found.module :] == ("config",):
            return False  # all settings at once, computed: `config = lib.mkIf …`
        return not (_MODULE & {*own, self.item.raw[0]} or "_module" in self.path or self.item.computed)

    @cached_property
    def unknown(self) -> nix.AttrPath | None:
        """The path as far as the first name that is not declared, None for a path that is.

        A group of which there are old names only is not declared.
        """
        if self.found.kind != "unknown":
            return None
        declared = self.path[: self.found.depth]
        beside = (option for options in self.known.tree.below(declared).values() for option in options)
        first = next(beside, None)
        is_old = first is not None and all(renamed_to(option) for option in chain((first,), beside))
        return declared if is_old else self.path[: self.found.depth + 1]

    def stays(self, old: nix.AttrPath, new: nix.AttrPath) -> bool:
        """Return whether another name for it, or for what it is in, leaves that in the set that it is written in."""
        container = self.document.option_path(self.item.container.path)
        return len(container) >= len(old) or new[: len(container)] == container

    def could_be(self, old: nix.AttrPath, new: nix.AttrPath) -> bool:
        """Return whether the edit that renames it, or what it is in, would be taken."""
        value = self.document.value(self.item)
        if isinstance(value, nix.Expression) and any(
            True for item in self._outcomes for _ in self._wrong_parts(new, item)
        ):
            return False
        return self.known.names_in(self.document).could_be(old, new, value)

    @property
    def never(self) -> bool:
        """Whether what it stands in has a condition that is literally false: the module system drops it unseen."""
        # nixpkgs, lib/modules.nix: `pushDownProperties` brings a condition to each option, `dischargeProperties` drops
        # those that do not hold, and only then is a type asked.
        outer, data = self.item.container.conditions, self.document.data
        literal = b"false" in data or b"true" in data
        return literal and (any(map(is_never, outer)) or never_reached(self.item.node, data))

    def check(self) -> Iterator[Diagnostic]:
        """Yield what is wrong with it, its option being one."""
        if self.renamed is not None:
            message = f"{format_path(self.item.path)} is called {format_path(self.path)} now"
            yield self.diagnostic("renamed_option", "warning", message, self._renamed(self.path))
        yield from self._of_value(self.path, self.found, self.document.value(self.item))

    def _of_value(self, path: nix.AttrPath, found: PathMatch, value: nix.Value) -> Iterator[Diagnostic]:
        if found.kind == "beyond" and found.option is not None:
            yield self.diagnostic(
                "unknown_option",
                "error",
                f"{format_path(path[: found.depth])} is a {found.option.type}, nothing can stand below it",
                self._renamed(path[: found.depth]) if found.within.accepts(value) else (),
            )
        elif found.kind == "group":
            yield from self._group(path, found, value)
        elif found.option is not None and found.option.read_only and found.kind == "option":
            yield self.diagnostic(
                "read_only_option", "error", f"{format_path(path)} is set by devenv and cannot be set"
            )
        elif isinstance(value, nix.Expression):
            yield from self._computed(path)
        elif self._outcomes:
            yield from self._wrong(path, found.type, value)
            yield from self._elements(path, found.type, value)

    def _renamed(self, path: nix.AttrPath) -> tuple[dict[str, Any], ...]:
        """Return the edit that says the same at another path, where it would be taken."""
        if not (self.stays(self.item.path, path) and self.could_be(self.item.path, path)):
            return ()
        return ({"kind": "rename", "path": format_path(self.item.path), "to": format_path(path)},)

    def _group(self, path: nix.AttrPath, found: PathMatch, value: nix.Value) -> Iterator[Diagnostic]:
        text = self._is_text
        if value == {}:
            return
        if isinstance(value, nix.Expression) and not text:
            yield from self._computed(path)
            return
        inner = _ENABLE if isinstance(value, bool) else _MAIN if text else ()
        option = next((name for name in inner if name in found.names), None)
        edits: tuple[dict[str, Any], ...] = ()
        if option is not None and self.known.tree.find((*path, option)).type.accepts(value) is not False:
            edits = self._renamed((*path, option))
        yield self.diagnostic(
            "wrong_nesting",
            "error",
            f"{format_path(path)} is no option but the name of a group"
            + (f"; set {edits[0]['to']}" if edits else f" with {', '.join(found.names[:5])} …"),
            edits,
        )

    @property
    def _is_text(self) -> bool:
        """Whether the value is a text, as a whole or with computed parts."""
        return self.item.layers is not None and self.item.layers.core.type in _TEXTS

    def _wrong(self, path: nix.AttrPath, kind: OptionType, value: nix.Value) -> Iterator[Diagnostic]:
        if kind.accepts(value) is not False:
            return
        corrected = kind.correct(value)
        code, why = _verdict(kind, value)
        edits: tuple[dict[str, Any], ...] = ()
        if corrected is not UNCLEAR and all(_is_package(item) for item in _expressions(corrected)):
            edits = (_set(self.item.path, corrected),)
        if isinstance(value, bool) and self.known.tree.find((*path, "enable")).kind == "option":
            edits = self._renamed((*path, "enable"))
        yield self.diagnostic(code, "error", f"{format_path(path)} {why}", edits)

    @cached_property
    def _outcomes(self) -> list[nix.Value]:
        """What the value may come to; none where its own condition is literally false."""
        return list(outcomes(self.item.value, self.document.data)) if self.item.value is not None else []

    def _computed(self, path: nix.AttrPath) -> Iterator[Diagnostic]:
        """Judge what a conditional value may be; nothing is suggested for a part of a value."""
        found = (wrong for value in self._outcomes for wrong in self._wrong_parts(path, value))
        for code, message in dict.fromkeys(found):
            yield self.diagnostic(code, "error", message)

    def _wrong_parts(self, path: nix.AttrPath, value: nix.Value) -> Iterator[tuple[str, str]]:
        """Yield code and message of what is not of its type in a value that may be at a path, or inside of it."""
        found = self.known.tree.find(path)
        if found.kind in ("option", "inside") and found.type.accepts(value) is False:
            code, why = _verdict(found.type, value, "may be")
            yield code, f"{format_path(path)} {why}"
        elif isinstance(value, dict) and found.kind != "unknown":
            for name, inner in value.items():
                below = (*path, name)
                if name not in _MODULE and renamed_to(below) is None:
                    yield from self._wrong_parts(below, inner)

    def _elements(self, path: nix.AttrPath, kind: OptionType, value: nix.Value) -> Iterator[Diagnostic]:
        """Judge the sets in a list of submodules."""
        if not isinstance(value, list) or not any(isinstance(item, ListOf) for item in kind.alternatives):
            return
        for element in value:
            for name, inner in element.items() if isinstance(element, dict) else ():
                found = self.known.tree.find((*path, ELEMENT, name))
                if found.kind == "option" and found.type.accepts(inner) is False:
                    code, why = _verdict(found.type, inner)
                    yield self.diagnostic(code, "error", f"{format_path((*path, name))} {why}")

    def diagnostic(
        self,
        code: str,
        severity: Severity,
        message: str,
        suggestions: tuple[dict[str, Any], ...] = (),
        about: nix.AttrPath | None = None,
    ) -> Diagnostic:
        """Return a finding at this definition; `about` is the path that it is about, when that is a shorter one."""
        place = self.document.place(self.item.node.start_byte)
        named = tuple(edit | {"file": self.document.name} for edit in suggestions)
        return Diagnostic(code, severity, message, "schema", place, format_path(about or self.item.path), named)


def _expressions(value: object) -> Iterator[nix.Expression]:
    if isinstance(value, nix.Expression):
        yield value
    elif isinstance(value, list):
        yield from (found for item in value for found in _expressions(item))


def _is_package(value: nix.Expression) -> bool:
    """Return whether an expression that a correction made is no package, or one that is known."""
    name = value.source.removeprefix("pkgs.")
    return name == value.source or known_package(name).known


def _verdict(kind: OptionType, value: nix.Value, verb: str = "is") -> tuple[Literal["wrong_value", "wrong_type"], str]:
    """Return the code and the rest of a sentence about a value that is not of a type."""
    shown = show(value)
    for item in kind.alternatives:
        if isinstance(item, Enum) and isinstance(value, str):
            return "wrong_value", f"{verb} {shown}, not one of {', '.join(map(show, item.values))}"
        if isinstance(item, Integer) and isinstance(value, int) and not isinstance(value, bool):
            return "wrong_value", f"{verb} {shown}, not a {item.phrase}"
    return "wrong_type", f"{verb} {shown}, not a value of type {kind.phrase}"


def _set(path: nix.AttrPath, value: nix.Value) -> dict[str, Any]:
    given = {"expression": value.source} if isinstance(value, nix.Expression) else {"value": value}
    if isinstance(value, list) and any(isinstance(item, nix.Expression) for item in value):
        given = {"expression": nix.print_value(value)}
    return {"kind": "set", "path": format_path(path), **given}


def show(value: nix.Value) -> str:
    """Return a value as Nix has it, cut where it is long."""
    text = nix.print_value(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
