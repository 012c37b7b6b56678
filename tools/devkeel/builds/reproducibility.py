"""The report: what of a project, or of one of its attributes, is held so that it is built the same again.

Each line says what it looked at. A line that could not be looked at says why, and counts neither way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from devkeel.builds.build import derivation_of
from devkeel.builds.builder_variables import needs_of
from devkeel.builds.impurities import impurities
from devkeel.builds.pinned_inputs import READ, unpinned
from devkeel.builds.subject import Subject
from devkeel.candidate.git_tree import commit_of, commit_tree
from devkeel.candidate.repository import find_repository
from devkeel.checks.reference_rules import judge_references, locks_of
from devkeel.errors import DevkeelError, Diagnostic, Place
from devkeel.locks.life import check_locks
from devkeel.nix_cli.derivation_file import read_derivation
from devkeel.nix_cli.installables import Installable
from devkeel.project.declaration import parts_of, read_declaration
from devkeel.runtime.requests import LONGEST, require_seconds
from devkeel.text.actions import do

if TYPE_CHECKING:
    from devkeel.context import Context
    from devkeel.nix_cli.derivation_file import DerivationFile

__all__ = ["ReportLine", "Reproducibility", "report"]

State = Literal["holds", "does_not_hold", "not_looked_at"]
_ASKED = ("flake.nix", "default.nix", "shell.nix", "devenv.yaml", "devenv.local.yaml")
_ENDINGS = (".nix", ".yaml")
_FEW = 5
_SHOWN = 50


class ReportLine(Struct, frozen=True):
    """One thing that was asked. reason: what was looked at, and what came of it."""

    name: str
    state: State
    reason: str
    findings: tuple[Diagnostic, ...] = ()


class Reproducibility(Struct, frozen=True):
    """The report. ok: whether no line does not hold. target: the attribute, None for the project alone."""

    ok: bool
    target: str | None
    lines: tuple[ReportLine, ...]
    next: str


def report(context: Context, target: str | None, *, file: str | None, timeout: float) -> Reproducibility:
    """Return what holds of a project, line by line; see the verb of `Environment` that calls it."""
    require_seconds(timeout, LONGEST)
    wanted = None if target is None and file is None else Installable.parse(target or ".", file)
    files = _files(context, wanted.file if wanted else None)
    lines = [_pins(context), _locks(context), *_references(context, files), _purity(files)]
    if wanted is None:
        lines += _not_evaluated("no attribute was named, and a project has no one builder")
    elif not context.permission.resolves:
        lines += _not_evaluated("it takes an evaluation of what the project brings, and nothing may be executed here")
    else:
        subject = Subject.of(context, wanted)
        derivation = read_derivation(derivation_of(subject, wanted, timeout, imports=False).path)
        lines += [_variables(derivation), _content_addressed(derivation)]
    wrong = {line.name for line in lines if line.state == "does_not_hold"}
    return Reproducibility(not wrong, wanted.text if wanted else None, tuple(lines), _next(wrong))


def _not_evaluated(why: str) -> list[ReportLine]:
    return [ReportLine(name, "not_looked_at", why) for name in ("variables", "content_addressed")]


def _next(wrong: set[str]) -> str:
    if not wrong:
        return do("check")
    if wrong <= {"pins", "locks"}:
        return do("lock", action="check")
    return "Correct what the findings name, then ask again."


def _files(context: Context, named: str | None) -> dict[str, bytes]:
    """Return the Nix and devenv.yaml files of the project: its declaration, what these name, and what is asked for."""
    source = context.source
    files = {**read_declaration(source), **source.read_all([*_ASKED, *([named] if named else [])])}
    return {name: data for name, data in {**parts_of(source, files), **files}.items() if name.endswith(_ENDINGS)}


def _line(name: str, looked: str, findings: tuple[Diagnostic, ...]) -> ReportLine:
    if not findings:
        return ReportLine(name, "holds", looked)
    return ReportLine(name, "does_not_hold", f"{looked}: {len(findings)} do not", findings[:_SHOWN])


def _pins(context: Context) -> ReportLine:
    locks = context.source.read_all(READ)
    if not locks:
        return ReportLine("pins", "not_looked_at", f"there is none of {', '.join(READ)}")
    try:
        found = unpinned(locks)
    except ValueError as error:
        return ReportLine("pins", "does_not_hold", f"{error}")
    return _line("pins", f"what {', '.join(locks)} name has a revision and a hash", found)


def _locks(context: Context) -> ReportLine:
    try:
        states = [item for item in check_locks(context).locks if item.state != "unwanted"]
    except DevkeelError as error:
        return ReportLine("locks", "not_looked_at", error.message.rstrip("."))
    if not states:
        return ReportLine("locks", "not_looked_at", "nothing here wants a lock")
    wrong = [
        Diagnostic("lock_stale", "error", f"{item.file} is {item.state}", "locks", Place(item.file))
        for item in states
        if item.state != "current"
    ]
    names = [item.file for item in states if context.project.read(item.file) is not None]
    told = f"fresh, by what is on this machine: {', '.join(item.file for item in states)}"
    if find_repository(context.project.root) is None:
        found = _line("locks", told, tuple(wrong))
        return replace(found, reason=f"{found.reason}; the project is in no Git repository")
    try:
        tree = commit_tree(context.project, commit_of(context.project, "HEAD"))
        other = [name for name in names if tree.read(name) != context.project.read(name)]
    except DevkeelError:
        found = _line("locks", told, tuple(wrong))
        return replace(found, reason=f"{found.reason}; Git's repository cannot be read")
    message = "is not in the last commit as it is here"
    wrong += [Diagnostic("lock_not_committed", "error", f"{name} {message}", "locks", Place(name)) for name in other]
    return _line("locks", f"{told}; in the last commit", tuple(wrong))


def _references(context: Context, files: dict[str, bytes]) -> list[ReportLine]:
    rules = context.settings.references
    if not rules:
        return [ReportLine("references", "not_looked_at", "devkeel.toml names no rules under references")]
    judged = judge_references(files, context.source.read_all(locks_of(files)), rules)
    found = _line("references", f"{judged.looked} inputs keep {', '.join(rules)}", judged.findings)
    if not judged.doubtful:
        return [found]
    why = f"{len(judged.doubtful)} times the files do not say it"
    return [found, ReportLine("references_in_doubt", "not_looked_at", why, judged.doubtful[:_SHOWN])]


def _purity(files: dict[str, bytes]) -> ReportLine:
    if not files:
        return ReportLine("purity", "not_looked_at", "the project has no Nix file")
    told = f"the text of {', '.join(sorted(files)[:5])}{' and others' if len(files) > _FEW else ''} reads no machine"
    return _line("purity", f"{told} and no moment (inputs not read)", impurities(files))


def _variables(derivation: DerivationFile | None) -> ReportLine:
    if derivation is None:
        return ReportLine("variables", "not_looked_at", "the derivation cannot be read")
    needs = needs_of(derivation)
    if needs.stdenv:
        return ReportLine("variables", "not_looked_at", "nixpkgs' stdenv sets them, and its setup was not read")
    if needs.lacks:
        why = f"its script calls {', '.join(needs.by)} and does not set {', '.join(needs.lacks)}"
        return ReportLine("variables", "does_not_hold", why)
    calls = f"calls {', '.join(needs.by)} and sets what they want" if needs.by else "calls no Python and no archiver"
    return ReportLine("variables", "holds", f"its script, as far as the derivation has its text, {calls}")


def _content_addressed(derivation: DerivationFile | None) -> ReportLine:
    name = "content_addressed"
    if derivation is None:
        return ReportLine(name, "not_looked_at", "the derivation cannot be read")
    if derivation.is_fixed:
        return ReportLine(name, "holds", "a hash in the derivation says what comes of it")
    if derivation.is_content_addressed:
        return ReportLine(name, "holds", "the derivation has its content decide its path (__contentAddressed)")
    return ReportLine(name, "not_looked_at", "the derivation does not ask for it")
