"""Generating files: what a generator makes is put into the files that are there, and published as every change is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace as with_fields

from devkeel.backends.registry import declared_by, select
from devkeel.change.judge import Intent
from devkeel.change.write import conclude, expect, patiently
from devkeel.errors import Place, Refused, UsageError
from devkeel.generate.kind import GeneratedFile, ProjectSource
from devkeel.generate.kinds import GENERATORS, generator
from devkeel.generate.parameters import Parameter, read_parameters
from devkeel.generate.part import PartText, find_parts, renew
from devkeel.project.root import SETTINGS
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkeel.candidate.candidate import Candidate
    from devkeel.change.changes import Asked
    from devkeel.change.result import ChangeResult
    from devkeel.context import Context
    from devkeel.generate.kind import Generated, Generator, MergedFile

__all__ = ["GeneratorList", "GeneratorView", "generate", "generators"]


class GeneratorView(Struct, frozen=True):
    """A generator as a caller sees it."""

    name: str
    about: str
    parameters: tuple[Parameter, ...]


class GeneratorList(Struct, frozen=True):
    """The generators that there are."""

    generators: tuple[GeneratorView, ...]


def generators() -> GeneratorList:
    """Return what can be generated."""
    return GeneratorList(tuple(GeneratorView(item.name, item.about, item.parameters) for item in GENERATORS))


def generate(
    context: Context,
    kind: str,
    parameters: Mapping[str, object],
    asked: Asked,
    *,
    level: str | None,
    replace: bool,
) -> ChangeResult:
    """Generate files as one transaction; see `Environment.generate`."""
    chosen = generator(kind)
    given = read_parameters(kind, chosen.parameters, parameters)

    def attempt(context: Context, candidate: Candidate) -> ChangeResult:
        expect(context, asked.expected_revision, candidate.files)
        made = _made(context, candidate, chosen, given, replace=replace)
        for file in made.files:
            candidate.put(file.name, _content(candidate, chosen, made, file, replace=replace))
        candidate.notes += (*made.notes, *_said_of_declaration(context, candidate, chosen, made))
        if candidate.changed:
            candidate.runs += made.runs
        edits = [{"kind": "generate", "generator": kind, "parameters": dict(made.parameters)}]
        result = conclude(context, candidate, Intent("generate", asked.reason, asked.dry_run, level, edits))
        found = (*result.checks.diagnostics, *made.findings)
        return with_fields(result, checks=with_fields(result.checks, diagnostics=found))

    return patiently(context, attempt, stubborn=asked.stubborn, dry_run=asked.dry_run)


def _said_of_declaration(context: Context, candidate: Candidate, chosen: Generator, made: Generated) -> Iterator[str]:
    """Yield what is to say where a file becomes the declaration, or is of one that is not there."""
    before, after = context.selection, select(candidate)
    declares = any(candidate.basis.exists(name) for name in declared_by(before.name))
    settled = context.backend or context.settings.backend
    if declares and settled is None and before.name != after.name:
        yield (
            f"{after.why.removeprefix('by ')} declares the environment from now on. Until now it was {before.name}, "
            f'{before.why}: backend = "{before.name}" in {SETTINGS} keeps it so.'
        )
    if chosen.enters(made.parameters) and not declares:
        yield f"Nothing declares an environment here yet, and this is of one: {do('begin')} begins it."


def _made(
    context: Context, candidate: Candidate, chosen: Generator, given: Mapping[str, Any], *, replace: bool
) -> Generated:
    """Return what a generator makes with what is given, else was given the last time, else is the default."""
    defaults = {item.name: item.default for item in chosen.parameters}
    said = {name: value for name, value in given.items() if value is not None}
    last = _last(candidate, chosen, {**defaults, **said}, replace=replace)
    kept = {name: value for name, value in {**last, **given}.items() if value is not None}
    source = ProjectSource(candidate, {**defaults, **kept}, kept, context.selection.name)
    return chosen.generate(source)


def _last(candidate: Candidate, chosen: Generator, parameters: Mapping[str, Any], *, replace: bool) -> dict[str, Any]:
    """Return the parameters that the files of the last time have."""
    if (kept := chosen.kept(candidate.read)) is not None:
        return _read_last(*kept, chosen)
    for name in chosen.places(parameters):
        data = candidate.read(name)
        try:
            parts = [] if data is None else find_parts(name, chosen.adopted(name, data))
        except Refused:
            if not replace:
                raise
            parts = []
        for part in parts:
            if part.kind == chosen.name:
                return _read_last(Place(name, part.first + 2), part.parameters, chosen)
    return {}


def _read_last(place: Place, found: object, chosen: Generator) -> dict[str, Any]:
    """Return the parameters that a file has at a place. Raises Refused `generated_part_edited` for what is none."""
    try:
        if isinstance(found, dict):
            return read_parameters(chosen.name, chosen.parameters, found)
        why = "they are no JSON object"
    except UsageError as error:
        why = f"{error.message[:1].lower()}{error.message[1:]}".removesuffix(".")
    raise Refused(
        "generated_part_edited",
        f"The parameters of the generated part cannot be read: {why}.",
        place=place,
        remedy="Put this line right: a JSON object with the parameters that the generator takes.",
    )


def _content(
    candidate: Candidate, chosen: Generator, made: Generated, file: GeneratedFile | MergedFile, *, replace: bool
) -> bytes:
    """Return the bytes of a file with what was made of it."""
    old = candidate.read(file.name)
    if not isinstance(file, GeneratedFile):
        return file.merge(old, replace)
    wanted = PartText(chosen.name, file.text, made.parameters, file.comment, file.before, file.after)
    data, told = renew(file.name, None if old is None else chosen.adopted(file.name, old), wanted, replace=replace)
    candidate.notes += told
    return data
