"""Values that a project keeps apart from its declaration, in the files that dotenv reads: none of them is shown.

A file that is kept in version control as an example has none.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import quote

from devkeel.errors import DevkeelError
from devkeel.project.root import Project
from devkeel.text.expression import expression
from devkeel.text.secrets import names_a_secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["env_values", "famous"]

_EXAMPLES = ("example", "examples", "sample", "template", "dist", "tpl")
_NAMED = expression(r"filename\s*=\s*(\[[^\]]{0,2000}\]|\"[^\"\n]{1,200}\")")
_QUOTED = expression(r"\"([^\"\n]{1,200})\"")
_DECLARATIONS = ("devenv.nix", "devenv.local.nix")
_MOST_BYTES, _MOST_FILES, _MOST_VALUES = 256 * 1024, 20, 500
# NAME=VALUE and `export NAME="VALUE"`, whose value may have several lines.
_LINE = expression(
    r"^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][\w.-]*)[ \t]*[=:][ \t]*"
    r"(?:\"(?P<double>(?:[^\"\\]|\\.)*)\"|'(?P<single>[^']*)'|`(?P<back>[^`]*)`|(?P<bare>[^\n]*))",
    re.MULTILINE,
)
_SHORT = 6
# What everybody knows is no secret, and the word would be missed elsewhere.
_FAMOUS = (
    "postgres postgresql mysql mariadb mongodb redis rabbitmq root admin administrator user guest test testing tests "
    "default password passwd secret changeme example minio minioadmin devenv nixpkgs nixos devkeel localhost public "
    "true false enabled disabled none null undefined auto development production staging develop master debug info "
    "warning warn error verbose trace python nodejs node docker sqlite django flask rails postgresql+psycopg "
    "sqlite3 memory console stdout stderr"
)
_KNOWN = frozenset(_FAMOUS.split())
# An address without a password, a path, a number, a version or a host: a setting, unless its name says otherwise.
_SETTING = expression(
    r"[a-z][a-z0-9+.-]{0,20}://[^@\s?]*|(?:~|\.{1,2})?/[\w./~@+ -]*|[\d.,:_ -]+[smhdkMG]?|v?\d+(?:\.\d+)+\S{0,12}"
    r"|[A-Za-z]+|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?::\d+)?|localhost:\d+|[a-z]{2}-[a-z]+-\d|[a-z]{2}_[A-Z]{2}(?:\.UTF-8)?",
    re.IGNORECASE,
)


def env_values(root: Path) -> tuple[str, ...]:
    """Return the values of a project's `.env` files that are not to be shown, also as other texts spell them."""
    project = Project(root)
    found: dict[str, None] = {}
    for name in _files(project):
        with suppress(DevkeelError):
            data = project.read(name) or b""
            for value in _values(data[:_MOST_BYTES].decode("utf-8", "replace")):
                found |= dict.fromkeys(_spellings(value))
    return tuple(found)[:_MOST_VALUES]


def _files(project: Project) -> list[str]:
    found = [name for name in project.room.names() if _holds_values(name)]
    return list(dict.fromkeys([*found, *_named(project)]))[:_MOST_FILES]


def _holds_values(name: str) -> bool:
    lower = name.lower()
    return (lower == ".env" or lower.startswith(".env.")) and lower.rpartition(".")[2] not in _EXAMPLES


def _named(project: Project) -> Iterator[str]:
    """Yield the files that `dotenv.filename` names, where it is written out."""
    for name in _DECLARATIONS:
        with suppress(DevkeelError):
            text = (project.read(name) or b"").decode("utf-8", "replace")
            if "dotenv" in text:
                for match in _NAMED.finditer(text):
                    yield from _QUOTED.findall(match[1])


def _values(text: str) -> Iterator[str]:
    for match in _LINE.finditer(text):
        value = next((match[kind] for kind in ("double", "single", "back") if match[kind] is not None), None)
        if value is None:
            value = re.sub(r"\s+#.*", "", match["bare"] or "").strip()
        if _is_private(match["name"], value):
            yield value


def famous(value: str) -> bool:
    """Return whether everybody knows a value, as the password that a database has by default."""
    return len(value) < _SHORT or value.casefold() in _KNOWN


def _is_private(name: str, value: str) -> bool:
    if famous(value):
        return False
    return names_a_secret(name) or _SETTING.fullmatch(value) is None


def _spellings(value: str) -> Iterable[str]:
    """Yield a value as it may stand elsewhere: with what Nix, JSON and addresses write for some signs, line by line."""
    plain = value.replace("\\n", "\n")
    escaped = json.dumps(plain, ensure_ascii=False)[1:-1]
    # As it is, as JSON (RFC 8259, section 7), as Nix text, where `${` begins an interpolation, and in an address (RFC
    # 3986, 2.1).
    yield from (value, plain, escaped, escaped.replace("${", "\\${"), quote(plain, safe=""))
    if "\n" in plain:
        yield from (line.strip() for line in plain.split("\n") if len(line.strip()) > 2 * _SHORT)
    password = re.search(r"://[^\s:/@]*:(\S+)@", plain)
    if password is not None and len(password[1]) >= _SHORT:
        yield password[1]
