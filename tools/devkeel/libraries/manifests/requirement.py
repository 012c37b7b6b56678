"""Python requirements (PEP 508): what is one, which are about the same distribution, and what a request changes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from devkeel.libraries.request import bad_library, require_reference

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Requirement", "amended", "canonicalize_name", "is_bare", "key_of", "parse", "tolerant", "which", "written"]

_SHAPE = re.compile(
    r"(?P<name>\s*[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?P<extras>\s*\[[^\]]*\])?\s*"
    r"(?P<version>@\s*\S+|\([^)]*\)|[^;@\s(](?:[^;@]*[^;@\s])?)?(?P<marker>\s*;.*\S)?\s*",
    re.DOTALL,
)


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


def is_bare(wanted: Requirement) -> bool:
    """Return whether a request is a name alone, which any requirement of that name meets."""
    return not (wanted.specifier or wanted.url or wanted.extras or wanted.marker)


def which(known: Sequence[Requirement], wanted: Requirement) -> list[int]:
    """Return which requirements of one distribution a request is about: none where it is one more, one, or several.

    One with the same marker, as for uv. A request without a marker is about the only requirement that there is as well,
    whose marker stays. Several are for a person to choose from.
    """
    # PEP 508: a marker says where a requirement applies, so that two with different ones stand beside each other.
    same = [index for index, item in enumerate(known) if str(item.marker or "") == str(wanted.marker or "")]
    return same if same or wanted.marker else [*range(len(known))]


def amended(text: str, wanted: Requirement) -> str:
    """Return a requirement with what a request changes, as `uv add` does; the rest stays as it is written.

    Extras are added to those that there are, a version or URL takes the place of the other, and so does a marker.
    """
    old, found = Requirement(text), _SHAPE.fullmatch(text)
    asked = Requirement(text)
    added = {item for item in wanted.extras if canonicalize_name(item) not in map(canonicalize_name, old.extras)}
    asked.extras = old.extras | added
    if wanted.specifier or wanted.url:
        asked.specifier, asked.url = wanted.specifier, wanted.url
    asked.marker = wanted.marker or old.marker
    if asked == old:
        return text
    if found is None:
        return str(asked)
    extras = f"[{','.join(sorted(asked.extras))}]" if added else found["extras"] or ""
    version = found["version"] or ""
    gap = text[max(found.end("name"), found.end("extras")) : found.start("version")] if version else ""
    if wanted.url:
        gap, version = " ", f"@ {wanted.url}"
    elif wanted.specifier:
        new = _specifier(wanted)
        gap = "" if old.url else gap
        version = f"({new})" if version.startswith("(") else new
    marker = found["marker"] or ""
    if wanted.marker and str(wanted.marker) != str(old.marker or ""):
        marker = f"; {wanted.marker}"
    marker = f" {marker}" if wanted.url and marker.startswith(";") else marker
    made = f"{found['name']}{extras}{gap}{version}{marker}"
    return made if tolerant(made) == asked else str(asked)


def written(wanted: Requirement) -> str:
    """Return how a new requirement is written: its lower bound first."""
    extras = f"[{','.join(sorted(wanted.extras))}]" if wanted.extras else ""
    version = f" @ {wanted.url}" if wanted.url else _specifier(wanted)
    marker = f"{' ' if wanted.url else ''}; {wanted.marker}" if wanted.marker else ""
    return f"{wanted.name}{extras}{version}{marker}"


def _specifier(wanted: Requirement) -> str:
    # As uv and people write a range, not as text sorts: `<2,>=1`.
    order = {">=": 0, ">": 0, "==": 0, "~=": 0, "===": 0, "<": 1, "<=": 1, "!=": 2}
    return ",".join(map(str, sorted(wanted.specifier, key=lambda item: (order[item.operator], str(item)))))
