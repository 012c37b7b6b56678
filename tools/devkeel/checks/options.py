"""Every definition of a declaration against the catalogue of options.

It calls nothing wrong that could be right. A computed value is not judged; where modules that it does not see may
declare options, an unknown option is a warning, and only when it is clear which one is meant.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from devkeel.catalogue.locked_options import open_catalogue
from devkeel.catalogue.tree import Tree
from devkeel.checks.definition import JudgedDefinition, KnownOptions, show
from devkeel.checks.inputs import is_newer, known_inputs
from devkeel.checks.unknown_options import unknown_options
from devkeel.errors import Diagnostic
from devkeel.project.root import LOCK
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.candidate.candidate import Candidate
    from devkeel.catalogue.options import Catalogue
    from devkeel.checks.modules import World

__all__ = ["check_options", "option_tree"]


def check_options(subject: Candidate, world: World) -> list[Diagnostic]:
    """Return what the catalogue of options says of the modules of a declaration."""
    lock = subject.locks.get(LOCK)
    catalogue = open_catalogue(lock)
    sure = world.closed and (catalogue.live or not is_newer(lock))
    known = KnownOptions(
        catalogue.source, option_tree(catalogue), sure, known_inputs(subject) if world.closed else None
    )
    found, unknown = list[Diagnostic](), dict[tuple[str, nix.AttrPath], list[JudgedDefinition]]()
    renamed = list[JudgedDefinition]()
    for document in world.modules:
        for item in document.definitions:
            definition = JudgedDefinition(known, document, item)
            if item.raw == ("imports",):
                found += _text_imports(definition)
            if not item.path or not definition.is_option or world.declares(item.path) or definition.never:
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
        found += unknown_options(prefix, definitions)
    return found


@lru_cache(maxsize=2)
def option_tree(catalogue: Catalogue) -> Tree:
    """Return the options of a catalogue as a tree."""
    return Tree(catalogue.options)


def _text_imports(definition: JudgedDefinition) -> Iterator[Diagnostic]:
    """Report imports that are text with a relative path: Nix takes a path there, or text with an absolute one."""
    value = definition.document.value(definition.item)
    for item in value if isinstance(value, list) else ():
        # nix, src/libexpr/eval.cc, `coerceToPath`: "string … doesn't represent an absolute path".
        if isinstance(item, str) and not item.startswith("/"):
            yield definition.diagnostic(
                "wrong_type", "error", f"imports has the text {show(item)}; a path is written without quotes"
            )
