"""What a manifest says, read by parsers that devkeel's edits do not use: entries, and everything else."""

from __future__ import annotations

import codecs
import json
import re
import tomllib
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["KINDS", "Entry", "Meaning", "Unreadable", "comments", "normal_version", "read"]

KINDS = ("pyproject", "requirements", "conda", "npm", "cargo", "gem", "go")
_NPM = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_CARGO = ("dependencies", "dev-dependencies", "build-dependencies")
_GO = re.compile(r"(?P<module>[^\s/]\S*)\s+(?P<version>v\S+)(?P<rest>[^\n]*)")
_GEM = re.compile(r"^[ \t]*gem[ \t(]+(?P<quote>['\"])(?P<name>[\w.-]+)(?P=quote)(?P<rest>[^\n]*)", re.MULTILINE)
_GEM_VERSION = re.compile(r"\s*,\s*(?P<quote>['\"])(?P<version>(?:[~<>=!]+ ?)?\d[\w.]*)(?P=quote)")


class Unreadable(Exception):
    """The field's own parser does not read this file."""


class Entry(Struct, frozen=True, order=True):
    """A library of a manifest: its section, normalised name, version, and what else the entry says."""

    section: str
    name: str
    version: str
    rest: str = ""


class Meaning(Struct, frozen=True):
    """What a file says. entries: in the order of their values; other: the rest as plain data without empty parts."""

    entries: tuple[Entry, ...]
    other: Any
    # Texts that name a library in a form that no entry has, such as a URL without a name.
    opaque: tuple[str, ...] = ()

    def named(self, name: str, section: str | None = None) -> list[Entry]:
        """Return the entries of a name, of one section or of all."""
        return [item for item in self.entries if item.name == name and section in (None, item.section)]

    def sections(self) -> list[str]:
        """Return the sections that have entries, in their order."""
        return list(dict.fromkeys(item.section for item in self.entries))


def read(kind: str, data: bytes) -> Meaning:
    """Return what a manifest says. Raises Unreadable."""
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode()
        entries, other, opaque = _READERS[kind](text.replace("\r\n", "\n"))
    except Unreadable:
        raise
    except Exception as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from error
    return Meaning(tuple(sorted(entries)), _pruned(other), tuple(opaque))


_Read = tuple[list[Entry], Any, list[str]]


def _pruned(value: Any) -> Any:  # noqa: ANN401  (plain data)
    """Return plain data without its empty tables and lists: an emptied list says what a missing one does."""
    if isinstance(value, dict):
        found = {key: _pruned(item) for key, item in value.items()}
        return {key: item for key, item in found.items() if item not in ({}, [], None)}
    return [item for item in map(_pruned, value) if item not in ({}, [])] if isinstance(value, list) else value


def normal_version(kind: str, version: str) -> str:
    """Return a version as the entries of a kind have it."""
    if kind in ("pyproject", "requirements"):
        found = Requirement(f"x{version}") if version[:1] in "<>=!~@" else None
        return str(found.specifier) if found else version
    return " ".join(version.split()) if kind != "conda" else _conda("x" + version).version


def _requirement(section: str, text: str, options: str = "") -> Entry:
    found = Requirement(text)
    extras = ",".join(sorted(map(canonicalize_name, found.extras)))
    marker = str(found.marker or "")
    version = f"@ {found.url}" if found.url else str(found.specifier)
    return Entry(section, canonicalize_name(found.name), version, f"[{extras}];{marker}{options}")


def _at(model: Any, *path: str) -> Any:  # noqa: ANN401  (plain data)
    for name in path:
        model = model.get(name) if isinstance(model, dict) else None
    return model


def _python_lists(model: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], str]]:
    project, tool = _at(model, "project"), _at(model, "tool")
    if isinstance(project, dict):
        yield "project", project, "dependencies"
    for section, table in (
        ("extra", _at(project, "optional-dependencies")),
        ("group", _at(model, "dependency-groups")),
        ("pdm", _at(tool, "pdm", "dev-dependencies")),
    ):
        for name in table if isinstance(table, dict) else ():
            yield f"{section}:{name}", table, name
    if isinstance(_at(tool, "uv"), dict):
        yield "uv-dev", tool["uv"], "dev-dependencies"


def _poetry_tables(model: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], str]]:
    poetry = _at(model, "tool", "poetry")
    if isinstance(poetry, dict):
        # In a project that names its libraries by PEP 621, Poetry's table says more of them and adds none.
        yield ("poetry", poetry, "dependencies")
        yield ("poetry:dev", poetry, "dev-dependencies")
        for name, group in (poetry.get("group") or {}).items():
            yield (f"poetry:{name}", group, "dependencies")


def _pyproject(text: str) -> _Read:
    model = tomllib.loads(text)
    entries, opaque = list[Entry](), list[str]()
    for section, table, key in _python_lists(model):
        items, others = table.get(key), list[Any]()
        for item in items if isinstance(items, list) else ():
            try:
                entries.append(_requirement(section, item))
            except (InvalidRequirement, TypeError):
                others.append(item)
        if isinstance(items, list):
            table[key] = others
            opaque += [item for item in others if isinstance(item, str)]
    for section, table, key in _poetry_tables(model):
        items = table.get(key)
        for name, value in items.items() if isinstance(items, dict) else ():
            entries += _of_table(section, canonicalize_name(name), value)
        if isinstance(items, dict):
            table[key] = {}
    return entries, model, opaque


def _of_table(section: str, name: str, value: Any) -> list[Entry]:  # noqa: ANN401  (plain data)
    """Return the entries of a key in a table: a version, a table with one, or a list of such tables."""
    if isinstance(value, list):
        return [entry for item in value for entry in _of_table(section, name, item)]
    if not isinstance(value, dict):
        return [Entry(section, name, str(value), "{}")]
    rest = {key: item for key, item in value.items() if key != "version"}
    return [Entry(section, name, str(value.get("version", "")), json.dumps(rest, sort_keys=True))]


def _requirements(text: str) -> _Read:
    import optparse  # noqa: PLC0415

    from pip._internal.req.req_file import (  # noqa: PLC0415  (a second that only this kind needs)
        get_line_parser,
        ignore_comments,
        join_lines,
    )

    # Variables of the environment stay as they are written: `preprocess` of pip would put their values in.
    lines = ignore_comments(join_lines(enumerate(text.splitlines(), start=1)))
    parse = get_line_parser(None)
    entries, other, opaque = list[Entry](), list[str](), list[str]()
    for _, line in lines:
        try:
            asked, options = parse(line)
        except optparse.OptParseError as error:
            raise Unreadable(str(error)) from error
        given = {key: item for key, item in vars(options).items() if item not in (None, [], {})}
        if not asked:
            other.append(line.strip())
            continue
        try:
            entries.append(
                _requirement("", asked, str(given.get("hashes", "")) + str(given.get("config_settings", "")))
            )
        except InvalidRequirement:
            opaque.append(asked)
    return entries, {"lines": sorted(other), "opaque": sorted(opaque)}, opaque


def _conda(text: str) -> Entry:
    from rattler import MatchSpec  # noqa: PLC0415

    try:
        found = MatchSpec(text)
        whole = str(found)
        name = str(found.name.normalized)
        version = str(found.version or "")
    except Exception as error:
        raise Unreadable(f"{text}: {error}") from error
    return Entry("", str(name), version, (whole.replace(version, "", 1) if version else whole).strip())


def _environment(text: str) -> _Read:
    from ruamel.yaml import YAML  # noqa: PLC0415

    model = YAML(typ="safe", pure=True).load(text)
    if not isinstance(model, dict):
        raise Unreadable("no mapping")
    entries, opaque, others = list[Entry](), list[str](), list[Any]()
    for item in model.get("dependencies") or []:
        if isinstance(item, str):
            try:
                entries.append(_conda(item))
            except Unreadable:
                opaque.append(item)
        elif isinstance(item, dict) and isinstance(item.get("pip"), list):
            for line in item["pip"]:
                try:
                    entries.append(_requirement("pip", line))
                except (InvalidRequirement, TypeError):
                    opaque.append(str(line))
            others += [{key: value for key, value in item.items() if key != "pip"}]
        else:
            others.append(item)
    model["dependencies"] = [*others, *sorted(opaque)]
    return entries, json.loads(json.dumps(model, default=str)), opaque


def _npm(text: str) -> _Read:
    model = json.loads(text)
    if not isinstance(model, dict):
        raise Unreadable("no object")
    entries = []
    for section in _NPM:
        items = model.pop(section, None)
        for name, version in items.items() if isinstance(items, dict) else ():
            entries.append(Entry(section, name, str(version)))
    return entries, model, []


def _cargo(text: str) -> _Read:
    model = tomllib.loads(text)
    entries, tables = list[Entry](), [("", model)]
    tables += [(f"target:{name}:", table) for name, table in (model.get("target") or {}).items()]
    tables += [("workspace:", model["workspace"])] if isinstance(model.get("workspace"), dict) else []
    for prefix, table in tables:
        for section in _CARGO:
            items = table.pop(section, None)
            for name, value in items.items() if isinstance(items, dict) else ():
                entries += _of_table(prefix + section, name, value)
    return entries, model, []


def _gemfile(text: str) -> _Read:
    entries, found = list[Entry](), _GEM.finditer(text)
    for match in found:
        version = _GEM_VERSION.match(match["rest"])
        rest = match["rest"][version.end() :] if version else match["rest"]
        entries.append(Entry("", match["name"], version["version"] if version else "", rest.partition(" #")[0].strip()))
    other = [line.strip() for line in _GEM.sub("", text).splitlines() if line.strip() and line.strip()[0] != "#"]
    return entries, other, []


def _go_mod(text: str) -> _Read:
    entries, other, block = list[Entry](), list[str](), ""
    for raw in text.splitlines():
        line = raw.strip()
        if line.endswith("("):
            block = line.removesuffix("(").strip()
        elif line == ")":
            block = ""
        elif line and not line.startswith("//"):
            verb, _, rest = (block, "", line) if block else line.partition(" ")
            found = _GO.fullmatch(rest.strip()) if verb == "require" else None
            if found:
                entries.append(Entry("", found["module"], found["version"], found["rest"].strip()))
            else:
                other.append(f"{verb} {rest}")
    return entries, other, []


_READERS = {
    "pyproject": _pyproject,
    "requirements": _requirements,
    "conda": _environment,
    "npm": _npm,
    "cargo": _cargo,
    "gem": _gemfile,
    "go": _go_mod,
}
_TEXTS = r"\"\"\".*?\"\"\"|'''.*?'''|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'"
_COMMENTS = {
    "pyproject": re.compile(rf"(?:{_TEXTS})|(?P<said>#[^\n]*)", re.DOTALL),
    "requirements": re.compile(r"(?:^|(?<=[ \t]))(?P<said>#[^\n]*)", re.MULTILINE),
    "conda": re.compile(
        r"(?<=[\s\[:,-])(?:\"(?:[^\"\\]|\\.)*\"|'[^'\n]*')|(?:^|(?<=[ \t]))(?P<said>#[^\n]*)", re.MULTILINE
    ),
    "go": re.compile(r"(?:^|(?<=[ \t]))(?P<said>//[^\n]*)", re.MULTILINE),
}


def comments(kind: str, data: bytes) -> list[tuple[str, str]]:
    """Return each comment of a file with what stands before it on its line."""
    if kind == "npm":
        return []
    pattern = _COMMENTS.get(kind) or _COMMENTS["pyproject" if kind == "cargo" else "requirements"]
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    found = (match for match in pattern.finditer(text) if match.groupdict().get("said"))
    return [(match["said"].strip(), text[text.rfind("\n", 0, match.start()) + 1 : match.start()]) for match in found]
