"""Which of what a project's files name its rules keep out, and which of that a change adds."""

from __future__ import annotations

import posixpath
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import unquote

from msgspec import Struct

from devkeel.checks.declared_references import FORGE_HOSTS, declared_references
from devkeel.checks.rules.licences import broken_licence, licences_in_lock
from devkeel.checks.rules.manifest_libraries import is_named_in, libraries_in, locks_beside, normalised
from devkeel.checks.rules.named import Named, broken_by, line_with
from devkeel.checks.rules.nix_caches import caches_in
from devkeel.checks.rules.nix_options import switched_on
from devkeel.checks.rules.nix_packages import packages_in
from devkeel.checks.rules.registries import BESIDE, indirect_references, registries_in
from devkeel.errors import DevkeelError, Diagnostic, Place
from devkeel.libraries.interpreters import found_in
from devkeel.libraries.manifests import nix_text
from devkeel.libraries.modules import Modules
from devkeel.project.declaration import parts_of, read_declaration
from devkeel.project.root import MANIFESTS, SETTINGS
from devkeel.source import nix
from devkeel.source.inputs import FLAKE, INPUTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from devkeel.candidate.candidate import Candidate
    from devkeel.checks.declared_references import DeclaredReference
    from devkeel.project.rules import NameRule, Rules

__all__ = ["Broken", "added", "as_finding", "broken", "files_ruled", "present"]

_REQUIREMENTS = "languages.python.venv.requirements"


class Broken(Struct, frozen=True):
    """Something that a rule keeps out. part: the list of the rule that does, `forbid` or `allow`. line: its line.

    meant: the name that the list is about, so that an output of a package is that package.
    """

    rule: str
    part: str
    named: Named
    meant: str
    line: int | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return self.named.names[0]

    @property
    def why(self) -> str:
        """The sentence, without its end."""
        verb = "is forbidden" if self.part == "forbid" else "is not allowed"
        return f"{self.named.what} {verb} (rules.{self.rule}.{self.part})"


def broken(rules: Rules, files: Mapping[str, bytes], read: Callable[[str], bytes | None]) -> list[Broken]:
    """Return what files name that the rules keep out, each once for a file. read: files that these include."""
    found = dict[tuple[str, str, str, str], Broken]()
    for item in _named(rules, files, read):
        for rule, part in _breaks(rules, item):
            one = Broken(rule, part, item, _meant(rules, rule, part, item), rules.line(rule, part))
            found.setdefault((rule, part, one.name, item.file), one)
    return [*found.values()]


def added(rules: Rules, before: Candidate, after: Candidate) -> list[Broken]:
    """Return what a change adds that the rules keep out: what no file named before."""
    old, new = files_ruled(before), files_ruled(after)
    touched = {name: data for name, data in new.items() if old.get(name) != data}
    fresh = broken(rules, touched, after.read)
    if not fresh:
        return []
    known = {(item.rule, item.part, item.meant) for item in broken(rules, old, before.read)}
    return [item for item in fresh if (item.rule, item.part, item.meant) not in known]


def present(rules: Rules, subject: Candidate) -> list[Broken]:
    """Return what a project's files name that the rules keep out."""
    return broken(rules, files_ruled(subject), subject.read)


def as_finding(item: Broken) -> Diagnostic:
    """Return it as what a check reports: what is there already stands in no one's way."""
    where = f"{SETTINGS}:{item.line}" if item.line else SETTINGS
    place = Place(item.named.file, item.named.line)
    return Diagnostic("rule_broken", "warning", f"{item.why}, as {where} says", "schema", place, item.name)


def files_ruled(subject: Candidate) -> dict[str, bytes]:
    """Return the files that rules are about: the declaration as it is then, manifests, locks, settings of resolvers."""
    declared = dict(subject.files)
    with suppress(DevkeelError):
        declared |= read_declaration(subject)
    names = [*declared, *parts_of(subject, declared), *MANIFESTS, FLAKE, INPUTS]
    names += [lock for name in names for lock in locks_beside(name)]
    folders = dict.fromkeys(posixpath.dirname(name) for name in names if is_named_in(name))
    names += [posixpath.join(folder, name) for folder in ("", *folders) for name in BESIDE]
    found = dict[str, bytes]()
    for name in dict.fromkeys(names):
        with suppress(DevkeelError):
            data = subject.read(name)
            if data is not None:
                found[name] = data
    return found


def _breaks(rules: Rules, item: Named) -> Iterator[tuple[str, str]]:
    rule = getattr(rules, item.rule)
    if item.rule == "licences":
        part = broken_licence(rule, item.shorter[0])
        if part is not None:
            yield item.rule, part
        return
    part = broken_by(rule, item) if rule is not None else None
    if part is not None:
        yield item.rule, part
    # What is forbidden as a package is forbidden as a library too: what is allowed of one says nothing of the other.
    if item.rule == "libraries" and rules.packages is not None and rules.packages.broken_by(*item.names) == "forbid":
        yield "packages", "forbid"


def _meant(rules: Rules, rule: str, part: str, item: Named) -> str:
    found: NameRule = getattr(rules, rule)
    names = (*item.shorter, *item.names) if part == "forbid" and rule != "licences" else ()
    return next((name for name in names if found.broken_by(name) == part), item.names[0])


def _named(rules: Rules, files: Mapping[str, bytes], read: Callable[[str], bytes | None]) -> Iterator[Named]:
    """Yield what files name, of the kinds that there is a rule for."""
    modules = {name: data for name, data in files.items() if name.endswith(".nix")}
    documents = [nix.Document(data, name, module=False) for name, data in modules.items()]
    packages, libraries = rules.packages is not None, rules.libraries is not None or rules.packages is not None
    for document in documents:
        yield from packages_in(document) if packages else ()
        if rules.services is not None or rules.languages is not None:
            yield from (item for item in switched_on(document) if getattr(rules, item.rule) is not None)
    if libraries:
        yield from _in_nix(Modules(modules), read)
        for name, data in files.items():
            yield from _libraries(name, data, read)
    if rules.registries is not None:
        for name, data in files.items():
            yield from registries_in(name, data)
            yield from caches_in(name, data)
        yield from indirect_references(files)
    if rules.licences is not None:
        for name, data in files.items():
            yield from _licences(name, data)
    if rules.inputs is not None:
        yield from _inputs(files)


def _libraries(name: str, data: bytes, read: Callable[[str], bytes | None]) -> Iterator[Named]:
    for item in libraries_in(name, data, read):
        lock = ", which the lock names" if item.locked else ""
        yield _library(item.language, item.name, name, line_with(data, item.name, item.name.replace("-", "_")), lock)


def _library(language: str, name: str, file: str, line: int | None, more: str = "") -> Named:
    names = (f"{language}:{name}", name)
    return Named("libraries", names, f"the {language} library {name}{more}", file, line)


def _licences(name: str, data: bytes) -> Iterator[Named]:
    for library, licences in licences_in_lock(name, data).items():
        line = line_with(data, f'"node_modules/{library}"')
        for licence in licences:
            what = f"the licence {licence} of {library}"
            yield Named("licences", (f"javascript:{library}",), what, name, line, True, (licence,))


def _in_nix(modules: Modules, read: Callable[[str], bytes | None]) -> Iterator[Named]:
    """Yield the Python libraries that Nix text has: in `withPackages`, and in requirements."""
    holders: Iterable[object] = ()
    with suppress(DevkeelError):
        holders = found_in(modules, read)
        for holder in holders:
            for name in holder.names if holder.is_python else ():
                yield _library("python", normalised("python", name), holder.named, holder.line)
    for said in modules.at(_REQUIREMENTS):
        for source in nix_text.sources(said):
            line = said.document.place(said.item.node.start_byte).line
            with suppress(DevkeelError):
                for name in sorted(source.names(read)):
                    yield _library("python", normalised("python", name), said.document.name, line)


def _inputs(files: Mapping[str, bytes]) -> Iterator[Named]:
    for reference in declared_references(files):
        if reference.text is not None:
            names, also = _meant_by(reference)
            what = f"the input {reference.name} ({reference.text})"
            yield Named("inputs", names, what, reference.place.file, reference.place.line, also=also)


def _meant_by(reference: DeclaredReference) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a reference is meant by, and what it may be forbidden by only: what it seems to be.

    One that names another host than its forge's is of that host, and one with `..` is where that leads.
    """
    text = reference.text or ""
    plain = text.partition("?")[0]
    seems = (text, plain)
    if FORGE_HOSTS.get(reference.kind, reference.host) != reference.host:
        return (f"https://{reference.host}/{plain.partition(':')[2]}",), seems
    scheme, sign, path = unquote(plain).rpartition("://") if "://" in plain else unquote(plain).partition(":")
    if sign and ".." in path.lstrip("./").split("/"):
        return (f"{scheme}{sign}{posixpath.normpath(path)}",), seems
    return tuple(dict.fromkeys(seems)), ()
