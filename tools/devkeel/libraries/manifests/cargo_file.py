"""Tables of Cargo.toml that name dependencies: of each kind, for a target, of the workspace; and features on them."""

from __future__ import annotations

import copy
import posixpath
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.source import toml
from devkeel.source.substitution import exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from devkeel.source.splice import Edited

__all__ = [
    "KINDS",
    "MANIFEST",
    "CrateEntry",
    "entries_of",
    "forget",
    "shared_entries",
    "spelt",
    "with_version",
    "workspace_of",
]

# By the names that `cargo metadata` has for kinds, the table of each (Cargo book, "Specifying Dependencies").
KINDS = {"normal": "dependencies", "dev": "dev-dependencies", "build": "build-dependencies"}
MANIFEST = "Cargo.toml"


class CrateEntry(Struct, frozen=True):
    """One dependency. path: of its key in the file. kind: of KINDS. value: what stands there, text or a table."""

    path: tuple[str, ...]
    kind: str
    value: Any

    @property
    def key(self) -> str:
        """What the crate is called here."""
        return self.path[-1]

    @property
    def crate(self) -> str:
        """What the registry calls it."""
        package = self._table.get("package")
        return package if isinstance(package, str) else self.key

    @property
    def version(self) -> str | None:
        """The requirement, None where there is none."""
        found = self.value if isinstance(self.value, str) else self._table.get("version")
        return found if isinstance(found, str) else None

    @property
    def version_path(self) -> tuple[str, ...]:
        """Where a requirement stands, or would."""
        return (*self.path, "version") if isinstance(self.value, dict) else self.path

    @property
    def inherits(self) -> bool:
        """Whether the workspace says the version."""
        return self._table.get("workspace") is True

    @property
    def origin(self) -> str | None:
        """Where the crate comes from if not from a registry."""
        table = self._table
        return next((f"{key} {table[key]}" for key in ("git", "path") if key in table), None)

    def taken(self, keys: Sequence[str]) -> toml.Data:
        """Return some keys of the value, or the requirement alone."""
        if not isinstance(self.value, dict):
            return self.version or "*"
        found = {key: self.value[key] for key in keys if key in self.value}
        return found.get("version", "*") if found.keys() <= {"version"} else found

    @property
    def _table(self) -> dict[str, Any]:
        return self.value if isinstance(self.value, dict) else {}


def entries_of(document: toml.Document) -> list[CrateEntry]:
    """Return every dependency of a manifest's package. Raises Refused `opaque_value` for what is no table."""
    found: list[CrateEntry] = []
    targets = _table(document, document.model, ("target",))
    for path, holder in [((), document.model), *((("target", name), item) for name, item in targets.items())]:
        for kind, table in KINDS.items():
            for name in dict.fromkeys((table, table.replace("-", "_"))):
                # cargo reads the old spelling with an underscore too, before edition 2024.
                known = _table(document, holder, (*path, name))
                found += [CrateEntry((*path, name, key), kind, value) for key, value in known.items()]
    return found


def shared_entries(document: toml.Document) -> list[CrateEntry]:
    """Return what members of a manifest's workspace may inherit."""
    workspace = _table(document, document.model, ("workspace",))
    known = _table(document, workspace, ("workspace", "dependencies"))
    return [CrateEntry(("workspace", "dependencies", key), "normal", value) for key, value in known.items()]


def _table(document: toml.Document, holder: Any, path: tuple[str, ...]) -> dict[str, Any]:  # noqa: ANN401  (data)
    found = holder.get(path[-1]) if isinstance(holder, dict) else None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise document.refuse("opaque_value", f"{'.'.join(path)} is no table.")
    return found


def spelt(model: dict[str, Any], table: str) -> str:
    """Return what a manifest calls a table: the old spelling where it has that one only."""
    old = table.replace("-", "_")
    return old if old in model and table not in model else table


def workspace_of(manifest: str, open_: Callable[[str], toml.Document]) -> str | None:
    """Return the manifest of the workspace that a package is in, None where none of the project is.

    That is its own, the one that `package.workspace` names, or the first one above (Cargo book, "Workspaces"). open_: a
    file relative to the root, an empty one where there is none.
    """
    model = open_(manifest).model
    if "workspace" in model:
        return manifest
    folder = posixpath.dirname(manifest)
    named = model["package"].get("workspace") if isinstance(model.get("package"), dict) else None
    for above in [posixpath.join(folder, named)] if isinstance(named, str) else _above(folder):
        name = posixpath.normpath(posixpath.join(above, MANIFEST))
        if name.startswith(("..", "/")):
            return None
        workspace = open_(name).model.get("workspace")
        if isinstance(workspace, dict):
            return (
                None if _excludes(workspace, posixpath.relpath(folder or ".", posixpath.dirname(name) or ".")) else name
            )
    return None


def _excludes(workspace: dict[str, Any], member: str) -> bool:
    """Return whether a workspace leaves a directory out (Cargo book, "The members and exclude fields")."""
    excluded, members = workspace.get("exclude"), workspace.get("members")
    if not isinstance(excluded, list) or (isinstance(members, list) and member in members):
        return False
    paths = (posixpath.normpath(path) for path in excluded if isinstance(path, str))
    return any(member == path or member.startswith(f"{path}/") for path in paths)


def with_version(document: toml.Document, entry: CrateEntry, version: str) -> Edited | None:
    """Return the exchange of the text of an entry's requirement, None where no place makes the file say that."""
    wanted = copy.deepcopy(document.model)
    holder: Any = wanted
    for name in entry.version_path[:-1]:
        holder = holder[name]
    holder[entry.version_path[-1]] = version
    if entry.version is None:
        return None
    return exchange(
        document.data, entry.version, version, wanted, lambda data: toml.Document(data, document.name).model
    )


def _above(folder: str) -> Iterator[str]:
    while folder:
        folder = posixpath.dirname(folder)
        yield folder


def forget(document: toml.Document, key: str) -> Iterable[tuple[str, Edited]]:
    """Yield the edits, each on the one before, that take a dependency which is gone out of the features.

    As `cargo remove` does: `dep:key`, `key/feature`, and `key` alone where that is the feature of an optional one.
    """
    if any(entry.key == key for entry in entries_of(document)):
        return
    features = _table(document, document.model, ("features",))
    lists = {name: value for name, value in features.items() if isinstance(value, list)}
    explicit = any(f"dep:{key}" in value for value in lists.values())
    for name, values in lists.items():
        for value in [item for item in values if isinstance(item, str) and _activates(item, key)]:
            if value == key and (explicit or key in features):
                continue
            edited = _without(document, name, value)
            document = toml.Document(edited.data, document.name)
            yield name, edited


def _activates(value: str, key: str) -> bool:
    if value.startswith("dep:"):
        return value == f"dep:{key}"
    return value.partition("/")[0].removesuffix("?") == key


def _without(document: toml.Document, feature: str, value: str) -> Edited:
    wanted = copy.deepcopy(document.model)
    wanted["features"][feature].remove(value)
    edited = exchange(document.data, value, None, wanted, lambda data: toml.Document(data, document.name).model)
    return edited or toml.set(document, ("features", feature), wanted["features"][feature])
