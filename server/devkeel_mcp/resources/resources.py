"""Resources: what can be read at an address, the addresses that there are, and how they are completed."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from mcp_types import Completion, Resource, ResourceTemplate
from msgspec import Struct

from devkeel.deferred import Deferred
from devkeel_mcp.answers.text import fit, plain
from devkeel_mcp.resources.addresses import (
    ENVIRONMENT,
    EVENTS,
    FILES,
    HISTORY,
    JOBS,
    OPERATIONS,
    OPTIONS,
    PACKAGES,
    file_uri,
    log_uri,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from devkeel import catalogue
    from devkeel.api import Environment
else:
    catalogue = Deferred("devkeel.catalogue")

__all__ = ["LINES", "TEMPLATES", "Content", "complete", "listed", "read", "tells_clients"]

_JSON = "application/json"
_TEXT = "text/plain"
# One JSON object a line; no type of it is registered.
LINES = "application/x-ndjson"
_ID = re.compile(r"[1-9]\d{0,17}")
_LOG = re.compile(r"(?P<job>[0-9a-f]{1,32})/log(?:\?from=(?P<start>\d{1,15}))?")
# MCP, Completion: at most 100 values in one answer.
_MAX_COMPLETIONS = 100
_WHOLE = 4_000_000

TEMPLATES = [
    ResourceTemplate(
        uri_template=f"{FILES}{{name}}",
        name="file",
        description="An environment file, with its revision in _meta.",
    ),
    ResourceTemplate(
        uri_template=f"{OPERATIONS}{{id}}",
        name="operation",
        description="One operation of the history, with its diff.",
        mime_type=_JSON,
    ),
    ResourceTemplate(
        uri_template=f"{OPTIONS}{{path}}",
        name="option",
        description="An option: type, default, allowed values, where it is set.",
        mime_type=_JSON,
    ),
    ResourceTemplate(
        uri_template=f"{PACKAGES}{{name}}",
        name="package",
        description="Packages that go by a name.",
        mime_type=_JSON,
    ),
    ResourceTemplate(
        # RFC 6570, 3.2.8: `{?from}` becomes `?from=…`, or nothing.
        uri_template=f"{JOBS}{{id}}/log{{?from}}",
        name="log",
        description="A job's log: whole, or a page from a byte on, with where to go on in _meta.",
        mime_type=_TEXT,
    ),
]


class Content(Struct, frozen=True):
    """What a resource says: text, or a result that is written as JSON once it is known what of it may be shown."""

    said: Any
    mime_type: str
    meta: dict[str, Any] | None = None

    @property
    def text(self) -> str:
        """What is sent: whole, where a tool's answer is cut, because whoever reads a resource has asked for it."""
        if self.mime_type != _JSON:
            return str(self.said)
        return json.dumps(fit(plain(self.said), _WHOLE), ensure_ascii=False)


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
    logs = [
        Resource(uri=log_uri(item["id"]), name=f"log of {item['kind']} {item['id']}", mime_type=_TEXT)
        for item in environment.jobs().jobs
    ]
    told = [Resource(uri=EVENTS, name="events", description="The newest events.", mime_type=LINES)]
    return [*fixed, *(told if tells_clients(environment) else ()), *files, *logs]


def tells_clients(environment: Environment) -> bool:
    """Return whether clients may read events."""
    found = environment.listening()
    return found is not None and found.clients


def read(environment: Environment, uri: str) -> Content | None:
    """Return what is at an address, or None; raises DevkeelError where the library does."""
    if uri == ENVIRONMENT:
        return _data(environment.inspect())
    if uri == HISTORY:
        return _data(environment.history())
    for prefix, found in _READERS.items():
        if uri.startswith(prefix):
            return found(environment, unquote(uri.removeprefix(prefix)))
    return None


def _file(environment: Environment, name: str) -> Content | None:
    # Only what belongs to the declaration: a project's other files are not offered here.
    data = environment.files().get(name)
    if data is None:
        return None
    return Content(data.decode("utf-8", "replace"), _mime(name), {"devkeel/revision": environment.revision()})


def _operation(environment: Environment, text: str) -> Content | None:
    return _data(environment.operation(int(text))) if _ID.fullmatch(text) else None


def _option(environment: Environment, path: str) -> Content | None:
    found = environment.search(path, kind="option", limit=1)
    return _data(found) if found.option else None


def _package(environment: Environment, name: str) -> Content | None:
    found = environment.search(name, kind="package", limit=10)
    return _data(found) if found.hits else None


def _log(environment: Environment, name: str) -> Content | None:
    found = _LOG.fullmatch(name)
    if found is None:
        return None
    if found["start"] is None:
        return Content(environment.job_log(found["job"]), _TEXT)
    part = environment.job(found["job"], cursor=int(found["start"]))
    meta = {"devkeel/next": part.cursor, "devkeel/bytes": part.log_bytes, "devkeel/state": part.state}
    return Content(part.log, _TEXT, meta)


_READERS: dict[str, Callable[[Environment, str], Content | None]] = {
    FILES: _file,
    OPERATIONS: _operation,
    OPTIONS: _option,
    PACKAGES: _package,
    JOBS: _log,
}


def _data(result: object) -> Content:
    return Content(result, _JSON)


def _mime(name: str) -> str:
    return "text/x-nix" if name.endswith(".nix") else "text/yaml" if name.endswith((".yaml", ".yml")) else _TEXT


def complete(environment: Environment, argument: str, place: str, begun: str) -> Completion:
    """Return what may follow what is typed: for a template's argument, or for a prompt's of the same name."""
    if argument == "path":
        return _completion(_paths(begun))
    if argument == "id" and place.startswith(JOBS):
        return _completion(item["id"] for item in environment.jobs().jobs if item["id"].startswith(begun))
    if argument in ("id", "operation"):
        page = environment.history(limit=_MAX_COMPLETIONS)
        return _completion(str(item.id) for item in page.operations if str(item.id).startswith(begun))
    if argument == "name" and place.startswith(PACKAGES):
        found = environment.search(begun, kind="package", limit=_MAX_COMPLETIONS).hits if begun else ()
        return _completion(hit.name for hit in found if hit.name.startswith(begun))
    if argument == "name":
        return _completion(name for name in sorted(environment.files()) if name.startswith(begun))
    return Completion(values=[])


def _paths(begun: str) -> Iterable[str]:
    """Return the option paths that begin so, one segment further at a time."""
    depth = begun.count(".") + 1
    return sorted({".".join(path.split(".")[:depth]) for path in catalogue.option_paths() if path.startswith(begun)})


def _completion(values: Iterable[str]) -> Completion:
    every = list(values)
    return Completion(values=every[:_MAX_COMPLETIONS], total=len(every), has_more=len(every) > _MAX_COMPLETIONS)
