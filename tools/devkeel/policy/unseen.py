"""What rules of content cannot see of a change, for a project that denies it: `unseen = "deny"` in `[rules]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.checks.declared_references import declared_references
from devkeel.checks.rules.judgement import files_ruled
from devkeel.checks.rules.manifest_libraries import is_named_in, is_read
from devkeel.checks.rules.nix_unseen import Unseen, unseen_packages
from devkeel.errors import Place, PolicyRefused
from devkeel.libraries.manifests import nix_text
from devkeel.libraries.modules import Modules
from devkeel.policy.mentions import DeclarationFiles, said_about
from devkeel.project.root import SETTINGS
from devkeel.source import nix
from devkeel.source.option_glob import parse_option_glob
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkeel.candidate.candidate import Candidate
    from devkeel.project.rules import Rules

__all__ = ["require_seen"]

_RULE = "rules.unseen"
_SHOWN = 20
_REQUIREMENTS = "languages.python.venv.requirements"


def require_seen(rules: Rules, candidate: Candidate) -> None:
    """Refuse a candidate that adds what the rules cannot see. Raises PolicyRefused `rule_broken`."""
    before = candidate.unchanged()
    known = {(item.text, item.file) for item in _unseen(rules, before, frozenset(candidate.changed))}
    fresh = [
        item for item in _unseen(rules, candidate, frozenset(candidate.changed)) if (item.text, item.file) not in known
    ]
    if not fresh:
        return
    first, line = fresh[0], rules.line("unseen", "")
    more = f" ({len(fresh) - 1} more)" if len(fresh) > 1 else ""
    where = f"{first.file}:{first.line}" if first.line else first.file
    raise PolicyRefused(
        "rule_broken",
        f"The rules cannot see {first.what} ({where}), and {_RULE} denies that{more}. Nothing was written.",
        place=Place(SETTINGS, line),
        seen=first.text[:200],
        remedy=f"Write it out, or ask a person who may change the rule: {do('policy_set', key=_RULE)}.",
        details={
            "rule": _RULE,
            "broken": [
                {"rule": _RULE, "name": item.text[:200], "file": item.file, "line": item.line}
                for item in fresh[:_SHOWN]
            ],
        },
    )


def _unseen(rules: Rules, subject: Candidate, changed: frozenset[str]) -> Iterator[Unseen]:
    """Yield what a rule that there is does not see of a project's files."""
    files = files_ruled(subject)
    modules = {name: data for name, data in files.items() if name.endswith(".nix")}
    if rules.packages is not None or rules.licences is not None:
        for name, data in modules.items():
            yield from unseen_packages(nix.Document(data, name, module=False))
    options = [name for name in ("services", "languages") if getattr(rules, name) is not None]
    options += ["packages"] if rules.packages is not None else []
    yield from _options(subject, options, changed)
    if rules.libraries is not None or rules.minimum_age_days or rules.packages is not None:
        yield from _manifests(subject, files, Modules(modules))
    if rules.inputs is not None or rules.registries is not None:
        yield from _inputs(files)


def _manifests(subject: Candidate, files: Mapping[str, bytes], modules: Modules) -> Iterator[Unseen]:
    for name, data in files.items():
        if is_named_in(name) and not is_read(name, data, subject.read):
            yield Unseen(data.decode("utf-8", "replace"), "what a file says that does not parse", name)
    for said in modules.at(_REQUIREMENTS):
        if any(source.file is None and source.node is None for source in nix_text.sources(said)):
            document, line = said.document, said.document.place(said.item.node.start_byte).line
            yield Unseen(document.source(said.item), "requirements that are computed", document.name, line)


def _inputs(files: Mapping[str, bytes]) -> Iterator[Unseen]:
    for reference in declared_references(files):
        if reference.text is None:
            place, what = reference.place, f"the input {reference.name}, which is computed"
            yield Unseen(f"{reference.name} {_line(files, place)}", what, place.file, place.line)


def _line(files: Mapping[str, bytes], place: Place) -> str:
    lines = files.get(place.file, b"").decode("utf-8", "replace").splitlines()
    return lines[place.line - 1].strip() if place.line and place.line <= len(lines) else ""


def _options(subject: Candidate, names: list[str], changed: frozenset[str]) -> Iterator[Unseen]:
    """Yield what may be about some options and cannot be looked into: modules of inputs, computed names and imports."""
    files = DeclarationFiles.of(subject.basis, subject.after, changed)
    for name in names:
        for fact in said_about((parse_option_glob(name if name == "packages" else f"{name}.*"),), files).facts:
            if fact.opaque:
                yield Unseen(fact.text, f"what {fact.kind} says of {name}", fact.file, fact.line)
