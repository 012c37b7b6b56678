"""Rust libraries in Cargo.toml; `name` or `name@version`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.errors import Refused
from devkeel.libraries.manifests import cargo_file
from devkeel.libraries.request import LibraryPlan, bad_library, no_manifest, refused
from devkeel.source import toml
from devkeel.source.plain_data import dotted
from devkeel.text.actions import argument

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.libraries.manifests.cargo_file import CrateEntry
    from devkeel.libraries.request import Request

__all__ = ["MANIFESTS", "plan"]

MANIFESTS = ("Cargo.toml",)
_NAME = re.compile(r"(?P<name>[A-Za-z][\w-]*)(?:@(?P<version>[\w.*+^~<>=, -]+))?")
# Where a crate comes from, as `cargo add` takes it over from an entry of another table.
_SOURCE = ("version", "workspace", "registry", "registry-index", "package", "path", "git", "branch", "tag", "rev")


def plan(request: Request, read: Callable[[str], bytes | None]) -> LibraryPlan:
    """Return the edit of Cargo.toml. A name alone means any version, until cargo has taken one."""
    name = request.file or MANIFESTS[0]
    if read(name) is None:
        raise no_manifest("Rust", MANIFESTS, request)
    if request.group is not None and request.group not in cargo_file.KINDS:
        raise refused("no_groups", f"Cargo.toml has no group {request.group!r}.", name, "Use dev, build or normal.")
    made = LibraryPlan(name, read)
    for item in request.names:
        found = _NAME.fullmatch(item)
        if found is None:
            raise bad_library(item, "it is no name of a crate", "serde or serde@1.0")
        crate = _Crate(made, found["name"], request.group)
        if request.remove:
            crate.remove()
        else:
            crate.add((found["version"] or "").strip() or None)
    return made


class _Crate(Struct):
    """One library of a manifest: where it stands, and how that changes. group: of which tables, None for all."""

    made: LibraryPlan
    name: str
    group: str | None

    def add(self, version: str | None) -> None:
        """Give it a version wherever it stands, or put it into the table that is asked for."""
        entries = self._entries()
        stands = [entry for entry in entries if self.group in (None, entry.kind)]
        normal = [entry for entry in entries if entry.kind == "normal"]
        if not stands or (version is None and self.group is None and not normal):
            self._put(version, entries)
            return
        if version is None:
            self._note(f"{self.name} is already in {_tables(stands)}.")
            return
        if all(entry.version == version for entry in stands):
            self._note(f"{self.name} {version} is already in {_tables(stands)}.")
            return
        for entry in stands:
            if entry.inherits:
                self._set_in_workspace(entry, version)
            else:
                self._set_version(self.made.manifest, entry, version)

    def remove(self) -> None:
        """Take it out wherever it stands, and out of the features that name it, as `cargo remove` does."""
        entries = self._entries(keys=True)
        stands = [entry for entry in entries if self.group in (None, entry.kind)]
        if not stands:
            self._note(self._absence(entries))
            return
        for entry in stands:
            self.made.take(self.made.manifest, toml.unset(self._document(), entry.path))
        for key in dict.fromkeys(entry.key for entry in stands):
            for feature, edited in cargo_file.forget(self._document(), key):
                self.made.take(self.made.manifest, edited)
                self._note(f"The feature {feature} no longer names {key}.")

    def _absence(self, entries: list[CrateEntry]) -> str:
        """Say where it is not, and where it is."""
        kinds = [cargo_file.KINDS[self.group]] if self.group else [*cargo_file.KINDS.values()]
        said = f"{self.name} is not in {' or '.join(kinds)} of {self.made.manifest}, for any target."
        shared = cargo_file.shared_entries(self._document())
        if not entries and any(_same(entry.crate, self.name) for entry in shared):
            return f"{said} It is in workspace.dependencies, from where members take it."
        return f"{said} It is in {_tables(entries)}." if entries else said

    def _document(self, name: str | None = None) -> toml.Document:
        name = name or self.made.manifest
        return toml.Document(self.made.data(name), name)

    def _note(self, text: str) -> None:
        self.made.notes.append(text)

    def _set(self, name: str, path: tuple[str, ...], value: toml.Data) -> None:
        self.made.take(name, toml.set(self._document(name), path, value, inline=True))

    def _entries(self, *, keys: bool = False) -> list[CrateEntry]:
        """Return where the crate stands. keys: where it does not, entries that are called so and are another crate."""
        entries = cargo_file.entries_of(self._document())
        found = [entry for entry in entries if _same(self._crate(entry), self.name)]
        called = [entry for entry in entries if _same(entry.key, self.name)]
        if called and not found and not keys:
            crate = self._crate(called[0])
            raise refused(
                "ambiguous",
                f"{self.name} is {crate} here, under another name ({dotted(called[0].path)}).",
                self.made.manifest,
                f"Ask for {crate}, or remove {self.name} first.",
            )
        return found or called

    def _put(self, version: str | None, elsewhere: list[CrateEntry]) -> None:
        """Write an entry that is new, with what one of another table, or the workspace, says of the crate."""
        model = self._document().model
        table = cargo_file.KINDS[self.group or "normal"]
        if "package" not in model and "workspace" in model:
            self._put_in_workspace(version, model["workspace"])
            return
        value: toml.Data = version or "*"
        key = self.name
        shared = self._shared() if version is None and not elsewhere else None
        inherited = next((entry for entry in shared[1] if _same(entry.crate, self.name)), None) if shared else None
        if elsewhere:
            key = elsewhere[0].key
            value = elsewhere[0].taken(_SOURCE) if version is None else value
        elif inherited:
            value, key = {"workspace": True}, inherited.key
        self._set(self.made.manifest, (cargo_file.spelt(model, table), key), value)

    def _put_in_workspace(self, version: str | None, workspace: Any) -> None:  # noqa: ANN401  (of the file)
        """Change a version that members inherit; a workspace without a package of its own depends on nothing."""
        known = cargo_file.shared_entries(self._document())
        shared = next((entry for entry in known if _same(entry.crate, self.name)), None)
        if shared is None or version is None:
            members = workspace.get("members") if isinstance(workspace, dict) else None
            named = [item for item in members if isinstance(item, str)] if isinstance(members, list) else []
            plain = [f"{item}/Cargo.toml" for item in named if "*" not in item]
            globs = [f"one of {item}" for item in named if "*" in item]
            names = ", ".join((*plain, *globs)) or "one of its members"
            raise refused(
                "ambiguous",
                f"{self.made.manifest} is of a workspace and has no package that could depend on {self.name}.",
                self.made.manifest,
                f"Name the manifest of a member with {argument('file')}: {names}.",
            )
        self._set_version(self.made.manifest, shared, version)

    def _set_version(self, name: str, entry: CrateEntry, version: str) -> None:
        """Write a version into an entry; what else it says stays, also where the crate comes from."""
        try:
            self._set(name, entry.version_path, version)
        except Refused:
            # A table that is continued behind others is read, and not written, by the editor: its text is exchanged.
            edited = cargo_file.with_version(self._document(name), entry, version)
            if edited is None:
                raise
            self.made.take(name, edited)
        if entry.origin:
            self._note(f"{dotted(entry.path)} comes from {entry.origin} still, which has to have that version.")

    def _shared(self) -> tuple[str, list[CrateEntry]] | None:
        """Return the manifest of the workspace, and what members may inherit; None where the project has none."""
        root = cargo_file.workspace_of(self.made.manifest, self._document)
        return None if root is None else (root, cargo_file.shared_entries(self._document(root)))

    def _inherited(self, key: str) -> tuple[str, CrateEntry] | None:
        """Return the manifest of the workspace, and the entry there that one of a member inherits."""
        shared = self._shared()
        found = next((entry for entry in shared[1] if entry.key == key), None) if shared else None
        return (shared[0], found) if shared and found else None

    def _crate(self, entry: CrateEntry) -> str:
        """Return what the registry calls an entry, which for one that inherits the workspace says."""
        shared = self._inherited(entry.key) if entry.inherits else None
        return shared[1].crate if shared else entry.crate

    def _set_in_workspace(self, entry: CrateEntry, version: str) -> None:
        shared = self._inherited(entry.key)
        if shared is None:
            raise refused(
                "inherited",
                f"{dotted(entry.path)} takes its version from a workspace that is not in this project.",
                self.made.manifest,
                f"Change it in the workspace, or remove {self.name} first and add it with its version.",
            )
        name, found = shared
        if found.version != version:
            self._set_version(name, found, version)
            self._note(f"{self.name} has its version from {name}: it changes for every member that inherits it.")


def _tables(entries: list[CrateEntry]) -> str:
    return " and ".join(dict.fromkeys(dotted(entry.path[:-1]) for entry in entries))


def _same(left: str, right: str) -> bool:
    """Return whether two names are of one crate: the registry of Rust takes - and _ for the same."""
    return left.replace("_", "-") == right.replace("_", "-")
