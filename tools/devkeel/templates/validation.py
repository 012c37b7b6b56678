"""Whether a template is sound: its manifest and schema, its files, and what comes of each set of its examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.candidate.basis import Given
from devkeel.candidate.candidate import Candidate
from devkeel.checks import run_checks
from devkeel.errors import DevkeelError
from devkeel.templates.instance import instantiate
from devkeel.templates.kit import MANIFEST, examine_kit
from devkeel.templates.use import add_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.templates.folder import KitFolder
    from devkeel.templates.kit import Kit

__all__ = ["TemplateProblem", "TemplateValidation", "validate"]

_TEXT = "schema"


class TemplateProblem(Struct, frozen=True):
    """Something that is not sound. place: a file of the template, or of what comes of it; at: the part of it.

    example: the parameters with which it comes up, None for the template itself.
    """

    code: str
    message: str
    place: str | None = None
    at: str | None = None
    example: dict[str, Any] | None = None


class TemplateValidation(Struct, frozen=True):
    """Whether a template is sound. examples: how many sets of parameters were tried.

    ran: the rungs that judged what comes of them.
    """

    ok: bool
    where: str
    name: str | None
    problems: tuple[TemplateProblem, ...]
    examples: int
    ran: tuple[str, ...]


def validate(folder: KitFolder, where: str) -> TemplateValidation:
    """Return what is not sound in the kit of a directory; nothing is written, and nothing of it runs."""
    try:
        kit, wrong = examine_kit(folder, where)
    except DevkeelError as error:
        return TemplateValidation(False, where, None, (_problem(error, None),), 0, ())
    if wrong:
        return TemplateValidation(False, where, kit.manifest.name, tuple(_problem(item, None) for item in wrong), 0, ())
    found = tuple(problem for example in _examples(kit) for problem in _try(kit, example))
    ran = ("syntax", _TEXT) if _examples(kit) else ()
    return TemplateValidation(not found, where, kit.manifest.name, found, len(_examples(kit)), ran)


def _examples(kit: Kit) -> list[dict[str, Any]]:
    """Return the sets of parameters of a kit; one that needs none is tried with its defaults too."""
    given = list(kit.manifest.examples)
    schema = kit.manifest.parameters
    missing = [name for name in schema.get("required", []) if "default" not in kit.manifest.properties.get(name, {})]
    return given if missing or {} in given else [{}, *given]


def _try(kit: Kit, example: dict[str, Any]) -> Iterator[TemplateProblem]:
    candidate = Candidate(Given({}))
    try:
        add_to(candidate, instantiate(kit, example))
        report = run_checks(candidate, level=_TEXT)
    except DevkeelError as error:
        yield _problem(error, example)
        return
    if candidate.runs and "execute" not in kit.manifest.permissions:
        when = ", ".join(candidate.runs)
        why = f"What comes of it runs something {when}, and its permissions do not name execute"
        yield TemplateProblem("bad_template", why, MANIFEST, "permissions", example)
    for item in report.diagnostics:
        if item.severity == "error":
            yield TemplateProblem(item.code, item.message, str(item.place) if item.place else None, None, example)


def _problem(error: DevkeelError, example: dict[str, Any] | None) -> TemplateProblem:
    at = error.details.get("schema_path") or (error.seen if error.code == "bad_template" else None)
    return TemplateProblem(error.code, error.message, str(error.place) if error.place else None, at, example)
