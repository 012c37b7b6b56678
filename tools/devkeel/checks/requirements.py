"""Requirements of Python that no installer reads: in files of requirements, and in pyproject.toml.

Only the shape is judged, and more is allowed than PEP 508 does: what old versions of pip take is no error here. Paths,
addresses, options, and what has a variable in it are for the installer. Files for conda, and of prose, bear such names
too: one of which more is of another form is not judged.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError, Diagnostic, Place
from devkeel.project.environment_files import is_requirements_file
from devkeel.source.joined_lines import joined_lines
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
# packaging, _tokenizer.py: IDENTIFIER ends at the end of a word, which may be `_`.
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?"
_VERSION = r"(?:===|==|~=|!=|<=|>=|<|>)\s*[\w*][^\s,;()]*"
_VERSIONS = rf"{_VERSION}(?:\s*,\s*{_VERSION})*\s*,?"
_READ = re.compile(
    rf"{_NAME}\s*(?:\[[^\]]*\])?\s*(?:@\s*\S.*|(?:{_VERSIONS}|\(\s*(?:{_VERSIONS})?\s*\))?\s*(?:;.*)?)", re.DOTALL
)
# pip, src/pip/_internal/req/constructors.py, `_looks_like_path` and `is_archive_file`; uv takes a word with a colon for
# a path too. With a brace it is a template.
_PLACE = re.compile(r"[./\\~]|.*(?:[/\\${]|\S:\S|@\w+@|\.(?:zip|whl|tar|tgz|tar\.\w+|tbz)(?:\[.*\])?$)", re.DOTALL)
_PYTHON = re.compile(
    r"(?:===|==|~=|!=|<=|>=|<|>)\s*v?\d+(?:\.\d+)*(?:\.\*)?(?:[-_.]?(?:a|b|c|rc|alpha|beta|pre|post|dev)[-_.]?\d*)*"
)
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
# What conda reads (its package match specification): `numpy=1.26`, `numpy 1.26`, with a build behind it.
_OF_CONDA = re.compile(rf"{_NAME}(?:\s*=\s*|\s+)[\d*][\w.*]*(?:(?:\s*=\s*|\s+)[\w.*]+)?")
# And what is written for pip: most that conda does not read.
_OF_PIP = re.compile(r".*(?:==|~=|;|\[| @ )")


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
    lines = [line for line in joined_lines(text) if line.argument]
    wrong = [line for line in lines if not _is_read(line.argument)]
    of_conda = [line for line in wrong if _OF_CONDA.fullmatch(line.argument)]
    unknown = [line for line in wrong if line not in of_conda and not _is_read(_meant(line.argument))]
    if len(unknown) * 2 > len(lines):
        return  # prose, or a list for another program
    is_for_conda = len(of_conda) > sum(_OF_PIP.match(line.argument) is not None for line in lines)
    for line in wrong:
        if not (is_for_conda and line in of_conda):
            yield _bad(name, text, line.argument, Place(name, *position(text, line.first)))


def _meant(given: str) -> str:
    for pattern, meant in _MEANT:
        given = pattern.sub(meant, given)
    return given


def _bad(name: str, text: str, given: str, place: Place) -> Diagnostic:
    right = _meant(given)
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
    if isinstance(python, str) and not _is_range(python):
        message = f"requires-python is {python!r}, which is no range of versions"
        place = document.place("project", "requires-python")
        yield Diagnostic("bad_requirement", "error", message, "schema", place, "requires-python")


def _is_range(text: str) -> bool:
    """Return whether a text has the form of a range of versions of Python: packaging also reads an empty one."""
    parts = [part.strip() for part in text.split(",")]
    return "{" in text or all(_PYTHON.fullmatch(part) for part in parts if part)


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
