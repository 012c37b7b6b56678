"""Ruby gems in a Gemfile; `name` or `name@requirement`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.libraries.request import Plan, bad_library, no_manifest, refused
from devkeel.source import Edited
from devkeel.source.splice import Splice, apply
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.libraries.request import Request

__all__ = ["MANIFESTS", "plan"]

MANIFESTS = ("Gemfile",)
_NAME = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)(?:@(?P<version>(?:[~<>=!]+ ?)?\d[\w.]*))?")


def plan(request: Request, read: Callable[[str], bytes | None]) -> Plan:
    """Return the edit of the Gemfile: a line of its own for each gem."""
    name = request.file or MANIFESTS[0]
    if read(name) is None:
        raise no_manifest("Ruby", MANIFESTS)
    if request.group is not None and not request.group.isidentifier():
        raise refused("no_groups", f"A Gemfile has no group {request.group!r}.", name, "Name one such as development.")
    made = Plan(name, read)
    for item in request.names:
        found = _NAME.fullmatch(item)
        if found is None:
            raise bad_library(item, "it is no gem", "rack or rack@~> 3.1")
        made.take(name, _edit(made.data(name), name, found["name"], found["version"], request))
    return made


def _edit(data: bytes, name: str, gem: str, version: str | None, request: Request) -> Edited:
    quoted = rb"(?P<quote>['\"])" + re.escape(gem.encode()) + rb"(?P=quote)"
    line = re.compile(rb"^[ \t]*gem[ \t(]+" + quoted + rb"(?P<rest>[^\r\n]*)(?:\r?\n|\Z)", re.MULTILINE)
    known = [*line.finditer(data)]
    # A Gemfile is a program in Ruby (Bundler, gemfile(5)): a call whose line ends in a comma goes on in the next.
    if len(known) > 1 or (known and known[0]["rest"].rstrip().endswith((b",", b"\\"))):
        raise refused(
            "opaque_value", f"{gem} stands on several lines.", name, f"Change these lines with {do('patch')}."
        )
    if request.remove:
        if not known:
            return Edited(data, notes=(f"{gem} is not in {name}.",))
        return apply(data, [Splice(known[0].start(), known[0].end(), b"")])
    if known:
        if version is None or f'"{version}"'.encode() in known[0]["rest"].replace(b"'", b'"'):
            return Edited(data, notes=(f"{gem} is already in {name}.",))
        if known[0]["rest"].strip():
            raise refused(
                "opaque_value", f"{gem} has options of its own.", name, f"Change this line with {do('patch')}."
            )
        at = known[0].start("rest")
        return apply(data, [Splice(at, at, f', "{version}"'.encode())])
    newline = b"\r\n" if b"\r\n" in data else b"\n"
    # gemfile(5), GROUPS: as an option of one gem, which needs no block around it.
    group = f", group: :{request.group}" if request.group else ""
    text = f'gem "{gem}"' + (f', "{version}"' if version else "") + group
    gap = b"" if data.endswith(b"\n") or not data else newline
    return apply(data, [Splice(len(data), len(data), gap + text.encode() + newline)])
