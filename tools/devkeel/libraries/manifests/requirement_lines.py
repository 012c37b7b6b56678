"""The lines of a requirements file, as pip reads them, each with its place in the text.

pip's reader is src/pip/_internal/req/req_file.py, and its functions are named where this follows them. The one parser
of the format outside of pip, pip-requirements-parser, has had no release since 2022 and keeps no places.
"""

from __future__ import annotations

import codecs
import re
import shlex
from typing import TYPE_CHECKING

from msgspec import Struct
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename

from devkeel.errors import Place, Refused
from devkeel.libraries.manifests.requirement import Requirement, canonicalize_name, tolerant

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Encoding", "LogicalLine", "decoded", "lines_of", "tolerant_text"]

# As COMMENT_RE: at the start or after a blank.
_REMARK = re.compile(r"(?:^|\s+)#.*$")
_CODING = re.compile(rb"coding[:=]\s*([-\w.]+)")
# break_args_options: what begins with a hyphen, and all behind it, is options.
_OPTIONS = re.compile(r"(?:^| )-")
_EGG = re.compile(r"#(?:[^#]*&)?egg=([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)")
# A requirement with a variable is none before it is expanded (expand_env_variables).
_NAMED = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(?:[<>=!~;@(]|$)")
_HASH = re.compile(r"(?:\s|\\(?=\r?\n))*--hash[= ]\s*\S+")
_EDITABLE = ("-e", "--editable")
_REQUIRES = ("-r", "--requirement", "--requirements")
_CONSTRAINS = ("-c", "--constraint", "--constraints")
# auto_decode knows more marks; these are those that editors write.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Encoding(Struct, frozen=True):
    """How the bytes of a file become text. mark: its byte order mark."""

    name: str = "utf-8"
    mark: bytes = b""

    def offset(self, text: str, index: int) -> int:
        """Return the byte offset of an index of the text."""
        return len(self.mark) + len(text[:index].encode(self.name))


class LogicalLine(Struct, frozen=True):
    """A logical line: one, or several that backslashes join.

    start, end: where it stands, its line break included. number: of its first line, from 1. text: without remark and
    backslashes. argument: where the requirement stands. key: the normalised name of what it is about, where it has one.
    requirement: what packaging reads. hashes: where its `--hash` options stand, with the blanks before them. option:
    what a line without requirement begins with. included: the file behind -r, or -c where constraint.
    """

    start: int
    end: int
    number: int
    text: str
    argument: tuple[int, int]
    key: str | None = None
    requirement: Requirement | None = None
    hashes: tuple[tuple[int, int], ...] = ()
    option: str = ""
    included: str | None = None
    constraint: bool = False

    @property
    def shown(self) -> str:
        """The line as a sentence shows it: without options behind a requirement."""
        return self.text if self.option else _OPTIONS.split(self.text)[0].strip()


def decoded(data: bytes, name: str) -> tuple[str, Encoding]:
    """Return a file's text and encoding, as pip finds them. Raises Refused `not_utf8`."""
    encoding = Encoding()
    for mark, known in _MARKS:
        if data.startswith(mark):
            encoding = Encoding(known, mark)
            break
    else:
        for line in data.split(b"\n")[:2]:
            if line.startswith(b"#") and (found := _CODING.search(line)):
                encoding = Encoding(found[1].decode("ascii", "replace"))
                break
    try:
        return data[len(encoding.mark) :].decode(encoding.name), encoding
    except (LookupError, UnicodeDecodeError) as error:
        raise Refused(
            "not_utf8",
            f"{name} is not {encoding.name.upper()}.",
            place=Place(name),
            remedy="Save it as UTF-8, then repeat the edit.",
        ) from error


def tolerant_text(data: bytes) -> str:
    """Return a file's text, also where its encoding cannot be known."""
    try:
        return decoded(data, "")[0]
    except Refused:
        return data.decode("utf-8", "replace")


def lines_of(text: str) -> Iterator[LogicalLine]:
    """Yield the logical lines that are not empty; what is no requirement is yielded too."""
    position, begun, number, first = 0, 0, 0, 1
    parts = list[tuple[int, str]]()
    for raw in text.splitlines(keepends=True):
        number += 1
        start, bare = position, raw.splitlines()[0]
        position += len(raw)
        comment = _REMARK.match(bare) is not None
        if bare.endswith("\\") and not comment:
            # join_lines strips backslashes from both ends.
            lead = len(bare) - len(bare.lstrip("\\"))
            if not parts:
                begun, first = start, number
            parts.append((start + lead, bare.strip("\\")))
            continue
        if not parts:
            begun, first = start, number
        if comment and parts:
            # A comment ends the line before it, and stays when that goes.
            yield from _line(text, parts, begun, start, first)
        elif not comment:
            yield from _line(text, [*parts, (start, bare)], begun, position, first)
        parts = []
    if parts:
        yield from _line(text, parts, begun, position, first)


def _line(text: str, parts: list[tuple[int, str]], start: int, end: int, number: int) -> Iterator[LogicalLine]:
    joined = "".join(part for _, part in parts)
    remark = _REMARK.search(joined)
    whole = joined[: remark.start()] if remark else joined
    lead = len(whole) - len(whole.lstrip())
    stripped = whole.strip()
    if not stripped:
        return
    options = _OPTIONS.search(stripped)
    size = options.start() if options else len(stripped)
    argument = stripped[:size].rstrip()
    first, last = _place(parts, lead), _place(parts, lead + max(len(argument) - 1, 0)) + bool(argument)
    if argument:
        requirement = tolerant(argument)
        key = canonicalize_name(requirement.name) if requirement else _key(argument)
        final = _place(parts, remark.start()) if remark else end
        hashes = tuple(found.span() for found in _HASH.finditer(text, last, final)) if options else ()
        yield LogicalLine(start, end, number, stripped, (first, last), key, requirement, hashes)
        return
    option, value = _option(stripped)
    key = _key(value) if option in _EDITABLE else None
    included = value if option in (*_REQUIRES, *_CONSTRAINS) else None
    yield LogicalLine(
        start, end, number, stripped, (first, first), key, None, (), option, included, option in _CONSTRAINS
    )


def _place(parts: list[tuple[int, str]], index: int) -> int:
    """Return where in the text an index of the joined line stands."""
    for start, part in parts:
        if index < len(part):
            return start + index
        index -= len(part)
    start, part = parts[-1]
    return start + len(part)


def _option(stripped: str) -> tuple[str, str]:
    """Return the first option of a line and its value, in every way that optparse takes: `-rx`, `-r x`, `--long=x`."""
    try:
        words = shlex.split(stripped)
    except ValueError:
        words = stripped.split()
    first = words[0] if words else ""
    if first.startswith("--"):
        name, sign, value = first.partition("=")
        return name, value if sign else (words[1] if len(words) > 1 else "")
    return first[:2], first[2:] or (words[1] if len(words) > 1 else "")


def _key(argument: str) -> str | None:
    """Return the name in what is no requirement of PEP 508: of an egg, a file of a release, or before a variable."""
    egg = _EGG.search(argument)
    if egg:
        return canonicalize_name(egg[1])
    file = re.split(r"[?#]", argument)[0].replace("\\", "/").rpartition("/")[2]
    try:
        return str((parse_wheel_filename(file) if file.endswith(".whl") else parse_sdist_filename(file))[0])
    except (InvalidWheelFilename, InvalidSdistFilename):
        named = _NAMED.match(argument)
        return canonicalize_name(named[1]) if named and "://" not in named[0] else None
