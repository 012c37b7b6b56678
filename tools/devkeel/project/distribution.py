"""Where store paths come from, and which machines build: `[[caches]]` and `[[builders]]` of devkeel.toml.

What is read here becomes words of Nix' own settings, which are lines that are split at blanks: nothing that could begin
another word, another line or an option of ssh passes.
"""

from __future__ import annotations

import base64
import os
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from urllib.parse import SplitResult

__all__ = [
    "BUILDERS",
    "CACHES",
    "Builder",
    "Cache",
    "builders_in",
    "caches_in",
    "place_of",
    "why_wrong",
]

CACHES, BUILDERS = "caches", "builders"


class Cache(Struct, frozen=True):
    """A store that paths are taken from, and uploaded to.

    url: as Nix names a store. public_key: `NAME:BASE64`, by which its paths are believed. priority: the one with the
    lowest is asked first. secret_key_file: what uploads are signed with; absolute, below `~`, or relative to the root.
    """

    url: str
    public_key: str | None = None
    priority: int | None = None
    secret_key_file: str | None = None


class Builder(Struct, frozen=True):
    """A machine that builds for this one, in the words of Nix' `builders` setting.

    systems: none for the system of this machine. ssh_key_file: absolute, below `~`, or relative to the root.
    public_host_key: a line of known_hosts without the host.
    """

    uri: str
    systems: tuple[str, ...] = ()
    ssh_key_file: str | None = None
    max_jobs: int = 1
    speed_factor: int = 1
    features: tuple[str, ...] = ()
    mandatory_features: tuple[str, ...] = ()
    public_host_key: str | None = None


_SCHEMES = ("file", "http", "https", "s3", "ssh", "ssh-ng")
_WEB = ("http", "https")
_REMOTE = ("ssh", "ssh-ng")
# nix.conf is read by lines, a line up to `#`, and its words are split at blanks (nix, src/libutil/configuration.cc);
# the machines of `builders` also at `;` (nix, src/libstore/machines.cc).
_PLAIN = re.compile(r"[!-~]+")
_BREAKS = frozenset("#\"'\\;<>`")
_WORD = re.compile(r"[A-Za-z0-9_.+][\w.+-]*", re.ASCII)
# What stands beside it would be another word of the setting, or another line.
_PUBLIC_KEY = re.compile(r"[\w.+-]+:[A-Za-z0-9+/]+={0,2}", re.ASCII)
_HOST_KEY = re.compile(r"(?:ssh|ecdsa|sk)-[\w@.-]+ [A-Za-z0-9+/]+={0,2}(?: [^\s]+)?", re.ASCII)
# nix, src/libstore/crypto.cc: an Ed25519 key has 32 bytes; the secret one has both halves.
_PUBLIC_BYTES, _SECRET_BYTES = 32, 64
_MOST = 2**31 - 1
_LONGEST = 1024


def why_wrong(key: str, value: object) -> str | None:
    """Return why a table of `caches` cannot have this value of a key, None where it can. It repeats nothing of it."""
    return _CACHE[key](value)


def _cache_url(url: object) -> str | None:
    if not isinstance(url, str):
        return "is text"
    why = _why_no_store(url, _SCHEMES)
    if why is not None:
        return why
    # A store takes settings in its URL (nix, `nix help-stores`).
    given = {name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)}
    if given & {"secret-key", "secret-keys"}:
        return "has a secret key in its URL: name its file by secret_key_file"
    if "trusted" in given:
        return "has `trusted` in its URL, by which Nix believes what nobody signed"
    return None


def _public_key(text: object) -> str | None:
    if not isinstance(text, str):
        return "is text"
    if _is_secret_key(text):
        return "is a secret key, or a signature: take it out, and make a new one where it was published"
    if not _PUBLIC_KEY.fullmatch(text) or _size(text) != _PUBLIC_BYTES:
        return "is no public key: NAME:BASE64, as `nix key convert-secret-to-public` prints it"
    return None


def _is_secret_key(text: str) -> bool:
    """Return whether a text is a secret key itself, or a signature, which has the same form."""
    return _size(text) == _SECRET_BYTES


def _size(text: str) -> int:
    """Return how many bytes the key has in NAME:BASE64, 0 where it is none."""
    try:
        return len(base64.b64decode(text.partition(":")[2].strip(), validate=True))
    except ValueError:
        return 0


def place_of(root: Path, named: str) -> Path:
    """Return the file that an entry names; `~name` of no user is a directory of that name, which is not there."""
    return root / os.path.expanduser(named)  # noqa: PTH111  (Path.expanduser raises where there is no such user)


def caches_in(found: object, error: Callable[[str, tuple[str, ...]], Exception]) -> tuple[Cache, ...]:
    """Return the caches of the array of tables `caches`.

    error: makes the error of a sentence and the keys that lead to what it is about.
    """
    return tuple(Cache(**table) for table in _tables(CACHES, "url", found, _CACHE, error))


def builders_in(found: object, error: Callable[[str, tuple[str, ...]], Exception]) -> tuple[Builder, ...]:
    """Return the machines of the array of tables `builders`; error: as for `caches_in`."""
    return tuple(_builder(table) for table in _tables(BUILDERS, "uri", found, _BUILDER, error))


def _builder(table: Mapping[str, Any]) -> Builder:
    given: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    return Builder(**given)


def _tables(
    name: str,
    main: str,
    found: object,
    kinds: Mapping[str, Callable[[Any], str | None]],
    error: Callable[[str, tuple[str, ...]], Exception],
) -> Sequence[dict[str, Any]]:
    """Return the tables of an array, each with `main` and what `kinds` knows; no two have the same `main`."""
    if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
        raise error(f"{name} are tables of their own, each under [[{name}]]", (name,))
    seen = set[str]()
    for number, table in enumerate(found):
        way = (name, str(number))
        if main not in table:
            raise error(f"a table of {name} has no {main}", way)
        for key, value in table.items():
            if key not in kinds:
                raise error(f"a table of {name} has other keys than {', '.join(kinds)}", (*way, key))
            why = kinds[key](value)
            if why is not None:
                raise error(f"{key} of {name} {why}", (*way, key))
        if table[main] in seen:
            raise error(f"{name} names the same {main} twice", (*way, main))
        seen.add(table[main])
        if name == CACHES and "public_key" not in table and urlsplit(table[main]).scheme in _WEB:
            raise error("a cache on the web needs its public_key: Nix believes nothing of it without", (*way, main))
    return found


def _why_no_store(url: str, schemes: tuple[str, ...]) -> str | None:
    if not _PLAIN.fullmatch(url) or set(url) & _BREAKS:
        return "has a blank, or a character that Nix' settings cannot hold; write it as %XX"
    try:
        parts = urlsplit(url)
        _ = parts.port  # looked at when it is asked for
    except ValueError:
        return "is no URL"
    if len(url) > _LONGEST:
        return f"has more than {_LONGEST} characters"
    if parts.scheme not in schemes:
        return f"begins with none of {', '.join(f'{name}://' for name in schemes)}"
    if parts.scheme == "file":
        return None if not parts.netloc and parts.path.startswith("/") else "names no absolute path"
    return _why_no_host(parts)


def _why_no_host(parts: SplitResult) -> str | None:
    if parts.password is not None:
        return "has a password in its URL: put it into the netrc-file of Nix"
    # A token is often given as a user without a password (RFC 7617 leaves that to the host).
    if parts.username is not None and parts.scheme in _WEB:
        return "has a user in its URL, which may be a token: put it into the netrc-file of Nix"
    # ssh(1) takes what begins with a hyphen for an option, which may name a program (CVE-2017-1000117 and its kin).
    # Some Nix take escapes out of it first (nix, src/libutil/url.cc, `ParsedURL::Authority::parse`).
    host, user = (unquote(part or "") for part in (parts.hostname, parts.username))
    if not host or not f"{user}{host}".isprintable() or " " in f"{user}{host}" or "-" in (host[0], user[:1]):
        return "names no host"
    return None


def _builder_uri(value: object) -> str | None:
    if not isinstance(value, str):
        return "is text"
    why = _why_no_store(value, _REMOTE)
    if why is None and "ssh-key" in dict(parse_qsl(urlsplit(value).query, keep_blank_values=True)):
        return "has a key in its URL: name the file by ssh_key_file"
    return why


def _host_key(value: object) -> str | None:
    if not isinstance(value, str) or not _HOST_KEY.fullmatch(value):
        return "is no key of a host: `ssh-ed25519 AAAA…`, as its /etc/ssh/ssh_host_ed25519_key.pub has it"
    return None


def _path(value: object) -> str | None:
    if not isinstance(value, str) or not value:
        return "is the path of a file"
    # A private key in the place of its path: what is said does not repeat it.
    held = value.isprintable() and len(value) < _LONGEST and not _is_secret_key(value)
    return None if held else "is the path of a file, and not what is in it"


def _plain_path(value: object) -> str | None:
    why = _path(value)
    if why is None and (not _PLAIN.fullmatch(str(value)) or set(str(value)) & _BREAKS):
        return "has a character that Nix' `builders` setting cannot hold"
    return why


def _number(least: int) -> Callable[[Any], str | None]:
    def why(value: object) -> str | None:
        good = isinstance(value, int) and not isinstance(value, bool) and least <= value <= _MOST
        return None if good else f"is a whole number from {least} on"

    return why


def _words(value: object) -> str | None:
    good = isinstance(value, list) and all(isinstance(item, str) and _WORD.fullmatch(item) for item in value)
    return None if good else "is a list of names"


_CACHE: Mapping[str, Callable[[Any], str | None]] = {
    "url": _cache_url,
    "public_key": _public_key,
    "priority": _number(0),
    "secret_key_file": _path,
}
_BUILDER: Mapping[str, Callable[[Any], str | None]] = {
    "uri": _builder_uri,
    "systems": _words,
    "ssh_key_file": _plain_path,
    "max_jobs": _number(1),
    "speed_factor": _number(1),
    "features": _words,
    "mandatory_features": _words,
    "public_host_key": _host_key,
}
