"""What is asked for: libraries of one language, and the plan of edits that says so in the project's files."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct, field

from devkeel.errors import Place, ProjectError, Refused, UsageError
from devkeel.text.actions import again, argument

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from devkeel.source import Edited

__all__ = ["LibraryPlan", "Request", "bad_library", "no_manifest", "refused", "require_reference", "way_to_begin"]

_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):")
_USER = re.compile(r"(?<=://)(?P<user>[^\s/@]*)@")
_VARIABLES = re.compile(r"(?:\$\{\w+\}|[:\w-])*\$\{\w+\}")  # a password that a tool reads from a variable
_REMOTE = frozenset({"http", "https", "ssh", "git"} | {f"git+{name}" for name in ("http", "https", "ssh")})
# npm docs, package.json, `dependencies`; workspace and catalog are pnpm's.
_REMOTE_OF_NPM = frozenset({"npm", "jsr", "github", "gitlab", "bitbucket", "gist", "workspace", "catalog"})

_BY_HAND = frozenset({"Gemfile"})  # it names where gems come from, which is for the project to choose


class Request(Struct, frozen=True):
    """Libraries to add or to remove.

    names: as the language writes them, with versions where it matters. group: the dependency group, None for what the
    project itself needs. file: the manifest, None for the one that the project uses. create: begin a manifest where
    there is none. manifests: where the backend's environments name Python libraries, the most specific first.
    declaration: the Nix files of the declaration, by name. project: the name of the project's directory.
    """

    language: str
    names: tuple[str, ...]
    group: str | None = None
    file: str | None = None
    remove: bool = False
    create: bool = False
    manifests: tuple[str, ...] = ()
    declaration: Mapping[str, bytes] = field(default_factory=dict)
    project: str = "project"


class LibraryPlan(Struct):
    """The edits that a request comes to: bytes by file name, and sentences about what they met.

    manifest: the file that names the libraries; the others follow from it.
    """

    manifest: str
    read: Callable[[str], bytes | None]
    files: dict[str, bytes] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def data(self, name: str) -> bytes:
        """Return a file as the plan has it so far; one that is not there is empty."""
        return self.files[name] if name in self.files else self.read(name) or b""

    def take(self, name: str, edited: Edited) -> None:
        """Take an edit of a file into the plan."""
        self.notes += edited.notes
        if edited.changed:
            self.files[name] = edited.data


def bad_library(name: str, why: str, example: str) -> UsageError:
    """Return the refusal of a name that the language does not have; a password in it is not repeated."""
    name = _USER.sub("***@", name)
    return UsageError(
        "bad_library",
        f"{name[:200]!r} is not a library as this language writes it: {why}.",
        seen=name[:200],
        remedy=f"Write it as {example}.",
    )


def require_reference(name: str, reference: str, example: str) -> None:
    """Refuse a library from a place of this machine, or a password that would stand in the manifest.

    reference: a URL, or npm's version. Raises UsageError `bad_library`.
    """
    found = _SCHEME.match(reference)
    if reference.startswith((".", "/", "~/")) or (found and found["scheme"].lower() not in _REMOTE | _REMOTE_OF_NPM):
        raise bad_library(name, "it names a place of this machine, or a scheme that devkeel does not pass on", example)
    # RFC 3986, 3.2.1: what is before an @ in the authority is the user, with a password behind a colon.
    user = _USER.search(reference)
    plain = user is None or _VARIABLES.fullmatch(user["user"])
    login = user is not None and "ssh" in reference.partition("://")[0] and ":" not in user["user"]
    if not plain and not login:
        raise bad_library(name, "its user name or password would stand in the manifest for everybody to read", example)


def no_manifest(language: str, files: Iterable[str], request: Request, why: str = "") -> ProjectError:
    """Return the error about a project that has nowhere to name a library of this language. why: a sentence before."""
    known = tuple(files)
    return ProjectError(
        "no_manifest",
        f"{why}The project has no file that names its {language} libraries.",
        remedy=way_to_begin(known[0], request, {*map(posixpath.basename, known)}),
        alternatives=known,
    )


def way_to_begin(file: str, request: Request, known: Collection[str]) -> str:
    """Return the remedy where a manifest is missing; in one that began for a removal nothing would stand.

    file: the first that could begin. known: the names of those that the language has.
    """
    if request.remove:
        return f"Name the file that has them with {argument('file')}."
    if file in _BY_HAND:
        return f"Begin {file}, or name another file with {argument('file')}."
    base = posixpath.basename(request.file or file)
    if request.create or base.endswith(".nix") or not (base in known or base.endswith((".txt", ".in"))):
        return f"Name another file with {argument('file')}, such as {file}."
    return f"Begin it by {again(create=True)}; or name another file with {argument('file')}."


def refused(code: str, message: str, name: str, remedy: str) -> Refused:
    """Return the refusal of an edit of a manifest."""
    return Refused(code, message, place=Place(name), remedy=remedy)
