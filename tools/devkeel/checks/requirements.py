"""Requirements of Python that no installer reads: in files of requirements, and in pyproject.toml.

Only the shape is judged, and more is allowed than PEP 508 does: what old versions of pip take is no error here. Paths,
addresses, options, and what has a variable in it are for the installer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError, Diagnostic, Place
from devkeel.project.environment_files import is_requirements_file
from devkeel.source.plain_data import position

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkeel.candidate.candidate import Candidate
    from devkeel.checks.modules import World
    from devkeel.source import toml_document
else:
    toml_document = Deferred("devkeel.source.toml_document")

__all__ = ["check_requirements"]

PYPROJECT = "pyproject.toml"
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_VERSION = r"(?:===|==|~=|!=|<=|>=|<|>)\s*[\w*][^\s,;()]*"
_VERSIONS = rf"{_VERSION}(?:\s*,\s*{_VERSION})*\s*,?"
_READ = re.compile(
    rf"{_NAME}\s*(?:\[[^\]]*\])?\s*(?:@\s*\S.*|(?:{_VERSIONS}|\(\s*{_VERSIONS}\s*\))?\s*(?:;.*)?)", re.DOTALL
)
# pip, src/pip/_internal/req/constructors.py, `_looks_like_path` and `is_archive_file`.
_PLACE = re.compile(r"[./\\~]|.*(?:[/\\]|://|\$|\.(?:zip|whl|tar|tgz|tar\.\w+|tbz)(?:\[.*\])?$)")
_PYTHON = re.compile(
    r"(?:(?:===|==|~=|!=|<=|>=|<|>)\s*v?\d+(?:\.\d+)*(?:\.\*)?(?:[-_.]?(?:a|b|c|rc|alpha|beta|pre|post|dev)[-_.]?\d*)*"
    r"\s*(?:,|$)\s*)+"
)
_REMARK = re.compile(r"(?:^|\s+)#.*$")
_OPTIONS = re.compile(r"(?:^|\s)-.*$")
# What people write, and what is meant.
_MEANT = (
    (re.compile(r"^(['\"])(.*)\1,?$"), r"\2"),
    (re.compile(r"^(?:python\d? -m )?(?:pip\d? install|uv add|uv pip install|poetry add)\s+"), ""),
    (re.compile(r"=>"), ">="),
    (re.compile(r"=<"), "<="),
    (re.compile(r"=!"), "!="),
    (re.compile(r"(?<![=<>!~])=(?!=)"), "=="),
    (re.compile(rf"^({_NAME})\s+(\d[\w.]*)$"), r"\1==\2"),
)


def check_requirements(subject: Candidate, _: World | None = None) -> Iterator[Diagnostic]:
    """Yield an error for each requirement that is none; the modules say nothing of them."""
    for name, data in sorted(subject.files.items()):
        if name.rpartition("/")[2] == PYPROJECT:
            yield from _of_pyproject(name, data)
        elif is_requirements_file(name):
            yield from _of_lines(name, data)


def _is_read(text: str) -> bool:
    return _READ.fullmatch(text) is not None or _PLACE.match(text) is not None


def _of_lines(name: str, data: bytes) -> Iterator[Diagnostic]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return  # pip also reads other encodings
    at, before = 0, ""
    for raw in text.splitlines(keepends=True):
        bare = raw.rstrip("\r\n")
        at += len(raw)
        if bare.endswith("\\") and not _REMARK.match(bare):
            before += bare[:-1]
            continue
        whole = _OPTIONS.sub("", _REMARK.sub("", before + bare)).strip()
        if whole and not _is_read(whole):
            start = text.rfind(whole.split()[0], 0, at)
            yield _bad(name, text, whole, Place(name, *position(text, max(start, 0))))
        before = ""


def _bad(name: str, text: str, given: str, place: Place) -> Diagnostic:
    right = given
    for pattern, meant in _MEANT:
        right = pattern.sub(meant, right)
    known = right != given and _READ.fullmatch(right) is not None and text.count(given) == 1
    edits = ({"kind": "replace_text", "file": name, "old": given, "new": right},) if known else ()
    message = f"{given!r} is no requirement that pip or uv reads"
    return Diagnostic("bad_requirement", "error", message, "schema", place, given, edits)


def _of_pyproject(name: str, data: bytes) -> Iterator[Diagnostic]:
    document = toml_document.Document(data, name)
    try:
        model = document.model
    except DevkeelError:
        return  # the syntax rung reports it
    for path, value in _lists(model):
        if not isinstance(value, list):
            message = f"{'.'.join(path)} is {value!r}, not a list of requirements"
            yield Diagnostic("wrong_type", "error", message, "schema", document.place(*path), ".".join(path))
            continue
        for index, item in enumerate(value):
            if isinstance(item, str) and not _is_read(item.strip()):
                yield _bad(name, document.text, item, document.place(*path, index))
    project = model.get("project")
    python = project.get("requires-python") if isinstance(project, dict) else None
    if isinstance(python, str) and not _PYTHON.fullmatch(python.strip()):
        message = f"requires-python is {python!r}, which is no range of versions"
        place = document.place("project", "requires-python")
        yield Diagnostic("bad_requirement", "error", message, "schema", place, "requires-python")


def _lists(model: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield what has to be lists of requirements, by its path."""
    project = model.get("project")
    if isinstance(project, dict) and "dependencies" in project:
        yield ("project", "dependencies"), project["dependencies"]
    tables = {("project", "optional-dependencies"): project, ("dependency-groups",): model}
    for path, holder in tables.items():
        table = holder.get(path[-1]) if isinstance(holder, dict) else None
        if isinstance(table, dict):
            yield from (((*path, group), value) for group, value in table.items())
