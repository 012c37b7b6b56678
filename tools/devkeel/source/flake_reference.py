"""A reference to a flake as text: which branch and which revision it names, and the same one with others.

A reference of a forge (`github:OWNER/REPOSITORY/REF`) and one of the registry hold a branch, a tag or a revision behind
the name; Git and Mercurial have them as `?ref=` and `?rev=` (nix, src/libfetchers/github.cc, git.cc, indirect.cc).
"""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

__all__ = ["FORGES", "FlakeReference", "is_revision"]

FORGES = ("github", "gitlab", "sourcehut")
"""Hosts of repositories that have a scheme of their own."""

_REVISION = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# nix, src/libutil/url-parts.hh, `refRegexS`: what may stand behind a name without being quoted.
_REF = re.compile(r"[\w@][\w@.\\/+-]*", re.ASCII)
_NAME = re.compile(r"[A-Za-z][\w-]*", re.ASCII)


def is_revision(text: str) -> bool:
    """Return whether a text is a whole revision: a commit's hash."""
    return _REVISION.fullmatch(text) is not None


class FlakeReference(Struct, frozen=True):
    """A reference. head: what names the repository; names: what stands behind it; query: its parts, in their order."""

    kind: Literal["forge", "registry", "repository", "other"]
    head: str
    names: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    tail: str = ""

    @classmethod
    def of(cls, url: str) -> FlakeReference:
        """Return what a reference says."""
        rest, mark, tail = url.partition("#")
        path, _, query = rest.partition("?")
        parts = tuple(part for part in query.split("&") if part)
        scheme, colon, inner = path.partition(":")
        if colon and scheme in FORGES:
            words = inner.split("/", 2)
            return cls("forge", f"{scheme}:{'/'.join(words[:2])}", tuple(words[2:]), parts, mark + tail)
        if (colon and scheme == "flake") or (not colon and _NAME.fullmatch(path.split("/")[0])):
            name, *words = (inner if colon else path).split("/")
            return cls("registry", f"flake:{name}" if colon else name, tuple(words), parts, mark + tail)
        repository = colon and scheme.split("+")[0] in ("git", "hg")
        return cls("repository" if repository else "other", path, (), parts, mark + tail)

    @property
    def url(self) -> str:
        """The text of the reference."""
        query = f"?{'&'.join(self.query)}" if self.query else ""
        return f"{'/'.join((self.head, *self.names))}{query}{self.tail}"

    @property
    def revision(self) -> str | None:
        """The revision that it holds to."""
        return next((name for name in self.names if is_revision(name)), None) or self.asked("rev")

    @property
    def branch(self) -> str | None:
        """The branch or tag that it names."""
        return next((name for name in self.names if name and not is_revision(name)), None) or self.asked("ref")

    def at(self, reference: str) -> FlakeReference:
        """Return the same repository at a branch, a tag or a revision. Raises ValueError with the reason why not."""
        if not _REF.fullmatch(reference):
            raise ValueError("this is no name of a branch or a tag, and no revision")
        if self.kind == "other":
            raise ValueError("a reference of this kind has no branch and no revision")
        pins = is_revision(reference)
        if self.kind == "repository" or self.asked("ref") or self.asked("rev"):
            kept = None if self.kind == "forge" else self.asked("ref")  # a forge takes one of the two
            return self._with(rev=reference, ref=kept) if pins else self._with(ref=reference)
        if self.kind == "registry" and pins and self.branch is not None:
            return self._named(self.branch, reference)
        return self._named(reference)

    def unpinned(self, reference: str | None = None) -> FlakeReference:
        """Return the reference without its revision, at a branch or tag where one is given. Raises ValueError."""
        if reference is not None:
            return self.at(reference)
        if self.kind == "repository" or self.asked("rev"):
            return self._with(ref=self.asked("ref"))
        return self._named(*(name for name in self.names if not is_revision(name)))

    def _named(self, *names: str) -> FlakeReference:
        return FlakeReference(self.kind, self.head, names, self.query, self.tail)

    def asked(self, key: str) -> str | None:
        """Return a part of the query."""
        return next((part.partition("=")[2] for part in self.query if part.startswith(f"{key}=")), None)

    def _with(self, **values: str | None) -> FlakeReference:
        """Return it with these as its branch and revision: each at its place in the query, else before the others."""
        wanted = {key: f"{key}={value}" for key, value in values.items() if value is not None}
        there = [part.partition("=")[0] for part in self.query]
        taken = next((key for key in there if key in ("ref", "rev") and key not in wanted), None)
        kept = list[str]()
        for key, part in zip(there, self.query, strict=True):
            if key not in ("ref", "rev"):
                kept.append(part)
            elif key in wanted:
                kept.append(wanted.pop(key))
            elif key == taken and len(wanted) == 1 and not wanted.keys() & {*there}:
                kept.append(wanted.popitem()[1])
        return FlakeReference(self.kind, self.head, self.names, (*wanted.values(), *kept), self.tail)
