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
from devkeel.source.joined_lines import joined_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Encoding", "LogicalLine", "decoded", "lines_of", "tolerant_text"]

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
    for line in joined_lines(text):
        place = line.start, line.end, line.number, line.text, (line.first, line.last)
        if line.argument:
            requirement = tolerant(line.argument)
            key = canonicalize_name(requirement.name) if requirement else _key(line.argument)
            has_options = len(line.argument) < len(line.text)
            found = _HASH.finditer(text, line.last, line.until) if has_options else ()
            yield LogicalLine(*place, key, requirement, tuple(item.span() for item in found))
            continue
        option, value = _option(line.text)
        key = _key(value) if option in _EDITABLE else None
        included = value if option in (*_REQUIRES, *_CONSTRAINS) else None
        yield LogicalLine(*place, key, None, (), option, included, option in _CONSTRAINS)


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
