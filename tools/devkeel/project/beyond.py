"""What a declaration brings in that its own files do not show: it may define any option, and was not read."""

from __future__ import annotations

import posixpath
from contextlib import suppress
from typing import TYPE_CHECKING

from devkeel.errors import DevkeelError
from devkeel.project.declaration import imports_of, is_literal_import, origin, yaml_imports
from devkeel.project.root import DECLARATION_FILES
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkeel.project.root import Reader

__all__ = ["beyond"]

_ALL = (".nix", ".yaml", ".yml")


def beyond(project: Reader, files: Mapping[str, bytes], endings: tuple[str, ...] = _ALL) -> tuple[str, ...]:
    """Return what a declaration imports and was not read, as phrases with places; `files` is what was read of it.

    That is: computed imports, modules of inputs, files that are not there or outside of the project, and files that do
    not parse. endings: of the names of the files that are looked into.
    """
    looked = ((name, data) for name, data in files.items() if name.endswith(endings))
    found = [each for name, data in looked for each in _beyond_file(project, name, data, files)]
    return tuple(dict.fromkeys(found))


def _beyond_file(project: Reader, name: str, data: bytes, files: Mapping[str, bytes]) -> Iterator[str]:
    if name.endswith(".nix"):
        yield from _beyond_module(project, nix.Document(data, name), files)
    elif name.endswith((".yaml", ".yml")):
        for target in yaml_imports(data):
            local = target.startswith((".", "/"))
            if not local or not _is_read(project, name, f"imports: [ {target!r} ]".encode(), files):
                yield f"the import {target} of {name}{'' if local else ', a module of an input'}"


def _beyond_module(project: Reader, document: nix.Document, files: Mapping[str, bytes]) -> Iterator[str]:
    what = nix.never_module(document) if document.name not in DECLARATION_FILES else None
    if what is not None:
        yield f"{document.name} ({what})"
        return
    try:
        definitions = document.definitions
    except DevkeelError as error:
        yield f"{document.name} ({error.message.rstrip('.')})"
        return
    for item in definitions:
        # The module of a profile has imports of its own, which are the declaration's only with the profile.
        if item.path[-1:] != ("imports",) or (len(item.path) > 1 and "module" not in item.path):
            continue
        if item.value is None:
            yield f"the imports that {document.name}:{_line(document, item.node.start_byte)} inherits"
        for element in nix.elements_of(document, item):
            text = f"{{ imports = [ {element.source} ]; }}".encode()
            literal = element.known and is_literal_import(element.source) and len(item.path) == 1
            if not literal or not _is_read(project, document.name, text, files):
                source = " ".join(element.source.split())[:60]
                yield f"the import {source} ({document.name}:{_line(document, element.offset)})"


def _is_read(project: Reader, name: str, text: bytes, files: Mapping[str, bytes]) -> bool:
    """Return whether one of the files that an import may mean was read."""
    for target in imports_of(origin(project, name), text, project.way_to_work_tree):
        with suppress(DevkeelError):  # outside of the project
            if project.resolve(posixpath.normpath(target)) in files:
                return True
    return False


def _line(document: nix.Document, offset: int) -> int:
    return document.place(offset).line or 1
