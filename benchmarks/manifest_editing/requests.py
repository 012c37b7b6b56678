"""Which edits are tried on a manifest: a new name, another version, a bare name, removals; in each of its sections."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.manifest_editing.meaning import Entry, Meaning

__all__ = ["Edit", "edits_of"]

# The form of a version, and how it follows a name in a request.
_VERSIONS = {
    "pyproject": ">=9.9",
    "requirements": ">=9.9",
    "conda": ">=9.9",
    "npm": "^9.9.0",
    "cargo": "9.9",
    "gem": "~> 9.9",
    "go": "v1.99.0",
}
_LANGUAGES = {"npm": "javascript", "cargo": "rust", "gem": "ruby", "go": "go"}
_NEW = {"npm": "devkeel-new", "go": "example.com/devkeel/new"}
_DEFAULT = {"pyproject": "project", "npm": "dependencies", "cargo": "dependencies"}
_GROUPS = {
    "dependencies": None,
    "devDependencies": "dev",
    "optionalDependencies": "optional",
    "peerDependencies": "peer",
    "dev-dependencies": "dev",
    "build-dependencies": "build",
    "workspace:dependencies": None,
}


class Edit(Struct, frozen=True):
    """A request. verb: add, change, bare, remove or absent. section, version: what is to come of it."""

    kind: str
    verb: str
    label: str
    name: str
    section: str
    version: str = ""
    group: str | None = None

    @property
    def language(self) -> str:
        """How devkeel calls the language."""
        return _LANGUAGES.get(self.kind, "python")

    @property
    def item(self) -> str:
        """What is asked for, as the language writes it."""
        joined = "" if self.kind in ("pyproject", "requirements", "conda") or not self.version else "@"
        return f"{self.name}{joined}{self.version}"


def edits_of(kind: str, meaning: Meaning) -> Iterator[Edit]:
    """Yield the edits that are tried on a file."""
    new = _NEW.get(kind, "devkeel-new")
    section = _default(kind, meaning)
    version = _version(kind, section)
    if kind != "go":
        yield Edit(kind, "add", "new", new, section)
    yield Edit(kind, "add", "new with a version", new, section, version)
    yield Edit(kind, "absent", "remove what is not there", new, section)
    if kind in ("npm", "cargo"):
        dev = "devDependencies" if kind == "npm" else "dev-dependencies"
        yield Edit(kind, "add", "new for development", new, dev, version, "dev")
    for part in meaning.sections():
        yield from _edits_in(kind, part, [item for item in meaning.entries if item.section == part], meaning)


def _edits_in(kind: str, section: str, entries: list[Entry], meaning: Meaning) -> Iterator[Edit]:
    single = [item for item in entries if _alone(kind, item, meaning)]
    chosen = {"first": single[:1], "last": single[1:][-1:]}
    chosen["with more than a version"] = [item for item in single[1:-1] if item.rest not in ("", "[];", "{}")][:1]
    group = _group(section)
    for label, items in chosen.items():
        for item in items:
            name, version = item.name, _version(kind, section, item.version)
            yield Edit(kind, "change", f"version, {label}", name, section, version, group)
            yield Edit(kind, "bare", f"bare, {label}", name, section, "", group)
            yield Edit(kind, "remove", f"remove, {label}", name, section, "", group)
    for item in [item for item in entries if len(meaning.named(item.name)) > 1][:1]:
        # npm and devkeel take a name without a group out of every section; uv asks for the list.
        everywhere = kind in ("npm", "cargo", "conda")
        where = ("", "", None) if everywhere else (section, "", group)
        yield Edit(kind, "remove", "remove, stands several times", item.name, *where)


def _alone(kind: str, entry: Entry, meaning: Meaning) -> bool:
    """Return whether an edit by this name can mean this entry alone."""
    if kind == "pyproject":
        return len(meaning.named(entry.name, entry.section)) == 1 and entry.name != "python"
    return len(meaning.named(entry.name)) == 1


def _default(kind: str, meaning: Meaning) -> str:
    """Return the section that a request without a group means."""
    sections = meaning.sections()
    tools = meaning.other.get("tool", {}) if isinstance(meaning.other, dict) else {}
    if kind == "pyproject" and ("poetry" in tools or any(item.startswith("poetry") for item in sections)):
        # As poetry add (src/poetry/console/commands/add.py).
        dynamic = meaning.other.get("project", {}).get("dynamic", [])
        listed = any(item == "project" or item.startswith("extra:") for item in sections) and (
            "dependencies" not in dynamic
        )
        return "project" if listed else "poetry"
    return _DEFAULT.get(kind, "")


def _version(kind: str, section: str, old: str = "") -> str:
    major = re.match(r"v\d+", old)
    if kind == "go" and major:
        return f"{major[0]}.99.0"  # another major version is another module (https://go.dev/ref/mod)
    return "==9.9" if section == "pip" else _VERSIONS[kind]


def _group(section: str) -> str | None:
    if section.rpartition(":")[2] in _GROUPS:  # of Cargo.toml also behind a target
        return _GROUPS[section.rpartition(":")[2]]
    if section == "uv-dev":
        return "dev"
    head, _, name = section.partition(":")
    return name if head in ("extra", "group", "pdm", "poetry") and name else None
