"""Go modules in go.mod; `module@version`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.libraries.request import Plan, bad_library, no_manifest, refused
from devkeel.source import Edited
from devkeel.source.splice import Splice, apply

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.libraries.request import Request

__all__ = ["MANIFESTS", "plan"]

MANIFESTS = ("go.mod",)
# A module path has no + (https://go.dev/issue/44776), although a package path in it may.
_NAME = re.compile(r"(?P<name>[A-Za-z0-9][\w.~-]*(?:/[\w.~-]+)+)(?:@(?P<version>v\d[\w.+-]*))?")
# Directives of one kind may be factored into a block (https://go.dev/ref/mod, "go.mod files").
_BLOCK = re.compile(rb"^require[ \t]*\([^)]*?(?P<end>\r?\n)\)", re.MULTILINE)


def plan(request: Request, read: Callable[[str], bytes | None]) -> Plan:
    """Return the edit of go.mod. Go has no ranges: a module that is new needs its version."""
    name = request.file or MANIFESTS[0]
    if read(name) is None:
        raise no_manifest("Go", MANIFESTS)
    if request.group is not None:
        raise refused("no_groups", "go.mod has no groups.", name, "Leave the group out.")
    made = Plan(name, read)
    for item in request.names:
        found = _NAME.fullmatch(item)
        if found is None:
            raise bad_library(item, "it is no module path", "github.com/google/uuid@v1.6.0")
        made.take(name, _edit(made.data(name), item, found["name"], found["version"], remove=request.remove))
    return made


def _edit(data: bytes, item: str, module: str, version: str | None, *, remove: bool) -> Edited:
    line = re.compile(
        # Go modules reference, "go.mod files": one directive a line, `require` before each or once before a block.
        rb"^(?P<head>[ \t]*(?:require[ \t]+)?)"
        + re.escape(module.encode())
        + rb"[ \t]+(?P<version>v\S+)[^\n]*(?:\n|\Z)",
        re.MULTILINE,
    )
    known = line.search(data)
    if remove:
        if known is None:
            return Edited(data, notes=(f"{module} is not required.",))
        return apply(data, [Splice(known.start(), known.end(), b"")])
    if known is not None and version in (None, known["version"].decode()):
        return Edited(data, notes=(f"{module} {known['version'].decode()} is already required.",))
    if version is None:
        raise bad_library(item, "a module that is new needs its version", f"{module}@v1.0.0")
    if known is not None:
        return apply(data, [Splice(known.start("version"), known.end("version"), version.encode())])
    newline = b"\r\n" if b"\r\n" in data else b"\n"
    block = _BLOCK.search(data)
    if block is not None:
        text = newline + f"\t{module} {version}".encode()
        return apply(data, [Splice(block.start("end"), block.start("end"), text)])
    gap = b"" if data.endswith(b"\n") or not data else newline
    text = gap + newline + f"require {module} {version}".encode() + newline
    return apply(data, [Splice(len(data), len(data), text)])
