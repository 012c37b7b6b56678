"""The `schema` rung: every definition against the catalogue of options, in process, in milliseconds.

It calls nothing wrong that could be right. A computed value is not judged; where modules that it does not see may
declare options, an unknown option is a warning, and only when it is clear which one is meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from devkeel.catalogue.inputs import needed_inputs
from devkeel.catalogue.options import option_tree
from devkeel.catalogue.renamed import renamed_to
from devkeel.catalogue.types import UNCLEAR, Enum, Integer, ListOf
from devkeel.checks.inputs import check_inputs, known_inputs
from devkeel.checks.packages import check_packages
from devkeel.checks.world import World
from devkeel.errors import Diagnostic
from devkeel.project import INPUTS
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.catalogue.tree import Found, Tree
    from devkeel.catalogue.types import OptionType
    from devkeel.checks.subject import Subject
    from devkeel.errors import Severity

__all__ = ["check"]

_SHOWN = 60
# What comes from an input with modules of its own may be newer or older than the catalogue.
_FOREIGN = frozenset({"git-hooks", "treefmt"})
# At the top of a module these are the module system's, not options.
_MODULE = frozenset({"imports", "options", "disabledModules", "meta", "_file", "_class", "key", "_module"})


def check(subject: Subject) -> list[Diagnostic]:
    """Return what the catalogue of options says of a declaration, and what is wrong with its inputs and their lock."""
    world, tree = World.of(subject), option_tree()
    found = [
        diagnostic
        for document in world.modules
        for item in document.definitions
        if item.raw[0] not in _MODULE and item.path and not item.computed
        for diagnostic in _Definition(world, tree, document, item).check()
    ]
    return [*found, *_missing_inputs(subject, world), *check_packages(subject, world), *check_inputs(subject)]


@dataclass(frozen=True, slots=True)
class _Definition:
    """One definition, on its way through the catalogue."""

    world: World
    tree: Tree
    document: nix.Document
    item: nix.Definition

    def check(self) -> Iterator[Diagnostic]:
        path, value = self.item.path, self.document.value(self.item)
        if self.world.declares(path):
            return
        new = renamed_to(path)
        if new is not None:
            yield self._diagnostic(
                "renamed_option",
                "warning",
                f"{_told(path)} is called {_told(new)} now",
                ({"kind": "rename", "path": _told(path), "to": _told(new)},),
            )
        yield from self._judge(new or path, value)

    def _judge(self, path: nix.AttrPath, value: nix.Value) -> Iterator[Diagnostic]:
        found = self.tree.find(path)
        if found.module < len(path) and path[found.module] in _MODULE:
            return
        if found.kind == "unknown":
            yield from self._unknown(path, value)
        elif found.kind == "beyond" and found.option is not None:
            yield self._diagnostic(
                "unknown_option",
                "error",
                f"{_told(path[: found.depth])} is a {found.option.type}, nothing can stand below it",
                self._instead(path[: found.depth]) if found.within.judge(value) else (),
            )
        elif found.kind == "group":
            yield from self._group(path, found, value)
        elif found.option is not None and found.option.read_only and found.kind == "option":
            yield self._diagnostic("read_only_option", "error", f"{_told(path)} is set by devenv and cannot be set")
        else:
            yield from self._wrong(path, found.type, value)
            yield from self._elements(path, found.type, value)

    def _unknown(self, path: nix.AttrPath, value: nix.Value) -> Iterator[Diagnostic]:
        from devkeel.catalogue.nearest import CLOSE, nearest  # noqa: PLC0415  (only a mistake needs it)

        sure = self.world.closed and path[0] not in _FOREIGN
        near = nearest(self.tree, path, value) if sure else nearest(self.tree, path, value, within=CLOSE)
        if not sure and not near:
            return
        meant = f"; nearest: {', '.join(_told(item) for item in near)}" if near else ""
        yield self._diagnostic(
            "unknown_option",
            "error" if sure else "warning",
            f"there is no option {_told(path)}{meant}",
            tuple(edit for item in near for edit in self._instead(item)),
        )

    def _instead(self, path: nix.AttrPath) -> tuple[dict[str, Any], ...]:
        """Return the edit that says the same at another path."""
        return ({"kind": "rename", "path": _told(self.item.path), "to": _told(path)},)

    def _group(self, path: nix.AttrPath, found: Found, value: nix.Value) -> Iterator[Diagnostic]:
        if value == {} or isinstance(value, nix.Expression):
            return
        enable = "enable" in found.names and isinstance(value, bool)
        yield self._diagnostic(
            "wrong_nesting",
            "error",
            f"{_told(path)} is no option but the name of a group"
            + (f"; set {_told(path)}.enable" if enable else f" with {', '.join(found.names[:5])} …"),
            (_set((*path, "enable"), value),) if enable else (),
        )

    def _wrong(self, path: nix.AttrPath, kind: OptionType, value: nix.Value) -> Iterator[Diagnostic]:
        if kind.judge(value) is not False:
            return
        corrected = kind.correct(value)
        code, why = _verdict(kind, value)
        yield self._diagnostic(
            code,
            "error",
            f"{_told(path)} {why}",
            () if corrected is UNCLEAR else (_set(self.item.path, corrected),),
        )

    def _elements(self, path: nix.AttrPath, kind: OptionType, value: nix.Value) -> Iterator[Diagnostic]:
        """Judge the sets in a list of submodules."""
        if not isinstance(value, list) or not any(isinstance(item, ListOf) for item in kind.alternatives):
            return
        for element in value:
            for name, inner in element.items() if isinstance(element, dict) else ():
                found = self.tree.find((*path, "*", name))
                if found.kind == "option" and found.type.judge(inner) is False:
                    code, why = _verdict(found.type, inner)
                    yield self._diagnostic(code, "error", f"{_told((*path, name))} {why}")

    def _diagnostic(
        self, code: str, severity: Severity, message: str, suggestions: tuple[dict[str, Any], ...] = ()
    ) -> Diagnostic:
        place = self.document.place(self.item.node.start_byte)
        named = tuple(edit | {"file": self.document.name} for edit in suggestions)
        return Diagnostic(code, severity, message, "schema", place, _told(self.item.path), named)


def _verdict(kind: OptionType, value: nix.Value) -> tuple[Literal["wrong_value", "wrong_type"], str]:
    """Return the code and the rest of a sentence about a value that is not of a type."""
    shown = _shown(value)
    for item in kind.alternatives:
        if isinstance(item, Enum) and isinstance(value, str):
            return "wrong_value", f"is {shown}, not one of {', '.join(map(_shown, item.values))}"
        if isinstance(item, Integer) and isinstance(value, int) and not isinstance(value, bool):
            return "wrong_value", f"is {shown}, not a {item.phrase}"
    return "wrong_type", f"is {shown}, not a value of type {kind.phrase}"


def _missing_inputs(subject: Subject, world: World) -> Iterator[Diagnostic]:
    """Report options that need an input which devenv.yaml lacks; a flake declares its inputs elsewhere."""
    if subject.exists("flake.nix") and INPUTS not in subject.files:
        return
    known = known_inputs(subject)
    for document in world.modules:
        for item in document.definitions:
            if item.computed or item.conditions:
                continue
            for needed in needed_inputs(renamed_to(item.path) or item.path, document.value(item)):
                if known.isdisjoint({needed.name, *needed.also}):
                    known.add(needed.name)
                    yield Diagnostic(
                        "missing_input",
                        "error" if world.closed else "warning",
                        f"{_told(item.path)} needs the input {needed.name}, which {INPUTS} does not have",
                        "schema",
                        document.place(item.node.start_byte),
                        _told(item.path),
                        (needed.edit,),
                    )


def _set(path: nix.AttrPath, value: nix.Value) -> dict[str, Any]:
    given = {"expression": value.source} if isinstance(value, nix.Expression) else {"value": value}
    if isinstance(value, list) and any(isinstance(item, nix.Expression) for item in value):
        given = {"expression": nix.print_value(value)}
    return {"kind": "set", "path": _told(path), **given}


def _told(path: nix.AttrPath) -> str:
    return nix.format_path(path)


def _shown(value: nix.Value) -> str:
    text = nix.print_value(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
