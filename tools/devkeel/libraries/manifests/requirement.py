"""Python requirements (PEP 508): what is one, and whether two are about the same distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from devkeel.libraries.request import bad_library, require_reference

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Requirement", "canonicalize_name", "exchanged", "key_of", "parse", "tolerant"]


def parse(name: str, *, remove: bool = False) -> Requirement:
    """Return the requirement that a name is. Raises UsageError `bad_library`; to remove, a bare name is wanted."""
    try:
        found = Requirement(name)
    except InvalidRequirement as error:
        why = str(error).split("\n", 1)[0]
        raise bad_library(name, why, "httpx, httpx>=0.27 or httpx[http2]==0.28.1") from error
    if found.url is not None:
        require_reference(name, found.url if "://" in found.url else f"./{found.url}", "httpx>=0.27")
    # packaging takes white space of any kind between the parts, and a file of requirements has one a line.
    if "\n" in name or "\r" in name:
        raise bad_library(name, "it has a line break", "httpx>=0.27")
    if remove and (found.specifier or found.url or found.marker or found.extras):
        raise bad_library(name, "to remove it, only its name is wanted", found.name)
    return found


def tolerant(text: str) -> Requirement | None:
    """Return the requirement of a line that devkeel did not write, or None."""
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def key_of(text: str) -> str | None:
    """Return the normalised name (PEP 503) of the distribution that a requirement is about."""
    found = tolerant(text)
    return canonicalize_name(found.name) if found else None


def exchanged(known: Sequence[object], wanted: Requirement) -> str | None:
    """Return the one requirement of a list that the wanted one replaces, or None.

    One under another marker is another requirement; one that says the same, or more than a bare name, is kept and
    returned as it is by the caller's comparison.
    """
    key = canonicalize_name(wanted.name)
    same = [item for item in known if isinstance(item, str) and key_of(item) == key]
    if len(same) == 1:
        found = tolerant(same[0])
        # PEP 508: a marker says where a requirement applies, so that two with different ones stand beside each other.
        if found and str(found.marker or "") == str(wanted.marker or ""):
            return same[0]
    return None
