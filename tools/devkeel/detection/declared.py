"""What a project declares: packages, languages and services with their places, and the text beside them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.errors import DevkeelError, Place
from devkeel.project.flake_survey import flake_survey
from devkeel.project.root import DECLARATION
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["DeclaredTools", "declared_tools"]

_PACKAGES = "packages"
_LENGTH = 2  # languages.python, services.redis


class DeclaredTools(Struct, frozen=True):
    """What is declared. packages: by name, with their places. options: what is enabled below a language or elsewhere.

    scripts: names of `scripts`. text: of the Nix files, without the lists of packages: what uses one there.
    """

    packages: dict[str, Place]
    languages: frozenset[str]
    services: frozenset[str]
    options: frozenset[str]
    scripts: frozenset[str]
    text: str


def declared_tools(files: Mapping[str, bytes], read: Callable[[str], bytes | None]) -> DeclaredTools | None:
    """Return what the files of a declaration, or the default shell of a flake, declare; None where there is neither.

    read: a file of the project by its path.
    """
    if DECLARATION not in files:
        return _of_flake(read)
    documents = [nix.Document(data, name) for name, data in sorted(files.items()) if name.endswith(".nix")]
    found = DeclaredTools({}, frozenset(), frozenset(), frozenset(), frozenset(), "")
    for document in documents:
        found = _with(found, document)
    return found


def _with(found: DeclaredTools, document: nix.Document) -> DeclaredTools:
    text = document.data.decode("utf-8", "replace")
    try:
        definitions, names = document.definitions, nix.package_names(document)
    except DevkeelError:
        return DeclaredTools(
            found.packages, found.languages, found.services, found.options, found.scripts, f"{found.text}\n{text}"
        )
    lists = [item for item in definitions if item.path[-1:] == (_PACKAGES,) and item.value is not None]
    kept, at = b"", 0
    for item in sorted(lists, key=lambda item: item.node.start_byte):
        kept += document.data[at : item.node.start_byte]
        at = max(at, item.node.end_byte)
    kept += document.data[at:]
    places = {name: _place(document, name, [item.node.start_point[0] for item in lists]) for name in names}
    enabled = [
        item.path[:-1] for item in definitions if item.path[-1:] == ("enable",) and document.value(item) is not False
    ]
    groups = {
        group: frozenset(path[1] for path in enabled if path[0] == group and len(path) >= _LENGTH)
        for group in ("languages", "services")
    }
    scripts = {item.path[1] for item in definitions if item.path[0] == "scripts" and len(item.path) >= _LENGTH}
    return DeclaredTools(
        places | found.packages,
        found.languages | groups["languages"],
        found.services | groups["services"],
        found.options | {path[-1] for path in enabled},
        found.scripts | scripts,
        f"{found.text}\n{kept.decode('utf-8', 'replace')}",
    )


def _place(document: nix.Document, name: str, rows: list[int]) -> Place:
    """Return where a package is listed: the first line with its name from the beginning of a list on."""
    lines = document.data.decode("utf-8", "replace").splitlines()
    word = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
    for row in rows:
        for number, line in enumerate(lines[row:], row + 1):
            if word.search(line.partition("#")[0]):
                return Place(document.name, number)
    return Place(document.name)


def _of_flake(read: Callable[[str], bytes | None]) -> DeclaredTools | None:
    survey = flake_survey(read)
    if survey is None or not survey.packages:
        return None
    places = dict[str, Place]()
    for shell in survey.shells:
        for name, where in shell.packages.items():
            file, _, line = where.rpartition(":")
            if name in survey.packages:
                places.setdefault(name, Place(file, int(line)))
    texts = {place.file: (read(place.file) or b"").decode("utf-8", "replace") for place in places.values()}
    kept = "\n".join(
        _without_lines(text, [place for place in places.values() if place.file == name]) for name, text in texts.items()
    )
    return DeclaredTools(places, frozenset(), frozenset(), frozenset(), frozenset(), kept)


def _without_lines(text: str, places: list[Place]) -> str:
    numbers = {place.line for place in places}
    return "\n".join(line for number, line in enumerate(text.splitlines(), 1) if number not in numbers)
