"""Libraries in conda's environment.yml: match specifications, and what pip installs beside them.

conda writes what stands below pip to a requirements file beside environment.yml, one element a line, and has pip
install from it there (conda/env/installers/pip.py): so each element is read as a line of such a file, and what a
`-r` names is relative to the folder of environment.yml.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from devkeel.libraries.manifests import match_spec
from devkeel.libraries.manifests.requirement import canonicalize_name, is_bare, key_of, parse, tolerant, which
from devkeel.libraries.manifests.requirement_lines import lines_of
from devkeel.libraries.manifests.requirements_file import edit_included, edit_lines, included_lines, unread_files
from devkeel.libraries.request import LibraryPlan, bad_library, refused
from devkeel.source import yaml
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.libraries.manifests.match_spec import MatchSpec
    from devkeel.libraries.manifests.requirement import Requirement
    from devkeel.libraries.manifests.requirement_lines import LogicalLine
    from devkeel.libraries.request import Request
    from devkeel.source.yaml.document import Entry

__all__ = ["NAMES", "below_pip", "edit", "load", "specifications"]

NAMES = ("environment.yml", "environment.yaml")
# What brackets of a request may say, and the channels that it may name: no address, no path and no option.
_KEYS = frozenset({"version", "build", "channel"})
_CHANNEL = re.compile(r"\w[\w.-]*(?:/\w[\w.-]*)*")
_NO_REQUEST = re.compile(r"[\x00-\x1f\x7f#]")


def load(data: bytes, name: str, *, texts: bool = False) -> dict[str, Any]:
    """Return what the file says, an empty table where it says nothing. texts: every value as the text that it is."""
    from ruamel.yaml import YAML  # noqa: PLC0415  (27 ms that only conda's file needs)
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415  (with the 27 ms)

    try:
        found = YAML(typ="base" if texts else "safe", pure=True).load(data.decode())
    except (YAMLError, ValueError, RecursionError) as error:
        raise refused(
            "syntax_error",
            "The file does not parse.",
            name,
            f"Repair the syntax with {do('patch')}, then repeat the edit.",
        ) from error
    return found if isinstance(found, dict) else {}


def specifications(model: dict[str, Any]) -> tuple[str, ...]:
    """Return the match specifications among the dependencies; what pip installs is not one."""
    known = model.get("dependencies")
    return tuple(item for item in known if isinstance(item, str)) if isinstance(known, list) else ()


def below_pip(model: dict[str, Any], name: str, read: Callable[[str], bytes | None]) -> tuple[str, ...]:
    """Return the requirements that stand below pip, and in the files that are included there."""
    known = model.get("dependencies")
    lists = [item.get("pip") for item in known if isinstance(item, dict)] if isinstance(known, list) else []
    texts = [text for held in lists if isinstance(held, list) for text in held if isinstance(text, str)]
    lines = [line for text in texts for line in lines_of(text)]
    lines += [line for _, line in included_lines(name, lines, read, [])]
    return tuple(str(line.requirement) for line in lines if line.requirement)


def edit(plan: LibraryPlan, request: Request) -> None:
    """Add or remove match specifications, and change what pip installs where a name stands there."""
    if request.group is not None:
        raise refused("no_groups", "conda has no dependency groups.", plan.manifest, "Leave the group out.")
    done = set[str]()
    for item in request.names:
        wanted = _wanted(item)
        # Two versions in one request are both written, so that the solver says why they cannot be.
        twice = wanted is not None and wanted.key in done and not request.remove
        file = _File(plan, replace(request, names=(item,)))
        if request.remove:
            file.remove(item, wanted)
        else:
            file.add(item, wanted, twice=twice)
        done |= {wanted.key} if wanted else set()


def _wanted(item: str) -> MatchSpec | None:
    """Return the specification that a request is, None for what only pip may read.

    What its brackets add may be an address, and so may a channel: of these only names are taken.
    """
    found = None if _NO_REQUEST.search(item) else match_spec.read(item)
    if found is None or found.address or not found.keys.keys() <= _KEYS:
        return None
    channel = found.meaning[0]
    return found if channel is None or _CHANNEL.fullmatch(channel) else None


class _Element(Struct, frozen=True):
    """An element of a list. owner: the entry whose list it is. text: what it says. line, key: as pip reads it."""

    owner: Entry
    index: int
    text: str

    @property
    def line(self) -> LogicalLine | None:
        return next(lines_of(self.text), None)

    @property
    def key(self) -> str | None:
        return self.line.key if self.line else None


class _File(Struct):
    """An environment file whose elements are found anew after each edit. request: for one name."""

    plan: LibraryPlan
    request: Request

    def add(self, item: str, wanted: MatchSpec | None, *, twice: bool) -> None:
        """Give a name its version wherever it stands, or append it to what conda installs."""
        document = self._document()
        conda, pip = self._named(document, item, wanted)
        behind, unread = self._behind(document, item, wanted)
        if pip and not twice and (wanted is None or not conda):
            self._require_pip(document, pip, item)
            return
        if behind and not twice and not conda:
            self._require_read_by_pip(behind[0][1].key, item)
            edit_included(self.plan, self.request, behind)
            return
        if wanted is None:
            raise bad_library(item, "it is no match specification", "numpy, numpy=1.26 or numpy>=1.26,<2")
        if not conda or twice:
            if unread:
                why = f"whether {wanted.name} stands there is not known"
                self.plan.notes.append(f"{document.name} includes {', '.join(unread)}, which could not be read: {why}.")
            self.plan.take(self.plan.manifest, yaml.append(document, "dependencies", item))
            return
        texts = [self._amended(element, wanted) for element in conda]
        if (pip or behind) and texts != [element.text for element in conda]:
            raise refused(
                "ambiguous",
                f"{wanted.name} stands among the dependencies of conda and below pip, which would replace it.",
                document.name,
                f"Remove {wanted.name}, then add it with its version.",
            )
        if texts == [element.text for element in conda]:
            self.plan.notes.append(f"{' and '.join(dict.fromkeys(texts))} is already in dependencies.")
            return
        for number, text in enumerate(texts):
            document = self._document()
            element = self._named(document, item, wanted)[0][number]
            if text != element.text:
                self.plan.take(self.plan.manifest, yaml.exchange(document, element.owner, element.index, text))

    def remove(self, item: str, wanted: MatchSpec | None) -> None:
        """Take a name out wherever it stands: among what conda installs, and below pip."""
        name = wanted.name if wanted else parse(item, remove=True).name
        document = self._document()
        conda, pip = self._named(document, item, wanted)
        behind, unread = self._behind(document, item, wanted)
        if not conda and not pip and not behind:
            where = f"dependencies of {document.name}, neither of conda nor below pip"
            self.plan.notes.append(f"{name} is not in {where}{unread_files(unread)}.")
            return
        stood = bool(pip)
        if behind:
            edit_included(self.plan, replace(self.request, names=(name,)), behind)
        while remaining := [*conda, *pip]:
            # Places are found anew each time: a list below pip that goes is an element itself.
            self._take_out(remaining[-1])
            conda, pip = self._named(self._document(), item, wanted)
        if stood:
            self.plan.notes.append(f"{name} stood below pip.")

    def _take_out(self, element: _Element) -> None:
        """Take out one element; a list below pip that would be empty goes as a whole, for conda reads no empty one."""
        document = self._document()
        held = self._dependencies(document)
        assert held is not None  # noqa: S101  (the element is in it)
        path, index = [held, *_pip_of(held)], element.index
        owner = next(entry for entry in path if entry.key.start == element.owner.key.start)
        if owner is not held and len(owner.value.items) == 1 and len(owner.owner.entries) == 1:
            owner, index = held, held.value.items.index(owner.owner)
        self.plan.take(self.plan.manifest, yaml.take_out(document, owner, index))

    def _document(self) -> yaml.Document:
        return yaml.Document(self.plan.data(self.plan.manifest), self.plan.manifest)

    @staticmethod
    def _dependencies(document: yaml.Document) -> Entry | None:
        found = document.find(("dependencies",))
        return found.entries[-1] if found.item is not None and not found.rest and found.item.kind == "list" else None

    def _named(
        self, document: yaml.Document, item: str, wanted: MatchSpec | None
    ) -> tuple[list[_Element], list[_Element]]:
        """Return where a name stands among what conda installs, and below pip."""
        held = self._dependencies(document)
        if held is None:
            return [], []
        distribution = canonicalize_name(wanted.name) if wanted else key_of(item)
        conda = [element for element in _texts(held) if wanted and _key(element.text) == wanted.key]
        below = [element for entry in _pip_of(held) for element in _texts(entry)]
        return conda, [element for element in below if distribution and element.key == distribution]

    def _behind(
        self, document: yaml.Document, item: str, wanted: MatchSpec | None
    ) -> tuple[list[tuple[str, LogicalLine]], list[str]]:
        """Return where a name stands in the files that are included below pip, and which of these cannot be read."""
        unread = list[str]()
        distribution = canonicalize_name(wanted.name) if wanted else key_of(item)
        below = (element.line for entry in _pip_of(self._dependencies(document)) for element in _texts(entry))
        lines = included_lines(document.name, [line for line in below if line], self.plan.read, unread)
        return [(file, line) for file, line in lines if distribution and line.key == distribution], unread

    def _amended(self, element: _Element, wanted: MatchSpec) -> str:
        """Return an element with what a request changes."""
        known = match_spec.read(element.text)
        assert known is not None  # noqa: S101  (its name was read)
        same = all(new in (None, old) for new, old in zip(wanted.meaning, known.meaning, strict=True))
        if same:
            return element.text
        if known.address:
            raise refused(
                "ambiguous",
                f"{wanted.name} is the address of a package here, whose version is in its name.",
                self.plan.manifest,
                f"Remove {wanted.name} first, then add it with its version.",
            )
        text, gone = match_spec.amended(element.text, wanted)
        if gone:
            self.plan.notes.append(f"The build {gone} was of {known.name} {known.meaning[1]} only: it is left out.")
        return text

    def _require_pip(self, document: yaml.Document, pip: list[_Element], item: str) -> None:
        """Change what pip installs, as its own requirements are written."""
        wanted = self._require_read_by_pip(pip[0].key, item)
        chosen = self._chosen(pip, wanted)
        texts = [edit_lines(element.text.encode(), document.name, self.request).data.decode() for element in chosen]
        if texts == [element.text for element in chosen]:
            self.plan.notes.append(f"{' and '.join(texts)} is already below pip.")
        for element, text in zip(chosen, texts, strict=True):
            if text != element.text:
                held = self._dependencies(document)
                owner = next(entry for entry in _pip_of(held) if entry.key.start == element.owner.key.start)
                self.plan.take(self.plan.manifest, yaml.exchange(document, owner, element.index, text))
                document = self._document()

    @staticmethod
    def _require_read_by_pip(name: str | None, item: str) -> Requirement:
        """Return the requirement that a request is. Raises UsageError where only conda would read it."""
        if tolerant(item) is None:
            raise bad_library(item, f"{name} stands below pip, which reads other versions", f"{name}==1.0 or {name}>=1")
        return parse(item)

    def _chosen(self, pip: list[_Element], wanted: Requirement) -> list[_Element]:
        """Return which elements below pip a request is about. Raises Refused."""
        if is_bare(wanted):
            return pip
        known = [line.requirement for element in pip if (line := element.line) and line.requirement]
        if len(known) < len(pip):
            raise refused(
                "opaque_value",
                f"{wanted.name} stands below pip as an editable, a file or behind a variable.",
                self.plan.manifest,
                f"Change this line with {do('patch')}.",
            )
        chosen = [pip[number] for number in which(known, wanted)]
        if not chosen:
            raise refused(
                "ambiguous",
                f"{wanted.name} stands below pip without this marker.",
                self.plan.manifest,
                f"Remove {wanted.name} first, or write this change with {do('patch')}.",
            )
        return chosen


def _texts(entry: Entry) -> list[_Element]:
    """Return the elements of a list that are texts, aliases followed."""
    found: list[_Element] = []
    for index, child in enumerate(entry.value.items):
        item = child.target or child
        if item.kind == "scalar" and item.tag is None:
            found.append(_Element(entry, index, item.value.strip()))
    return found


def _pip_of(held: Entry | None) -> list[Entry]:
    """Return the entries `pip:` among the dependencies that have a list."""
    entries = [entry for item in held.value.items for entry in item.entries] if held else []
    return [entry for entry in entries if entry.key.value == "pip" and entry.value.kind == "list"]


def _key(text: str) -> str | None:
    found = match_spec.read(text)
    return found.key if found else None
