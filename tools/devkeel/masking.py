"""Secrets in text that others wrote: what looks like one is replaced before anybody reads it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["MASK", "blot", "mask", "names_a_secret", "secrets_in"]

MASK = "***"
_SHORTEST = 6

_WORDS = (
    r"(?:passwords?|passwd|passphrase|secrets?|tokens?|api[_-]?keys?|access[_-]?keys?|private[_-]?keys?|credentials?)"
)
_NAME = re.compile(rf"(?:^|[_.-]){_WORDS}(?:$|[_.-])", re.IGNORECASE)
# PGPASSWORD=…, "api_key": "…", --token …: the name stays, so that a reader knows what was there.
_ASSIGNED = re.compile(
    rf"(?P<name>\b[\w.-]*{_WORDS}[\"']?\s*(?:=|:)\s*[\"']?|--[\w-]*{_WORDS}\s+)(?P<value>[^\s\"',;&]{{{_SHORTEST},}})",
    re.IGNORECASE,
)
_IN_URL = re.compile(r"(?P<name>\b[a-z][a-z0-9+.-]*://[^\s:/@]*:)(?P<value>[^\s/@]+)(?=@)", re.IGNORECASE)
_HEADER = re.compile(r"(?P<name>\b(?:Bearer|Basic)\s+)(?P<value>[A-Za-z0-9+/=._~-]{8,})")
_BLOCK = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
# Tokens that are known by how they begin: GitHub, GitLab, Slack, AWS, OpenAI and its like, JSON web tokens.
_KNOWN = re.compile(
    r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}"
    r"|sk-[\w-]{20,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)"
)


def names_a_secret(name: str) -> bool:
    """Tell whether a variable of that name has a value that is nobody's business."""
    return _NAME.search(name) is not None or name.upper().endswith(("PASSWORD", "PASSWD"))


def secrets_in(variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values of variables whose names say that they are secret."""
    return tuple(value for name, value in variables.items() if names_a_secret(name))


def mask(text: str, values: Iterable[str] = ()) -> str:
    """Return text with `***` for each of the given values, and for what has the look of a secret."""
    for value in sorted({item for item in values if len(item) >= _SHORTEST}, key=len, reverse=True):
        text = text.replace(value, MASK)
    text = _KNOWN.sub(MASK, _BLOCK.sub(MASK, text))
    for pattern in (_IN_URL, _HEADER, _ASSIGNED):
        text = pattern.sub(rf"\g<name>{MASK}", text)
    return text


def blot(data: bytes, values: Iterable[str] = ()) -> bytes:
    """Return as many bytes, with `*` for each that `mask` would hide: for text that is shown in parts."""
    for value in sorted({item.encode() for item in values if len(item) >= _SHORTEST}, key=len, reverse=True):
        data = data.replace(value, b"*" * len(value))
    text = data.decode("latin-1")  # a byte is a character, and what is looked for is ASCII
    for pattern in (_BLOCK, _KNOWN):
        text = pattern.sub(lambda found: "*" * len(found[0]), text)
    for pattern in (_IN_URL, _HEADER, _ASSIGNED):
        text = pattern.sub(lambda found: found["name"] + "*" * len(found["value"]), text)
    return text.encode("latin-1")
