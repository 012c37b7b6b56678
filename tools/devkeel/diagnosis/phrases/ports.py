"""What servers print where the port that they want is another's already.

The system's words are EADDRINUSE's (errno(3)): `Address already in use`; servers add which port, or ask back.
"""

from __future__ import annotations

from devkeel.diagnosis.phrase import Phrase

__all__ = ["PHRASES"]

# No part of a time or of a number with a point in it.
_N = r"(?P<subject>[1-9]\d{1,4})(?!\d|[.:]\d)"
_ADDRESS = r"(?<![\w.*:])(?:\[?[\w.*:]{0,45}\]?|\('[\w.:]{0,45}')(?::|, |:: ?)"


def _port(name: str, hint: str, pattern: str, *, lines: int = 1, before: int = 0, weight: int = 80) -> Phrase:
    return Phrase(f"port.{name}", "port", hint, pattern, lines=lines, before=before, weight=weight)


PHRASES = (
    _port("node", "EADDRINUSE", rf"EADDRINUSE[^\n]{{0,60}}?{_ADDRESS}{_N}"),
    _port("node_object", "'EADDRINUSE'", rf"\bport: {_N}", lines=7),
    # Before it: Go (`listen tcp :8080: bind: …`), nginx, redis, PostgreSQL, Docker; after it: asyncio, puma, Erlang.
    _port(
        "before", "ddress already in use", rf"(?:{_ADDRESS}|\bport[ :\"=]{{1,3}}){_N}[^\n]{{0,80}}ddress already in use"
    ),
    _port(
        "before_quoted",
        "ddress already in use",
        rf"(?:{_ADDRESS}){_N}['\")\]]{{1,3}}[^\n]{{0,80}}ddress already in use",
    ),
    _port(
        "after", "ddress already in use", rf"ddress already in use[^\n]{{0,80}}?(?:{_ADDRESS}|\bport[ :=]{{1,2}}){_N}"
    ),
    _port("near", "ddress already in use", rf"(?:{_ADDRESS}|\b[Pp]ort[ :=]{{1,2}}){_N}", lines=3, before=4, weight=60),
    _port(
        "in_use",
        "in use",
        rf"\b[Pp]ort:? ['\"]?{_N}['\"]? (?:is|was|are)? ?(?:already |currently )?(?:being )?(?:in use|used|taken)",
    ),
    _port("gunicorn", "onnection in use", rf"onnection in use: {_ADDRESS}{_N}"),
    _port("in_use_by", "in use", rf"(?:{_ADDRESS}){_N}['\"]? (?:is|was) (?:already |currently )?in use"),
    _port(
        "taken",
        "already",
        rf"\b[Pp]ort:? ['\"]?{_N}['\"]? (?:is |was )?already (?:allocated|taken|used|bound|occupied|open|running)",
    ),
    _port("something", "already running on port", rf"already running on port {_N}"),
    _port(
        "listening",
        "already listening",
        rf"(?:{_ADDRESS}|\bport ){_N}[^\n]{{0,60}}already listening|already listening on (?:port )?{_ADDRESS}?\d",
    ),
    _port("docker", "port is already allocated", rf"[Bb]ind for [\w.:\[\]]{{1,45}}:{_N} failed"),
    _port("compose", "ports are not available", rf"{_ADDRESS}{_N}[^\n]{{0,120}}ddress already in use"),
    _port("bind", "ailed to bind", rf"ailed to bind (?:to )?(?:address )?(?:\w+://)?['\"/]{{0,2}}{_ADDRESS}{_N}"),
    _port("could_not_bind", "ould not bind", rf"ould not bind[^\n]{{0,60}}(?:{_ADDRESS}|\bport ){_N}"),
    _port("cannot", "annot assign requested port", rf"{_N}"),
    _port("errno", "Errno 98", rf"[Ee]rror while attempting to bind on address \('[\w.:]{{1,45}}', {_N}"),
    _port("rust", "AddrInUse", rf"(?:{_ADDRESS}|\bport[ :=]{{1,2}}){_N}", lines=1, before=2),
    _port("windows", "Only one usage of each socket address", rf"{_ADDRESS}{_N}"),
    # Django's runserver, gunicorn and others name no port: what they were told to listen on may stand near.
    Phrase(
        "port.unnamed",
        "port",
        "already in use",
        r"(?P<subject>(?:[Tt]hat port is|[Aa]ddress) already in use)",
        weight=40,
    ),
)
