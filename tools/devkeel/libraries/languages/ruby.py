"""Ruby gems in a Gemfile; `name` or `name@requirement`, of which several are divided by commas."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.libraries.manifests import gemfile
from devkeel.libraries.request import LibraryPlan, bad_library, no_manifest, refused
from devkeel.source import Edited
from devkeel.source.plain_data import decode
from devkeel.source.splice import Splice, apply
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.libraries.manifests.gemfile import GemCall, Gemfile, GemText
    from devkeel.libraries.request import Request

__all__ = ["MANIFESTS", "plan"]

MANIFESTS = ("Gemfile",)
# Bundler, "Gemfile": a requirement is an operator and a version, `~> 3.1` among them.
_ONE = r"(?:[~<>=!]+ ?)?\d[\w.]*"
_NAME = re.compile(rf"(?P<name>[A-Za-z0-9][\w.-]*)(?:@(?P<version>{_ONE}(?:, ?{_ONE})*))?")


def plan(request: Request, read: Callable[[str], bytes | None]) -> LibraryPlan:
    """Return the edit of the Gemfile: a line of its own for each gem that is new."""
    name = request.file or MANIFESTS[0]
    if read(name) is None:
        raise no_manifest("Ruby", MANIFESTS, request)
    # It becomes a symbol in a program.
    if request.group is not None and not request.group.isidentifier():
        raise refused("no_groups", f"A Gemfile has no group {request.group!r}.", name, "Name one such as development.")
    made = LibraryPlan(name, read)
    for item in request.names:
        found = _NAME.fullmatch(item)
        if found is None:
            raise bad_library(item, "it is no gem", "rack or rack@~> 3.1")
        asked = re.split(r", ?", found["version"]) if found["version"] else []
        made.take(name, _Gem(made.data(name), name, found["name"], request).edited(asked))
    return made


class _Gem:
    """One gem of a Gemfile: where it stands, and how that changes."""

    def __init__(self, data: bytes, file: str, name: str, request: Request) -> None:
        self.data, self.file, self.name, self.request = data, file, name, request
        self.mark, self.text = decode(data, file)
        self.known: Gemfile = gemfile.read(self.text)
        self.calls = [call for call in self.known.calls if call.name.value == name]

    def edited(self, asked: list[str]) -> Edited:
        """Return the edit. asked: the requirements, none for any version."""
        if self.name in self.known.inline:
            raise self._refuse(f"{self.name} does not stand on lines of its own")
        return self._removed() if self.request.remove else self._added(asked)

    def _removed(self) -> Edited:
        group = self.request.group
        calls = [call for call in self.calls if group is None or group in call.groups]
        if not calls:
            return Edited(self.data, notes=(self._absence(),))
        if not all(call.alone for call in calls):
            raise self._refuse(f"{self.name} shares its line")
        return apply(self.data, [self._splice(*self._lines(call), "") for call in calls])

    def _added(self, asked: list[str]) -> Edited:
        if not self.calls:
            return self._appended(asked)
        stands = [[version.value for version in call.versions] for call in self.calls]
        if not asked or all(versions == asked for versions in stands):
            return Edited(self.data, notes=(f"{self._shown(self.calls[0])} is already in {self.file}.",))
        if any(versions != stands[0] for versions in stands):
            raise self._refuse(f"{self.name} stands in {self.file} {len(stands)} times with different versions")
        for call in self.calls:
            if call.opaque:
                raise self._refuse(f"which version {self.name} has is not certain: {call.opaque}")
        notes = [
            f"{self.name} comes from {call.source} still, which has to have that version."
            for call in self.calls
            if call.source
        ]
        return apply(self.data, [self._versions(call, asked) for call in self.calls], notes)

    def _versions(self, call: GemCall, asked: list[str]) -> Splice:
        if not call.versions:
            return self._splice(call.name.end, call.name.end, f", {_written(asked, call.name)}")
        first, last = call.versions[0], call.versions[-1]
        return self._splice(first.start, last.end, _written(asked, first))

    def _appended(self, asked: list[str]) -> Edited:
        newline = "\r\n" if "\r\n" in self.text else "\n"
        style = self.known.calls[-1].name.quote if self.known.calls else '"'
        versions = "".join(f", {style}{version}{style}" for version in asked)
        group = f", group: :{self.request.group}" if self.request.group else ""
        line = f"gem {style}{self.name}{style}{versions}{group}{newline}"
        before = self.text[: self.known.limit]
        gap = "" if before.endswith("\n") or not before else newline
        notes = [self._unseen()] if self.known.hidden else []
        return apply(self.data, [self._splice(len(before), len(before), gap + line)], notes)

    def _lines(self, call: GemCall) -> tuple[int, int]:
        """Return the lines of a call; of two empty lines that would meet, one goes as well."""
        above = self.text[: call.start].endswith(("\n\n", "\n\r\n")) or not call.start
        blank = re.compile(r"[ \t]*\r?\n").match(self.text, call.end)
        return call.start, blank.end() if above and blank else call.end

    def _absence(self) -> str:
        held = [call for call in self.calls if call.groups]
        if self.calls:
            where = f"in {' and '.join(held[0].groups)}" if held else "in no group"
            return f"{self.name} is not in the group {self.request.group} of {self.file}. It is {where}."
        said = f"No line of {self.file} names {self.name}."
        return f"{said} {self._unseen()}" if self.known.hidden else said

    def _unseen(self) -> str:
        return f"What {' and '.join(self.known.hidden)} in {self.file} may name was not looked at."

    def _shown(self, call: GemCall) -> str:
        return f"{self.name} {', '.join(version.value for version in call.versions)}".strip()

    def _refuse(self, why: str) -> Exception:
        return refused("opaque_value", f"{why[0].upper()}{why[1:]}.", self.file, f"Change this with {do('patch')}.")

    def _splice(self, start: int, end: int, text: str) -> Splice:
        first, last = (self.mark + len(self.text[:at].encode()) for at in (start, end))
        return Splice(first, last, text.encode())


def _written(asked: list[str], like: GemText) -> str:
    return ", ".join(f"{like.quote}{version}{like.quote}" for version in asked)
