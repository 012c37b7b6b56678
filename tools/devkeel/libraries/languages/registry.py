"""The languages, a row each: what a caller may write for one, and the module that plans edits of its manifests."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from msgspec import Struct

from devkeel.errors import UsageError
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.libraries.request import LibraryPlan, Request

__all__ = ["LANGUAGES", "ROWS", "Language", "LanguageRow", "language_named", "row_of"]


class Language(Protocol):
    """A module that knows how one language names its libraries."""

    @property
    def MANIFESTS(self) -> tuple[str, ...]:  # noqa: N802  (a constant of the module)
        """The files that name libraries, the most specific first."""

    def plan(self, request: Request, read: Callable[[str], bytes | None]) -> LibraryPlan:
        """Return the edits. Raises ProjectError `no_manifest`, UsageError `bad_library`, Refused."""


class LanguageRow(Struct, frozen=True):
    """A language. name: of the module beside this one as well. aliases: what callers write for it too.

    open: more files than its MANIFESTS may name libraries, and its own plan knows which.
    """

    name: str
    aliases: tuple[str, ...] = ()
    open: bool = False


ROWS = (
    LanguageRow("python", ("py",), open=True),  # there is no end of names for a requirements file
    LanguageRow("javascript", ("js", "node", "typescript")),
    LanguageRow("rust"),
    LanguageRow("go", ("golang",)),
    LanguageRow("ruby"),
)
LANGUAGES = tuple(row.name for row in ROWS)


def row_of(name: str) -> LanguageRow:
    """Return the row of a language by its name or another. Raises UsageError `unknown_language`."""
    for row in ROWS:
        if name.lower() in (row.name, *row.aliases):
            return row
    raise UsageError(
        "unknown_language",
        f"devkeel does not know how {name[:80]!r} names its libraries.",
        seen=name[:80],
        remedy=f"Name one of the languages; for packages of nixpkgs use {do('add')}.",
        alternatives=LANGUAGES,
    )


def language_named(name: str) -> Language:
    """Return the module of a row; it is imported with the first call that means it."""
    return cast("Language", import_module(f"devkeel.libraries.languages.{name}"))
