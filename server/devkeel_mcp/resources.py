"""Resources: what can be read at an address, the addresses that there are, and how they are completed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from mcp_types import Completion, Resource, ResourceTemplate

from devkeel_mcp import render
from devkeel_mcp.text import fit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mcp_types import CallToolResult

    from devkeel.environment import Environment

__all__ = ["ENVIRONMENT", "HISTORY", "TEMPLATES", "Content", "complete", "file_uri", "listed", "read"]

_SCHEME = "devkeel://"
ENVIRONMENT = f"{_SCHEME}environment"
HISTORY = f"{_SCHEME}history"
_FILES, _OPERATIONS, _OPTIONS, _PACKAGES = (
    f"{_SCHEME}{room}/" for room in ("files", "operations", "options", "packages")
)
_JSON = "application/json"
_ID = re.compile(r"[1-9]\d{0,17}")
_MAX_COMPLETIONS = 100

TEMPLATES = [
    ResourceTemplate(
        uri_template=f"{_FILES}{{name}}",
        name="file",
        description="An environment file, with its revision in _meta.",
    ),
    ResourceTemplate(
        uri_template=f"{_OPERATIONS}{{id}}",
        name="operation",
        description="One operation of the history, with its diff.",
        mime_type=_JSON,
    ),
    ResourceTemplate(
        uri_template=f"{_OPTIONS}{{path}}",
        name="option",
        description="An option: type, default, allowed values, where it is set.",
        mime_type=_JSON,
    ),
    ResourceTemplate(
        uri_template=f"{_PACKAGES}{{name}}",
        name="package",
        description="Packages that go by a name.",
        mime_type=_JSON,
    ),
]


@dataclass(frozen=True)
class Content:
    """What a resource says."""

    text: str
    mime_type: str
    meta: dict[str, Any] | None = None


def file_uri(name: str) -> str:
    """Return the address of an environment file."""
    return f"{_FILES}{quote(name, safe='')}"


def listed(environment: Environment) -> list[Resource]:
    """Return the resources that are there now."""
    fixed = [
        Resource(uri=ENVIRONMENT, name="environment", description="What is declared, and where.", mime_type=_JSON),
        Resource(uri=HISTORY, name="history", description="The newest operations.", mime_type=_JSON),
    ]
    files = [
        Resource(uri=file_uri(name), name=name, mime_type=_mime(name), size=len(data))
        for name, data in sorted(environment.files().items())
    ]
    return [*fixed, *files]


def read(environment: Environment, uri: str) -> Content | None:
    """Return what is at an address, or None; raises DevkeelError where the library does."""
    if uri == ENVIRONMENT:
        return _data(render.inspection(environment.inspect()))
    if uri == HISTORY:
        return _data(render.history(environment.history()))
    for prefix, found in _READERS.items():
        if uri.startswith(prefix):
            return found(environment, unquote(uri.removeprefix(prefix)))
    return None


def _file(environment: Environment, name: str) -> Content | None:
    # Only what belongs to the declaration: a project's other files are nobody's business here.
    data = environment.files().get(name)
    if data is None:
        return None
    return Content(data.decode("utf-8", "replace"), _mime(name), {"devkeel/revision": environment.revision()})


def _operation(environment: Environment, text: str) -> Content | None:
    return _data(render.operation(environment.operation(int(text)))) if _ID.fullmatch(text) else None


def _option(environment: Environment, path: str) -> Content | None:
    found = environment.search(path, kind="option", limit=1)
    return _data(render.search(found)) if found.option else None


def _package(environment: Environment, name: str) -> Content | None:
    found = environment.search(name, kind="package", limit=10)
    return _data(render.search(found)) if found.hits else None


_READERS: dict[str, Callable[[Environment, str], Content | None]] = {
    _FILES: _file,
    _OPERATIONS: _operation,
    _OPTIONS: _option,
    _PACKAGES: _package,
}


def _data(result: CallToolResult) -> Content:
    data: dict[str, Any] = result.structured_content or {}
    return Content(json.dumps(fit(data), ensure_ascii=False), _JSON)


def _mime(name: str) -> str:
    return "text/x-nix" if name.endswith(".nix") else "text/yaml" if name.endswith((".yaml", ".yml")) else "text/plain"


def complete(environment: Environment, argument: str, place: str, begun: str) -> Completion:
    """Return what may follow what is typed: for a template's argument, or for a prompt's of the same name."""
    if argument == "path":
        return _completion(_paths(begun))
    if argument in ("id", "operation"):
        page = environment.history(limit=_MAX_COMPLETIONS)
        return _completion(str(item.id) for item in page.operations if str(item.id).startswith(begun))
    if argument == "name" and place.startswith(_PACKAGES):
        found = environment.search(begun, kind="package", limit=_MAX_COMPLETIONS).hits if begun else ()
        return _completion(hit.name for hit in found if hit.name.startswith(begun))
    if argument == "name":
        return _completion(name for name in sorted(environment.files()) if name.startswith(begun))
    return Completion(values=[])


def _paths(begun: str) -> Iterable[str]:
    """Return the option paths that begin so, one segment further at a time."""
    from devkeel.catalogue import option_paths  # noqa: PLC0415  (parsers and tables)

    depth = begun.count(".") + 1
    return sorted({".".join(path.split(".")[:depth]) for path in option_paths() if path.startswith(begun)})


def _completion(values: Iterable[str]) -> Completion:
    every = list(values)
    return Completion(values=every[:_MAX_COMPLETIONS], total=len(every), has_more=len(every) > _MAX_COMPLETIONS)
