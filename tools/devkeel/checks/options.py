"""Every definition of a declaration against the catalogue of options.

It calls nothing wrong that could be right. A computed value is not judged; where modules that it does not see may
declare options, an unknown option is a warning, and only when it is clear which one is meant.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, field

from devkeel.catalogue.inputs import needed_inputs
from devkeel.catalogue.locked_options import open_catalogue
from devkeel.catalogue.packages import known as known_package
from devkeel.catalogue.renames import renamed_to
from devkeel.catalogue.tree import ELEMENT, Tree
from devkeel.catalogue.types import UNCLEAR, Enum, Integer, ListOf
from devkeel.checks.inputs import is_newer, known_inputs
from devkeel.checks.renaming import OptionNames
from devkeel.deferred import Deferred
from devkeel.errors import Diagnostic
from devkeel.project.root import INPUTS, LOCK
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.candidate.candidate import Candidate
    from devkeel.catalogue import near_misses
    from devkeel.catalogue.options import Catalogue
    from devkeel.catalogue.tree import PathMatch
    from devkeel.catalogue.types import OptionType
    from devkeel.checks.modules import World
    from devkeel.errors import Severity
else:
    near_misses = Deferred("devkeel.catalogue.near_misses")

__all__ = ["check_needed_inputs", "check_options", "option_tree"]

_SHOWN = 60
# What a group is about, where a value stands in its place: `scripts.NAME.exec`, `files.NAME.text`.
_ENABLE, _MAIN = ("enable",), ("exec", "text")
_TEXTS = frozenset({"string_expression", "indented_string_expression"})
# What comes from an input with modules of its own may be newer or older than the catalogue.
_FOREIGN = frozenset({"git-hooks", "treefmt"})
# At the top of a module these are the module system's, not options (nixpkgs, lib/modules.nix, `unifyModuleSyntax`).
_MODULE = frozenset(
    {*("imports", "options", "disabledModules", "meta", "_file", "_class", "key", "_module", "freeformType", "require")}
)


def check_options(subject: Candidate, world: World) -> list[Diagnostic]:
    """Return what the catalogue of options says of the modules of a declaration."""
    lock = subject.locks.get(LOCK)
    catalogue = open_catalogue(lock)
    sure = world.closed and (catalogue.live or not is_newer(lock))
    known = _Known(catalogue.source, option_tree(catalogue), sure, known_inputs(subject) if world.closed else None)
    found, unknown = list[Diagnostic](), dict[tuple[str, nix.AttrPath], list[_Definition]]()
    renamed = list[_Definition]()
    for document in world.modules:
        for item in document.definitions:
            definition = _Definition(known, document, item)
            if item.raw == ("imports",):
                found += _text_imports(definition)
            if not item.path or not definition.is_option or world.declares(item.path):
                continue
            if definition.unknown is None and definition.renamed is not None:
                renamed.append(definition)
            elif definition.unknown is None:
                found += definition.check()
            else:
                unknown.setdefault((document.name, definition.unknown), []).append(definition)
    for definition in renamed:
        # `postgres.enable` was an option once, `postgres.port` never was: one mistake, where both are there.
        beside = unknown.get((definition.document.name, definition.item.path[:1]))
        if beside is None:
            found += definition.check()
        else:
            beside.append(definition)
    for (_, prefix), definitions in unknown.items():
        found += _unknown(prefix, definitions)
    return found


@lru_cache(maxsize=2)
def option_tree(catalogue: Catalogue) -> Tree:
    """Return the options of a catalogue as a tree."""
    return Tree(catalogue.options)


class _Known(Struct, frozen=True):
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


class _Definition(Struct, frozen=True, dict=True):
    """One definition, on its way through the catalogue."""

    known: _Known
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

    @property
    def unknown(self) -> nix.AttrPath | None:
        """The path as far as the first name that is not declared, None for a path that is.

        A group of which there are old names only is not declared.
        """
        if self.found.kind != "unknown":
            return None
        declared = self.path[: self.found.depth]
        beside = [option for options in self.known.tree.below(declared).values() for option in options]
        is_old = bool(beside) and all(renamed_to(option) for option in beside)
        return declared if is_old else self.path[: self.found.depth + 1]

    def stays(self, old: nix.AttrPath, new: nix.AttrPath) -> bool:
        """Return whether another name for it, or for what it is in, leaves that in the set that it is written in."""
        container = self.document.option_path(self.item.container.path)
        return len(container) >= len(old) or new[: len(container)] == container

    def could_be(self, old: nix.AttrPath, new: nix.AttrPath) -> bool:
        """Return whether the edit that renames it, or what it is in, would be taken."""
        return self.known.names_in(self.document).could_be(old, new, self.document.value(self.item))

    def check(self) -> Iterator[Diagnostic]:
        if self.renamed is not None:
            message = f"{_told(self.item.path)} is called {_told(self.path)} now"
            yield self.diagnostic("renamed_option", "warning", message, self._renamed(self.path))
        yield from self._of_value(self.path, self.found, self.document.value(self.item))

    def _of_value(self, path: nix.AttrPath, found: PathMatch, value: nix.Value) -> Iterator[Diagnostic]:
        if found.kind == "beyond" and found.option is not None:
            yield self.diagnostic(
                "unknown_option",
                "error",
                f"{_told(path[: found.depth])} is a {found.option.type}, nothing can stand below it",
                self._renamed(path[: found.depth]) if found.within.accepts(value) else (),
            )
        elif found.kind == "group":
            yield from self._group(path, found, value)
        elif found.option is not None and found.option.read_only and found.kind == "option":
            yield self.diagnostic("read_only_option", "error", f"{_told(path)} is set by devenv and cannot be set")
        else:
            yield from self._wrong(path, found.type, value)
            yield from self._elements(path, found.type, value)

    def _renamed(self, path: nix.AttrPath) -> tuple[dict[str, Any], ...]:
        """Return the edit that says the same at another path, where it would be taken."""
        if not (self.stays(self.item.path, path) and self.could_be(self.item.path, path)):
            return ()
        return ({"kind": "rename", "path": _told(self.item.path), "to": _told(path)},)

    def _group(self, path: nix.AttrPath, found: PathMatch, value: nix.Value) -> Iterator[Diagnostic]:
        text = self._is_text
        if value == {} or (isinstance(value, nix.Expression) and not text):
            return
        inner = _ENABLE if isinstance(value, bool) else _MAIN if text else ()
        option = next((name for name in inner if name in found.names), None)
        edits: tuple[dict[str, Any], ...] = ()
        if option is not None and self.known.tree.find((*path, option)).type.accepts(value) is not False:
            edits = self._renamed((*path, option))
        yield self.diagnostic(
            "wrong_nesting",
            "error",
            f"{_told(path)} is no option but the name of a group"
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
        yield self.diagnostic(code, "error", f"{_told(path)} {why}", edits)

    def _elements(self, path: nix.AttrPath, kind: OptionType, value: nix.Value) -> Iterator[Diagnostic]:
        """Judge the sets in a list of submodules."""
        if not isinstance(value, list) or not any(isinstance(item, ListOf) for item in kind.alternatives):
            return
        for element in value:
            for name, inner in element.items() if isinstance(element, dict) else ():
                found = self.known.tree.find((*path, ELEMENT, name))
                if found.kind == "option" and found.type.accepts(inner) is False:
                    code, why = _verdict(found.type, inner)
                    yield self.diagnostic(code, "error", f"{_told((*path, name))} {why}")

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
        return Diagnostic(code, severity, message, "schema", place, _told(about or self.item.path), named)


def _text_imports(definition: _Definition) -> Iterator[Diagnostic]:
    """Report imports that are text with a relative path: Nix takes a path there, or text with an absolute one."""
    value = definition.document.value(definition.item)
    for item in value if isinstance(value, list) else ():
        # nix, src/libexpr/eval.cc, `coerceToPath`: "string … doesn't represent an absolute path".
        if isinstance(item, str) and not item.startswith("/"):
            yield definition.diagnostic(
                "wrong_type", "error", f"imports has the text {_shown(item)}; a path is written without quotes"
            )


def _unknown(prefix: nix.AttrPath, definitions: list[_Definition]) -> Iterator[Diagnostic]:
    """Report the definitions below a name that is not declared: as one mistake, where one other name does for all."""
    first = definitions[0]
    sure = first.known.sure and prefix[0] not in _FOREIGN
    near = {id(item): _near(item, sure=sure) for item in definitions}
    own = len(first.item.path) == len(first.path)
    shared = _shared(prefix, definitions, near) if own else []
    if shared:
        rests = [(item.written[len(prefix) :], item) for item in definitions]
        able = [
            other
            for other in shared
            if other != prefix[: len(other)] and first.stays(prefix, other)
            if all(item.could_be((*prefix, *rest), (*other, *rest)) for rest, item in rests)
        ]
        yield _no_option(first, prefix, shared, able, sure=sure)
        return
    for item in definitions:
        if item.unknown is None:
            yield from item.check()
        elif sure or near[id(item)]:
            path = item.item.path
            able = [other for other in near[id(item)] if item.stays(path, other) and item.could_be(path, other)]
            yield _no_option(item, path, near[id(item)], able, sure=sure)


def _near(item: _Definition, *, sure: bool) -> list[nix.AttrPath]:
    if item.renamed is not None:
        return [item.renamed]
    value = item.document.value(item.item)
    return (
        near_misses.nearest(item.known.tree, item.path, value)
        if sure
        else near_misses.nearest(item.known.tree, item.path, value, within=near_misses.CLOSE)
    )


def _shared(
    prefix: nix.AttrPath, definitions: list[_Definition], near: dict[int, list[nix.AttrPath]]
) -> list[nix.AttrPath]:
    """Return the other paths that every definition below a prefix could have instead of it, the likeliest first."""
    found: dict[nix.AttrPath, None] = {}
    for item in definitions:
        rest = item.written[len(prefix) :]
        found |= {
            path[: len(path) - len(rest)]: None for path in near[id(item)] if path[len(path) - len(rest) :] == rest
        }
    return [other for other in found if other and all(_fits(item, prefix, other) for item in definitions)]


def _fits(item: _Definition, prefix: nix.AttrPath, other: nix.AttrPath) -> bool:
    found = item.known.tree.find((*other, *item.written[len(prefix) :]))
    return found.kind in ("option", "inside") and found.type.accepts(item.document.value(item.item)) is not False


def _no_option(
    item: _Definition, path: nix.AttrPath, near: list[nix.AttrPath], able: list[nix.AttrPath], *, sure: bool
) -> Diagnostic:
    nearest = f"; nearest: {', '.join(_told(other) for other in near)}" if near else ""
    return item.diagnostic(
        "unknown_option",
        "error" if sure else "warning",
        f"there is no option {_told(path)} ({item.known.source}){nearest}",
        tuple({"kind": "rename", "path": _told(path), "to": _told(other)} for other in able),
        path,
    )


def _expressions(value: object) -> Iterator[nix.Expression]:
    if isinstance(value, nix.Expression):
        yield value
    elif isinstance(value, list):
        yield from (found for item in value for found in _expressions(item))


def _is_package(value: nix.Expression) -> bool:
    """Return whether an expression that a correction made is no package, or one that is known."""
    name = value.source.removeprefix("pkgs.")
    return name == value.source or known_package(name).known


def _verdict(kind: OptionType, value: nix.Value) -> tuple[Literal["wrong_value", "wrong_type"], str]:
    """Return the code and the rest of a sentence about a value that is not of a type."""
    shown = _shown(value)
    for item in kind.alternatives:
        if isinstance(item, Enum) and isinstance(value, str):
            return "wrong_value", f"is {shown}, not one of {', '.join(map(_shown, item.values))}"
        if isinstance(item, Integer) and isinstance(value, int) and not isinstance(value, bool):
            return "wrong_value", f"is {shown}, not a {item.phrase}"
    return "wrong_type", f"is {shown}, not a value of type {kind.phrase}"


def check_needed_inputs(subject: Candidate, world: World) -> Iterator[Diagnostic]:
    """Report options that need an input which devenv.yaml lacks; a flake declares its inputs elsewhere."""
    if subject.exists("flake.nix") and INPUTS not in subject.files:
        return
    known = known_inputs(subject)
    switches = _switches(world)
    for document in world.modules:
        for item in document.definitions:
            if item.computed or item.conditions or not _is_on(item.path, switches):
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


def _switches(world: World) -> dict[nix.AttrPath, nix.Value]:
    """Return what the modules set the `enable` options to, by the path of what they switch."""
    return {
        item.path[:-1]: document.value(item)
        for document in world.modules
        for item in document.definitions
        if item.path[-1:] == ("enable",)
    }


def _is_on(path: nix.AttrPath, switches: dict[nix.AttrPath, nix.Value]) -> bool:
    """Return whether what an option belongs to may be on: an input is asked for only then."""
    owners = [owner for size in range(1, len(path)) if (owner := path[:size]) in switches]
    if path[0] == "languages" and path[:2] not in switches:
        return False
    return all(switches[owner] is not False for owner in owners)


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
