"""What a project declares of Python libraries, as requirements, and the edits that say something else of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel.libraries.manifests import pyproject
from devkeel.libraries.manifests.requirement import Requirement, canonicalize_name, tolerant
from devkeel.libraries.manifests.requirements_file import lines_included, requirements_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from devkeel.candidate.candidate import Candidate

__all__ = ["asked_for", "declared_in", "edit_of", "merged"]

_PYTHON = "python"


def declared_in(candidate: Candidate, manifest: str) -> dict[str, Requirement]:
    """Return what a manifest declares, by normalised name; of several requirements of one library, the first."""
    data = candidate.read(manifest) or b""
    if manifest.endswith(".toml"):
        try:
            texts: Iterable[str] = pyproject.requirements_of(data)
        except ValueError:
            texts = ()
    else:
        included = (line.requirement for line in lines_included(manifest, data, candidate.read))
        texts = (*requirements_in(data), *(str(item) for item in included if item is not None))
    found = dict[str, Requirement]()
    for item in map(tolerant, texts):
        if item is not None and item.url is None:
            found.setdefault(canonicalize_name(item.name), item)
    return found


def asked_for(given: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the libraries that edits add, by normalised name."""
    found = (tolerant(str(name)) for item in given if _adds(item) for name in item["names"])
    return frozenset(canonicalize_name(item.name) for item in found if item is not None)


def edit_of(requirements: Sequence[str], file: str | None = None) -> dict[str, Any]:
    """Return the edit that declares requirements. file: the manifest, where it is not the one that the project uses."""
    given: dict[str, Any] = {"kind": "add_library", "language": _PYTHON, "names": [*requirements]}
    return given | ({"file": file} if file else {})


def merged(given: Iterable[Mapping[str, Any]], edit: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """Return edits with what one more declares of the same libraries in their place.

    The rest joins an edit that adds to the same place, else it stands behind them.
    """
    new: dict[str, str] = {
        canonicalize_name(found.name): name for name in edit["names"] if (found := tolerant(name)) is not None
    }
    made = list[dict[str, Any]]()
    for item in given:
        names = [_instead(str(name), new) for name in item.get("names", ())] if _adds(item) else None
        made.append(dict(item) if names is None else {**item, "names": names})
    for item in made if new else ():
        if _adds(item) and not item.get("group") and item.get("file") == edit.get("file"):
            item["names"] = [*item["names"], *new.values()]
            return tuple(made)
    return (*made, {**edit, "names": [*new.values()]}) if new else tuple(made)


def _instead(name: str, new: dict[str, str]) -> str:
    found = tolerant(name)
    return new.pop(canonicalize_name(found.name), name) if found is not None else name


def _adds(item: Mapping[str, Any]) -> bool:
    return item.get("kind") == "add_library" and item.get("language") == _PYTHON
