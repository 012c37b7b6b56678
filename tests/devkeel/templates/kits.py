"""A kit of the tests' own, on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HEAD = 'name = "own"\nversion = "1.0.0"\ndescription = "Of a test."\n'
NAME = """
[parameters]
type = "object"
required = ["name"]
additionalProperties = false
[parameters.properties.name]
type = "string"
[parameters.properties.level]
enum = ["low", "high"]
type = "string"
[parameters.properties.parts]
type = "array"
items = { type = "string" }
default = []
"""


def write_kit(folder: Path, manifest: str = HEAD, **files: str | bytes) -> Path:
    """Write a kit; `files` by their names, with `__` for a dot."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kit.toml").write_text(manifest)
    for name, data in files.items():
        path = folder / name.replace("__", ".")
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return folder
