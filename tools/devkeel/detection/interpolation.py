"""Variables of `.env` files, and texts of a compose file in which they are filled in as Docker Compose does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkeel.detection.repository import RepositoryFile

__all__ = ["EnvLine", "KnownVariables", "env_lines", "variables_of"]

# Docker, "Syntax for environment files": `NAME=VALUE`, quotes are taken off, ` #` begins a comment behind plain values.
_LINE = re.compile(
    r"\s*(?:export\s+)?(?P<name>[A-Za-z_]\w*)\s*[=:]\s*"
    r"(?:\"(?P<double>(?:[^\"\\]|\\.)*)\"|'(?P<single>[^']*)'|(?P<bare>.*?))\s*(?:(?:^|(?<=\s))#.*)?"
)
# compose-spec, "Interpolation": `$$` is a dollar; `${V:-d}` and `${V-d}` have a default, `${V:?e}` and `${V?e}` want
# one, `${V:+a}` and `${V+a}` are another text where there is one.
_EXPANSION = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<plain>[A-Za-z_]\w*)|\{(?P<name>[A-Za-z_]\w*)(?:(?P<sign>:?[-?+])(?P<word>[^{}]*))?\})"
)


# What is filled in may stand in a text thousands of times.
_LONGEST, _LONGEST_TEXT = 1024, 64 * 1024


class EnvLine(NamedTuple):
    """A variable of an `.env` file. line: from 1."""

    name: str
    value: str
    line: int


def env_lines(file: RepositoryFile) -> Iterator[EnvLine]:
    """Yield the variables of a file as dotenv reads them; other lines are passed over."""
    for number, line in enumerate(file.lines, 1):
        found = None if line.lstrip().startswith("#") else _LINE.fullmatch(line)
        if found is not None:
            values = (found[kind] for kind in ("double", "single", "bare"))
            yield EnvLine(found["name"], next(value for value in values if value is not None), number)


class KnownVariables:
    """Fills in the variables that are known."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def of(self, text: str | None) -> str | None:
        """Return a text with its variables filled in, None where one of them is not known."""
        found = [*_EXPANSION.finditer(text or "")]
        values = [self._value(match) for match in found]
        if text is None or None in values or sum(map(len, filter(None, values))) > _LONGEST_TEXT:
            return None
        done, at = "", 0
        for match, value in zip(found, values, strict=True):
            done += f"{text[at : match.start()]}{value}"
            at = match.end()
        return None if "${" in text[at:] else done + text[at:]

    def _value(self, match: re.Match[str]) -> str | None:
        if match["escaped"]:
            return "$"
        value, sign, word = self._values.get(match["plain"] or match["name"]), match["sign"] or "", match["word"]
        if sign.endswith("+"):
            return word if value else ""
        if value or (value is not None and not sign.startswith(":")):
            return value
        return word if sign.endswith("-") else None


def variables_of(file: RepositoryFile, names: tuple[str, ...]) -> KnownVariables:
    """Return the variables of files beside one; an earlier file's count more."""
    values = dict[str, str]()
    for name in reversed(names):
        other = file.beside(name)
        if other is not None:
            values |= {item.name: item.value for item in env_lines(other) if len(item.value) <= _LONGEST}
    return KnownVariables(values)
