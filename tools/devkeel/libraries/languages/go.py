"""Go modules in go.mod; `module@version`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.libraries.manifests import go_mod
from devkeel.libraries.request import LibraryPlan, bad_library, no_manifest, refused
from devkeel.source import Edited
from devkeel.source.plain_data import decode
from devkeel.source.splice import Splice, apply

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.libraries.manifests.go_mod import GoModLine
    from devkeel.libraries.request import Request

__all__ = ["MANIFESTS", "plan"]

MANIFESTS = ("go.mod",)
# A module path has no + (https://go.dev/issue/44776), although a package path in it may; its first element is a domain,
# which may be all of it.
_NAME = re.compile(
    r"(?P<name>[A-Za-z0-9][\w-]*(?:\.[\w-]+)+(?:/[\w.~-]+)*|[A-Za-z0-9][\w.~-]*(?:/[\w.~-]+)+)(?:@(?P<version>\S+))?"
)
# go.mod has canonical versions only (https://go.dev/ref/mod, "Versions"): what `latest` or `v1` is, only go knows.
_VERSION = re.compile(r"v(?P<major>\d+)\.\d+\.\d+(?:-[\w.-]+)?(?P<build>\+incompatible)?")
# From version 2 on, the major version is the end of the path ("Major version suffixes"); gopkg.in has it behind a dot.
_MAJOR = re.compile(r"/v(?P<major>[2-9]\d*|1\d+)$|^gopkg\.in/.*\.v(?P<dotted>\d+)(?:-unstable)?$")
_EXAMPLE = "github.com/google/uuid@v1.6.0"


def plan(request: Request, read: Callable[[str], bytes | None]) -> LibraryPlan:
    """Return the edit of go.mod. Go has no ranges: a module that is new needs its version."""
    name = request.file or MANIFESTS[0]
    if read(name) is None:
        raise no_manifest("Go", MANIFESTS, request)
    if request.group is not None:
        raise refused("no_groups", "go.mod has no groups.", name, "Leave the group out.")
    made = LibraryPlan(name, read)
    for item in request.names:
        found = _NAME.fullmatch(item)
        if found is None:
            raise bad_library(item, "it is no module path", _EXAMPLE)
        if found["version"]:
            _require_version(item, found["name"], found["version"])
        module = _Module(made.data(name), name, found["name"])
        made.take(name, module.removed() if request.remove else module.added(item, found["version"]))
    return made


def _require_version(item: str, module: str, version: str) -> None:
    """Refuse what is no version of go.mod, or none that a module of this path has."""
    found, major = _VERSION.fullmatch(version), _MAJOR.search(module)
    if found is None:
        raise bad_library(item, f"go.mod has no version {version}, only such as v1.6.0", f"{module}@v1.6.0")
    wanted = int(major["major"] or major["dotted"]) if major else None
    has = int(found["major"])
    if wanted is None and has > 1 and not found["build"]:
        base = f"{module}/v{has}@{version}"
        raise bad_library(item, f"a module of version {has} has it at the end of its path", base)
    if wanted is not None and has != wanted and not (wanted == 1 and has == 0 and major and major["dotted"]):
        raise bad_library(item, f"its path is that of version {wanted}", f"{module}@v{wanted}.0.0")


class _Module:
    """One module of a go.mod: where it stands, and how that changes."""

    def __init__(self, data: bytes, file: str, name: str) -> None:
        self.data, self.file, self.name = data, file, name
        self.mark, self.text = decode(data, file)
        self.lines, self.blocks = go_mod.read(self.text)
        self.known = [line for line in self.lines if line.verb == "require" and line.module == name]

    def removed(self) -> Edited:
        """Return the edit that takes it out of what is required; what replaces or excludes versions of it stays."""
        if not self.known:
            return Edited(self.data, notes=(f"{self.name} is in no require of {self.file}.",))
        tools = [line.module for line in self.lines if line.verb == "tool" and self._holds(line.module)]
        notes = [f"The tool {tool} of {self.file} is in {self.name}; go requires it again." for tool in tools]
        return apply(self.data, self._without(self.known), notes)

    def added(self, item: str, version: str | None) -> Edited:
        """Return the edit that gives it a version, where it stands or in a line of its own, as `go mod edit` does."""
        if self.known and version in (None, self.known[0].version) and len(self.known) == 1:
            what = f"{self.name} {self.known[0].version}"
            of_another = " It is there for another module (indirect)." if self.known[0].indirect else ""
            return Edited(self.data, notes=(f"{what} is already required in {self.file}.{of_another}",))
        if version is None:
            raise bad_library(item, "a module that is new needs its version", f"{self.name}@v1.0.0")
        if any(line.verb == "exclude" and self._is(line, version) for line in self.lines):
            raise refused(
                "ambiguous",
                f"{self.file} excludes {self.name} {version}, so that go would take another one.",
                self.file,
                f"Ask for another version, or take the exclude out of {self.file} first.",
            )
        notes = [
            f"replace {self.name} in {self.file} counts, whichever version is required."
            for line in self.lines
            if line.verb == "replace" and line.module == self.name and line.version in (None, version)
        ]
        if self.known:
            _, start, end = self.known[0].words[1]
            return apply(self.data, [self._splice(start, end, version), *self._without(self.known[1:])], notes)
        return apply(self.data, [self._new(version)], notes)

    def _new(self, version: str) -> Splice:
        """Write a line at the end of the last block of direct requirements, or a directive of its own."""
        newline = "\r\n" if "\r\n" in self.text else "\n"
        for block in reversed(self.blocks):
            held = [line for line in self.lines if line.block is block]
            if block.verb == "require" and not (held and all(line.indirect for line in held)):
                start = held[-1].start if held else block.close
                indent = self.text[start : held[-1].words[0][1]] if held else "\t"
                return self._splice(block.close, block.close, f"{indent}{self.name} {version}{newline}")
        gap = "" if self.text.endswith("\n") or not self.text else newline
        return self._splice(len(self.text), len(self.text), f"{gap}{newline}require {self.name} {version}{newline}")

    def _without(self, lines: list[GoModLine]) -> list[Splice]:
        """Return the splices that remove lines, and a block of which nothing is left."""
        splices: list[Splice] = []
        for line in lines:
            block = line.block
            held = [item for item in self.lines if item.block is block]
            if block is not None and all(item in lines for item in held) and not block.comments:
                splices += [self._cut(block.start, block.end)] if line is held[0] else []
            else:
                splices.append(self._cut(line.start, line.end))
        return splices

    def _cut(self, start: int, end: int) -> Splice:
        """Remove whole lines; of two empty lines that would meet, one goes as well."""
        blank = re.compile(r"[ \t]*(?:\r?\n|\Z)").match(self.text, end)
        if blank and (not start or self.text[:start].endswith(("\n\n", "\n\r\n"))):
            end = blank.end()
            while end == len(self.text) and self.text[:start].endswith(("\n\n", "\n\r\n")):
                start -= 2 if self.text[:start].endswith("\r\n") else 1
        return self._splice(start, end, "")

    def _holds(self, package: str) -> bool:
        return package == self.name or package.startswith(f"{self.name}/")

    def _is(self, line: GoModLine, version: str) -> bool:
        return line.module == self.name and line.version == version

    def _splice(self, start: int, end: int, text: str) -> Splice:
        first, last = (self.mark + len(self.text[:at].encode()) for at in (start, end))
        return Splice(first, last, text.encode())
