"""Files that declare inputs: devenv.yaml and flake.nix alike, one Protocol with two formats, bytes to bytes."""

from __future__ import annotations

import posixpath
from copy import deepcopy
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from devkeel.source import compose, nix, yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from devkeel.source.splice import Edited

__all__ = ["FLAKE", "INPUTS", "MERGE", "InputFormat", "followers", "format_of", "is_flake", "path_of"]

FLAKE = "flake.nix"
INPUTS = "inputs"
MERGE = "<<"
"""The key of YAML by which a map has what another has (yaml.org/type/merge.html)."""


class InputFormat(Protocol):
    """How one format declares inputs. path: from the name of the input on, as `("a", "url")`."""

    def read(self, name: str, data: bytes) -> dict[str, Any]:
        """Return what a file declares, by the names of the inputs; what is computed is none of plain data's types."""

    def line(self, name: str, data: bytes, path: Sequence[str]) -> int | None:
        """Return the line of what stands at a path, which begins at the top of the file."""

    def taken(self, name: str, data: bytes) -> Mapping[str, int]:
        """Return the inputs that the file takes by name, declared or not, with their lines."""

    def computed(self, name: str, data: bytes) -> int | None:
        """Return the line where inputs are computed, so that the text does not show which there are."""

    def put(self, name: str, data: bytes, path: Sequence[str], value: Any) -> Edited:  # noqa: ANN401  (data of any kind)
        """Set what stands at a path; an input that is new comes with all that the file needs to take it."""

    def drop(self, name: str, data: bytes, path: Sequence[str]) -> Edited:
        """Remove what stands at a path; an input goes with all that takes it. Raises Refused `in_use`."""

    def rename(self, name: str, data: bytes, path: Sequence[str], new: str) -> Edited:
        """Give an attribute another name in its place, as far as the format can."""


class _Flake:
    """flake.nix: `inputs` of a literal set, and the arguments of `outputs`."""

    def read(self, name: str, data: bytes) -> dict[str, Any]:
        return nix.flake_inputs(self._open(name, data))

    def line(self, name: str, data: bytes, path: Sequence[str]) -> int | None:
        document, whole = _read_flake(name, data), tuple(path)
        found = (item for item in document.focus(whole).bindings if item.raw[: len(whole)] == whole)
        return next((document.place(item.node.start_byte).line for item in found), None)

    def taken(self, name: str, data: bytes) -> Mapping[str, int]:
        return nix.flake_arguments(self._open(name, data))

    def computed(self, name: str, data: bytes) -> int | None:
        return nix.computed_inputs(self._open(name, data))

    def put(self, name: str, data: bytes, path: Sequence[str], value: Any) -> Edited:  # noqa: ANN401
        return nix.put_input(self._open(name, data), tuple(path), value)

    def drop(self, name: str, data: bytes, path: Sequence[str]) -> Edited:
        return nix.drop_input(self._open(name, data), tuple(path))

    def rename(self, name: str, data: bytes, path: Sequence[str], new: str) -> Edited:
        return nix.rename_input(self._open(name, data), tuple(path), (*path[:-1], new))

    def _open(self, name: str, data: bytes) -> nix.Document:
        return nix.Document(data, name, module=False)


class _Yaml:
    """devenv.yaml, its local one, and those of what it imports."""

    def read(self, name: str, data: bytes) -> dict[str, Any]:
        try:
            found = yaml.get(yaml.Document(data, name), [INPUTS])
        except KeyError:
            return {}
        return deepcopy(found) if isinstance(found, dict) else {}

    def line(self, name: str, data: bytes, path: Sequence[str]) -> int | None:
        item, start = _read_yaml(name, data).root, None
        for key in path:
            entries = item.entries if item is not None and item.kind == "map" else []
            entry = next((entry for entry in entries if entry.key.value == key), None)
            if entry is None:
                return None
            item, start = entry.value, entry.key.start
        text = data.decode("utf-8", "replace")
        return None if start is None else text.count("\n", 0, start) + 1

    def taken(self, name: str, data: bytes) -> Mapping[str, int]:  # noqa: ARG002  (what a check says of all files)
        return {}

    def computed(self, name: str, data: bytes) -> int | None:
        """Return the line of a merge key by which inputs come from elsewhere in the file."""
        return self.line(name, data, [MERGE]) or self.line(name, data, [INPUTS, MERGE])

    def put(self, name: str, data: bytes, path: Sequence[str], value: Any) -> Edited:  # noqa: ANN401
        return yaml.set(yaml.Document(data, name), [INPUTS, *path], value)

    def drop(self, name: str, data: bytes, path: Sequence[str]) -> Edited:
        document = yaml.Document(data, name)
        edited = yaml.unset(document, [INPUTS, *path])
        after = yaml.Document(edited.data, name)
        entries = after.root.entries if after.root is not None and after.root.kind == "map" else []
        left = next((entry.value for entry in entries if entry.key.value == INPUTS), None)
        # With its last input the key goes, unless it is all that the file has, or a remark stands above it.
        if not edited.changed or left is None or left.kind != "map" or left.entries or len(entries) == 1:
            return edited
        whole = yaml.unset(after, [INPUTS])
        return edited if edited.data.count(b"#") != whole.data.count(b"#") else compose(data, [edited, whole])

    def rename(self, name: str, data: bytes, path: Sequence[str], new: str) -> Edited:  # noqa: ARG002  (it follows as a new one)
        return self.drop(name, data, path)


# Lines are asked for one input after the other. What is kept is only read.
@lru_cache(maxsize=2)
def _read_flake(name: str, data: bytes) -> nix.Document:
    return nix.Document(data, name, module=False)


@lru_cache(maxsize=2)
def _read_yaml(name: str, data: bytes) -> yaml.Document:
    return yaml.Document(data, name)


def is_flake(name: str) -> bool:
    """Return whether a file is a flake by its name, as Nix looks for one."""
    return posixpath.basename(name) == FLAKE


def format_of(name: str) -> InputFormat:
    """Return the format of a file that declares inputs, by its name."""
    return _Flake() if is_flake(name) else _Yaml()


def path_of(name: str) -> list[str]:
    """Return the path of an input by its name; `a/b` is the input b of the input a."""
    first, *rest = name.split("/")
    return [first, *(word for part in rest for word in (INPUTS, part))]


def followers(tree: Mapping[str, Any], name: str) -> Iterator[tuple[str, ...]]:
    """Yield the paths of the `follows` that lead to an input or into it, but for those of that input itself."""
    for owner, fields in tree.items():
        if owner != name:
            yield from (path for path, target in _follows((owner,), fields) if target.split("/")[0] == name)


def _follows(path: tuple[str, ...], fields: object) -> Iterator[tuple[tuple[str, ...], str]]:
    if not isinstance(fields, dict):
        return
    target = fields.get("follows")
    if isinstance(target, str):
        yield (*path, "follows"), target
    inner = fields.get(INPUTS)
    for name, item in inner.items() if isinstance(inner, dict) else ():
        yield from _follows((*path, INPUTS, name), item)
