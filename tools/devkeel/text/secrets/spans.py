"""Where secrets are in a text: by their form, in addresses and headers, and behind the names that announce them.

Every search is linear in the text. What may begin anywhere is bounded in length, and names are read once, from where
they begin: an unbounded pattern that is tried at each place would take a time that grows with the square.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from devkeel.text.expression import expression
from devkeel.text.secrets.anchors import folded, matches, occurrences, run_before, runs
from devkeel.text.secrets.names import IN_NAMES, Kind, kind_of
from devkeel.text.secrets.placeholders import is_secret
from devkeel.text.secrets.token_forms import private_keys, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Span", "find"]

Span = tuple[int, int]
_LEAST = 4
_LONGEST_USERINFO = 512

# scheme://user: and what follows up to the last @ before a host.
_ADDRESS = expression(r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{0,30}:/{2,3}(?P<user>[^\s:/@?#\"'<>`]{0,128}):")
_TOKEN_ADDRESS = expression(
    r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{0,30}://(?P<token>[^\s:/@?#\"'<>`]{16,256})@[\w.-]"
)
_SCHEME = expression(r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]*\Z")
_LONGEST_SCHEME = 31
_HOST = expression(
    r"@(?:\[[0-9A-Fa-f:.%]{2,50}\]|[\w.-]{0,253})"
    r"(?=[:/?#\s\"'`<>()\[\]{}|\\*]|[,;](?:\s|\Z|[\w.-]{1,253}(?::\d{1,5})?(?:[,/]|\Z))|\Z)"
)
_FURTHER = expression(r"(?: [^\s@]{0,64}){0,3} [^\s]{0,64}@(?:\[[0-9A-Fa-f:.%]{2,50}\]|[\w.-]{1,253})(?=:\d|/)")
_PORT = expression(r"\d{1,5}(?=[/?#\s\"'`<>,;)\]}|\\]|\Z)")
_USERINFO_END = expression(r"[\"'`<>\n\r{}|\\]")
_WEB = ("http", "ws", "git+http")

_HEADER = expression(
    r"\b(?:(?:Bearer|Basic|Negotiate)[ \t]{1,4}(?P<scheme>[A-Za-z0-9+/=._~-]{8,}))"
    r"|\b(?:authorization|x-[a-z-]{0,30}(?:token|key|secret|auth)|private-token|job-token|cookie|set-cookie)"
    r"[\"']?[ \t]{0,4}(?:=(?![=~>])|:(?![:=]))[ \t]{0,4}[\"']?"
    r"(?:(?:Bearer|Basic|Token|Digest|ApiKey|AWS4-HMAC-SHA256)[ \t]{1,4})?"
    r"(?P<header>[^\s\"'][^\n\"']{5,})",
    re.IGNORECASE,
)
# What these begin with, in small letters; those of the form `x-…` are found by the word in them.
_HEADERS = ("bearer", "basic", "negotiate", "authorization", "private-token", "job-token", "cookie", "set-cookie")
_IN_HEADERS = ("token", "key", "secret", "auth")
_LONGEST_HEADER = 32
# Options of programs that take a password: `mysql -pX`, `sshpass -p X`, `docker login -p X`, `curl -u me:X`.
_OPTION = expression(
    r"(?:\b(?:mysql|mysqldump|mysqladmin|mysqlimport|mysqlcheck|mariadb|mariadb-dump|mariadb-admin)\b[^\n|;&]{0,200}?[\s\"',]-p"
    r"(?P<glued>[^\s\"',]{4,})"
    r"|\b(?:sshpass|(?:docker|podman|skopeo|buildah|helm|az|oc|cf|kubectl|npm|nerdctl)[\s\"',]+(?:registry[\s\"',]+)?login)\b"
    r"[^\n|;&]{0,200}?[\s\"',]-p[\s\"',]{0,6}(?P<apart>[^\s\"',]{4,})"
    r"|\bredis-cli\b[^\n|;&]{0,200}?[\s\"',]-a[\s\"',]{1,6}(?P<redis>[^\s\"',]{4,})"
    r"|\b(?:curl|wget|http|https|xh)\b[^\n|;&]{0,300}?[\s\"',](?:-u|--user|-a|--auth|--proxy-user|-U)[\s\"',=]{1,6}[\w.@-]{0,80}:"
    r"(?P<pair>[^\s\"',@]{4,}))"
)
# What must be in a text for an option to count, and the programs that it counts for.
_PROGRAMS = (
    (("-p",), ("mysql", "mariadb", "sshpass")),
    (("login",), ("docker", "podman", "skopeo", "buildah", "helm", "az", "oc", "cf", "kubectl", "npm", "nerdctl")),
    (("-a",), ("redis-cli",)),
    (("-u", "--user", "-a", "--auth", "--proxy-user", "-U"), ("curl", "wget", "http", "xh")),
)
# `--token X`, `--api-key "X"`, also in a list: ["--password", "X"].
_LONG_OPTION = expression(
    r"(?<![\w-])--?(?P<name>[A-Za-z][\w-]{1,60})(?:[\"'],?[\s,]{1,4}[\"']|\s{1,4}[\"']?)(?P<value>[^\s\"',;-][^\s\"']*)"
)
# netrc, SQL, Dockerfiles, fish, redis.conf: a name and a value with only white space between them.
_WORDS = expression(
    r"\blogin\s{1,8}\S{1,128}\s{1,8}password\s{1,8}(?P<netrc>\S{1,512})"
    r"|\bmachine\s{1,8}\S{1,256}\s{1,8}password\s{1,8}(?P<machine>\S{1,512})"
    r"|\b(?:password|identified\s{1,4}by)\s{1,4}(?:=\s{0,4})?(?P<q>['\"])(?P<sql>[^'\"\n]{4,256})(?P=q)"
    r"|\b(?:ENV|setenv|set[ \t]{1,4}-[gUux]{1,4}|setx"
    r"|(?:aws|npm|pnpm|yarn|pip3?|poetry|git|composer|gcloud|conda|bundle)[ \t]{1,4}config(?:ure)?"
    r"(?:[ \t]{1,4}--?[a-z][\w-]{0,20}){0,3}(?:[ \t]{1,4}set)?)"
    r"[ \t]{1,4}[\"']?(?P<name>[A-Za-z_/][\w./:-]{0,120})[\"']?[ \t]{1,4}[\"']?"
    r"(?P<env>[^\s\"'=]{4,})"
    r"|\b(?:requirepass|masterauth|user-pass)[ \t]{1,4}[\"']?(?P<redis>[^\s\"']{4,})"
    r"|^[ \t]*password[ \t]{1,8}(?P<line>\S{1,512})[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
# What these begin with beside `login`, `machine` and `password`.
_SETTING = ("identified", "env ", "env\t", "set ", "set\t", "setx", "requirepass", "masterauth", "user-pass")
_CONFIGURED = ("aws", "npm", "yarn", "pip", "poetry", "git", "composer", "gcloud", "conda", "bundle")
# localhost:5432:*:me:password, a line of .pgpass.
_PGPASS = expression(
    r"^[\w.*/-]{1,253}:(?:\*|543\d|6432|5\d{4}):[\w*-]{1,63}:[\w*.-]{1,63}:(?P<value>\S{4,512})$", re.MULTILINE
)
# The signature in an address that lets whoever has it in; the login in Docker's settings; OpenSSL's pass phrases.
_SIGNATURE = expression(
    r"(?<=[?&;])(?:sig|signature|x-amz-signature|x-goog-signature|x-amz-security-token)=(?P<signature>[\w%+/=-]{20,})"
    r"|\"auth\\?\"\s{0,4}:\s{0,4}\\?\"(?P<auth>[A-Za-z0-9+/]{8,}={0,2})\\?\""
    r"|-pass(?:in|out)?[\s\"',=]{1,6}pass:(?P<phrase>[^\s\"',]{4,})"
    r"|-key-data:\s{0,4}\"?(?P<data>[A-Za-z0-9+/]{40,}={0,2})"
    r"|jdbc:oracle:thin:[\w.-]{1,60}/(?P<oracle>\S{4,128}?)@",
    re.IGNORECASE,
)
_SIGNING = (
    "sig=",
    "signature=",
    "x-amz-sig",
    "x-goog-sig",
    "x-amz-security-token=",
    '"auth',
    "-pass",
    "-key-data:",
    "jdbc:oracle:",
)
_XML = expression(r"<(?P<name>[A-Za-z][\w.:-]{0,80})>(?P<value>[^<>\n]{4,512})</")
_LONGEST_ELEMENT = 82
# A name and its value side by side, as in XML, in the env of a container and in the answers of devkeel itself.
_APART = expression(
    r"\b(?:key|name|path|variable)[\"']?\s{0,4}[:=]\s{0,4}[\"']?(?P<name>[\w.:-]{1,120})[\"']?,?\s{1,40}[\"']?(?:value|source)[\"']?"
    r"\s{0,4}[:=]\s{0,4}\\?[\"']?(?P<value>[^\"'\s<>][^\"'\n<>]{3,512})",
    re.IGNORECASE,
)

_LISTING = ("key", "name", "path", "variable")

# A name is read from where it begins to where it ends, and whole or not at all.
_NAME = expression(
    r"(?<![\w.-])-{0,2}(?P<name>[A-Za-z_][\w.-]*+)(?P<after>\\?[\"'\]]{0,2}[ \t]{0,8})"
    r"(?P<sep>\?=|:=|\+=|=>|=(?![=~>])|:(?![:=/]))"
    r"(?P<space>[ \t]{0,16}(?:[|>][+-]?[ \t]{0,8})?(?:\\?\r?\n[ \t]{0,40}(?=[\"']|[^\s\"':=#]+[ \t]*(?:\n|\Z)))?)"
)
_QUOTED = expression(r"(?P<open>\\?\"\"\"|'''|''|\\?\"|\\?'|`)")
# Unquoted: up to white space or a quote, and up to a separator only where something else begins behind it.
_BARE = expression(
    r"(?:[^\s\"'`,;&)\]}<>]|[,;&)\]}<>](?!\s|\Z|[\"'&;,)\]}<]|[A-Za-z][\w .-]{0,40}[=:]|\Z)|(?<=[\w])[\"'`](?=[\w]))+"
)


def find(text: str) -> list[Span]:
    """Return where secrets are, in order and without overlaps."""
    return list(_remembered(text)) if len(text) <= _SHORT else _searched(text)


# Answers say the same words over and over: names of fields, codes, levels, paths.
_SHORT = 80


@lru_cache(maxsize=2048)
def _remembered(text: str) -> tuple[Span, ...]:
    return tuple(_searched(text))


def _searched(text: str) -> list[Span]:
    small = folded(text)
    found = [*private_keys(text), *tokens(text), *_in_addresses(text), *_in_words(text, small)]
    names = occurrences(small, IN_NAMES)
    if names:
        found += [*_beside_names(text, small, names), *_behind_names(text, names)]
    return _joined(found)


def _joined(spans: list[Span]) -> list[Span]:
    result: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def _in_addresses(text: str) -> Iterator[Span]:
    starts = [scheme.start() for place in occurrences(text, ["://"]) if (scheme := _scheme(text, place)) is not None]
    for match in matches(_ADDRESS, text, starts):
        start = match.end()
        end = _userinfo_end(text, start, web=match[0].lower().startswith(_WEB))
        if end is not None and not set(text[start:end]) <= {"*"} and not text[start:end].startswith(("$", "{{")):
            yield start, end
    for match in matches(_TOKEN_ADDRESS, text, starts):
        token = match["token"]
        if any(sign.isdigit() for sign in token) and any(sign.isalpha() for sign in token):
            yield match.span("token")


def _scheme(text: str, end: int) -> re.Match[str] | None:
    return _SCHEME.search(text, max(0, end - _LONGEST_SCHEME), end)


def _userinfo_end(text: str, start: int, *, web: bool) -> int | None:
    """Return where the password of an address ends; None where there is none.

    A password may have `/`, `@`, `,`, `&` and blanks although an address should not; a port and a path may be followed
    by an `@` of their own.
    """
    limit = min(len(text), start + _LONGEST_USERINFO)
    stop = _USERINFO_END.search(text, start, limit)
    limit = stop.start() if stop else limit
    port = _PORT.match(text, start)
    word = re.compile(r"\S*").match(text, start, limit)
    first = word.end() if word else start
    if port is not None and (web or not _host_before(text, start, first)):
        return None
    at = _host_before(text, start, first)
    if at is not None or first == start:
        further = _FURTHER.match(text, first, limit) if at is not None and not _bare_host(text, at, first) else None
        return _host_before(text, start, further.end()) if further and "://" not in further[0] else at
    blanks = text[start:limit].split(" ", 5)
    return _host_before(text, start, min(limit, start + len(" ".join(blanks[:5])))) if not port else None


def _bare_host(text: str, at: int, end: int) -> bool:
    """Return whether something follows the host, a port or a path: then the address ends with its word."""
    return any(sign in text[at:end] for sign in ":/?#")


def _host_before(text: str, start: int, end: int) -> int | None:
    """Return the last `@` with a host behind it."""
    at = text.rfind("@", start + 1, end)
    while at > start:
        if _HOST.match(text, at):
            return at
        at = text.rfind("@", start + 1, at)
    return None


def _in_words(text: str, small: str) -> Iterator[Span]:
    programs = [word for needed, words in _PROGRAMS if any(item in text for item in needed) for word in words]
    for pattern, starts in (
        (_HEADER, _headers(small)),
        (_OPTION, occurrences(text, programs)),
        (_WORDS, _openings(small)),
        (_SIGNATURE, occurrences(small, _SIGNING)),
    ):
        for match in matches(pattern, text, starts):
            yield from _told(match)
    for match in _PGPASS.finditer(text) if ":" in text else ():
        if not set(match["value"]) <= {"*"}:
            yield match.span("value")


def _headers(small: str) -> list[int]:
    starts = set(occurrences(small, _HEADERS))
    for place in occurrences(small, _IN_HEADERS) if "x-" in small else ():
        least = max(0, place - _LONGEST_HEADER)
        starts.update(least + before for before in occurrences(small[least:place], ["x-"]))
    return sorted(starts)


def _openings(small: str) -> list[int]:
    starts = set(occurrences(small, _SETTING))
    passwords = occurrences(small, ["password"])
    for place in passwords:
        line = run_before(small, place, " \t".__contains__, 0)
        starts.update((line, place))
    if "config" in small:
        starts.update(occurrences(small, _CONFIGURED))
    if passwords:
        starts.update(occurrences(small, ["login", "machine"]))
    return sorted(starts)


def _beside_names(text: str, small: str, names: list[int]) -> Iterator[Span]:
    """Yield values that stand apart from the name: behind an option, in an element, in a list of names and values."""
    options = runs(text, names, lambda sign: sign.isalnum() or sign in "_-") if "-" in text else ()
    elements = {text.rfind("<", max(0, place - _LONGEST_ELEMENT), place) for place in names} if "</" in text else ()
    listed = occurrences(small, _LISTING) if "value" in small or "source" in small else ()
    for pattern, starts in ((_LONG_OPTION, options), (_XML, sorted(elements)), (_APART, listed)):
        for match in matches(pattern, text, starts):
            kind = kind_of(match["name"])
            if kind is not Kind.NONE and is_secret(match["value"], kind, quoted=False, spaced=False):
                yield match.span("value")


def _told(match: re.Match[str]) -> Iterator[Span]:
    """Yield the groups of a match that hold a secret."""
    for name, value in match.groupdict().items():
        if value is None or name in ("q", "name"):
            continue
        if name == "env":
            kind = kind_of(match["name"])
            secret = kind is not Kind.NONE and is_secret(value, kind, quoted=False, spaced=False)
        else:
            last = value.rpartition(" ")[2]
            secret = not (set(last) <= {"*"} or value.casefold() in _NO_VALUE or value.startswith(("$", "{", "<")))
            secret = secret and (name != "header" or is_secret(value, Kind.TOKEN, quoted=True, spaced=False))
            secret = secret and (name != "scheme" or _RANDOM.search(value) is not None)
        if secret:
            yield match.span(name)


# What follows `Basic` and `Bearer` in prose is a word.
_RANDOM = expression(r"\d|[a-z][A-Z]|=\Z")
_NO_VALUE = frozenset({"required", "string", "str", "none", "null", "true", "false", "authentication", "realm"})


def _behind_names(text: str, names: list[int]) -> Iterator[Span]:
    position = 0
    for start in runs(text, names, lambda sign: sign.isalnum() or sign in "_.-"):
        match = _NAME.match(text, start) if start >= position else None
        if match is None:
            continue
        position = match.end()
        kind = kind_of(match["name"])
        if kind is Kind.NONE:
            position = match.end("sep")
            continue
        span = _value(text, match, kind)
        if span is not None:
            yield span
            position = max(position, span[1])


def _value(text: str, match: re.Match[str], kind: Kind) -> Span | None:
    name, start = match["name"], match.end()
    opening = _QUOTED.match(text, start)
    if opening is not None:
        start, mark = opening.end(), opening["open"]
        end = _closing(text, start, mark)
        quoted = True
    else:
        bare = _BARE.match(text, start)
        if bare is None:
            return None
        end, quoted = bare.end(), False
        if not match["space"] and text[match.start() - 1 : match.start()] in ("?", "&"):
            ampersand = text.find("&", start, end)  # a query: the next pair begins there
            end = ampersand if ampersand > 0 else end
    # NAME=value without blanks is data, as in a .env file, and no program.
    data = quoted or (name.upper() == name and not match["space"])
    spaced = bool(match["space"]) or bool(match["after"].strip("\\\"'"))
    return (start, end) if is_secret(text[start:end], kind, quoted=data, spaced=spaced) else None


def _closing(text: str, start: int, mark: str) -> int:
    """Return where a quoted value ends: at its closing quote, else at the end of the line."""
    multiline = len(mark.lstrip("\\")) > 1
    line = text.find("\n", start)
    line = len(text) if line < 0 else line
    limit = len(text) if multiline else line
    position = start
    while True:
        end = text.find(mark, position, limit)
        if end < 0:
            return line
        if mark.startswith("\\") or text[end - 1] != "\\" or end == start:
            return end
        position = end + 1
