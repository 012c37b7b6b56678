"""The plan of edits that adds or removes libraries: by the module of their language."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec.structs import replace

from devkeel.errors import UsageError
from devkeel.libraries.beginnings import begun, notes_of
from devkeel.libraries.languages.registry import language_named, row_of
from devkeel.libraries.modules import Modules
from devkeel.libraries.places import require_manifest
from devkeel.libraries.request import no_manifest

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.libraries.request import LibraryPlan, Request

__all__ = ["plan"]

# It becomes text of the manifest, of a Gemfile too, which is a program.
_GROUP = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?")


def plan(request: Request, read: Callable[[str], bytes | None]) -> LibraryPlan:
    """Return the edits that add or remove libraries, in memory; nothing is resolved.

    read: the bytes of a file relative to the root, None where there is none. Raises UsageError `unknown_language` or
    `bad_library`, ProjectError `no_manifest`, Refused.
    """
    row = row_of(request.language)
    if request.group is not None and not _GROUP.fullmatch(request.group):
        raise UsageError(
            "bad_argument",
            "The group is no name of a dependency group.",
            seen=request.group[:80],
            remedy="Give a name such as dev, of letters, digits, hyphens and underscores.",
        )
    language = language_named(row.name)
    if row.open:
        return language.plan(request, read)
    if request.file and PurePosixPath(request.file).name not in language.MANIFESTS:
        raise no_manifest(row.name, language.MANIFESTS, request)
    manifest = require_manifest(row.name, request, language.MANIFESTS, read, Modules(request.declaration))
    made = language.plan(replace(request, file=manifest), begun(manifest, request, read))
    if read(manifest) is None:
        made.notes += notes_of(manifest, read)
    return made
