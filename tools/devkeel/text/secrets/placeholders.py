"""What stands behind the name of a secret and is none: a reference, a type, a path, a placeholder."""

from __future__ import annotations

import re

from devkeel.text.expression import expression
from devkeel.text.secrets.names import Kind

__all__ = ["is_secret"]

_SHORTEST = {Kind.PASSWORD: 4, Kind.TOKEN: 6, Kind.RANDOM: 8}

_STOPPING = (
    "true false yes no on off none null nil undefined unset empty ok error failed failure success valid invalid "
    "incorrect wrong missing required optional expired revoked rejected accepted denied granted changed updated "
    "hidden redacted masked removed disabled enabled auto automatic default example placeholder changeme str string "
    "strings bytes bytestring text int integer bool boolean number float object any dict list array map optional "
    "void char varchar secretstr nonestr lib pkgs config types self this not found unknown inherit prompt stdin ask "
    "file env environment keyring keychain vault bearer basic digest plain scram trust peer identifier expected "
    "unexpected value password passwd secret token key credential credentials passphrase generated random "
    "authentication authorization final classvar"
)
_STOP = frozenset(_STOPPING.split())
_STARS = expression(r"(.)\1*\Z|[*•x.#_-]+\Z", re.IGNORECASE)
# $NAME, ${NAME}, $(command), {{ name }}, ${{ secrets.X }}, %NAME%, <your-token>, !vault, [redacted]
_REFERENCE = expression(
    r"\$\{?[A-Za-z_]\w*(?::?[-?+=][^}]{0,40})?\}?\Z|\$\(.*|\$\{\{?.*|\{\{.*|%[A-Za-z_]\w*%\Z|%\(?[A-Za-z_]\w*\)?s\Z"
    r"|<[A-Za-z][\w ./-]*>?\Z|![A-Za-z]\w*\Z|\[[A-Za-z][\w -]*\]?\Z|\{[A-Za-z_][\w.]*\}\Z|@[A-Za-z]\w*@\Z"
)
_PATH = expression(r"(?:~|\.{1,2})?/(?:[\w.@~+-]+/)*[\w.@~+-]*\Z")
_ROOTS = expression(
    r"(?:~|\.{1,2})/|/(?:run|etc|home|nix|var|tmp|root|opt|usr|srv|mnt|dev|proc|sys|bin|lib|media|Users|Library)(?:/|\Z)"
)
_PLAIN_PATH = expression(r"(?:/[a-z][a-z_.-]*){2,}\Z")
_URL = expression(r"[a-z][a-z0-9+.-]{0,20}://[^\s@]*\Z", re.IGNORECASE)
_DOTTED = expression(r"[A-Za-z_]\w*(?:\??\.[A-Za-z_]\w*)+;?\Z")
_CALL = expression(r"(?:await |new )?[A-Za-z_.:]+(?:\(.*|\[.*|\{.*|\)+;?)\Z", re.DOTALL)
_IDENTIFIER = expression(r"[A-Za-z]+(?:_[A-Za-z]+)+[,;)]*\Z|[a-z]+(?:[A-Z][a-z]+)+[,;)]*\Z")
_TYPE = expression(
    r"(?:[A-Za-z_.]+\s*\|\s*)+[A-Za-z_.]+\Z|[A-Z][A-Za-z]*(?:<.*>|\[.*\])\Z|&?'?[a-z]*\s?(?:str|String)\Z"
)
_WORD = expression(r"[A-Za-z][a-z]*[,.;:!?)]*\Z|[A-Z]+[,.;:!?)]*\Z")
_HASH = expression(
    r"(?:sha(?:1|224|256|384|512)|md5|blake[23]\w?)[-:]|ssh-\w+ |ecdsa-|age1|/nix/store/|pk_(?:live|test)_"
)
_NUMBER = expression(r"[+-]?\d[\d_]*(?:\.\d+)?(?:e\d+)?[smhd]?\Z", re.IGNORECASE)
# ISO 9564-1: a PIN has 4 to 12 digits; fewer than five are ports, years and pins of boards as well.
_CODE = expression(r"\d{5,12}\Z")
_DIGIT, _LETTER = re.compile(r"\d"), re.compile(r"[A-Za-z]")
_VERSION = expression(r"v?\d+(?:\.\d+)+\w*\Z")
_LONG_NUMBER = 16


def is_secret(value: str, kind: Kind, *, quoted: bool, spaced: bool) -> bool:
    """Return whether a value of a name of that kind is a secret.

    quoted: it stands in quotes, so that it is no word of a program. spaced: white space stands before it, as in prose
    and in programs, and not in the lines of a `.env` file.
    """
    if len(value) < _SHORTEST.get(kind, 1) or _STARS.match(value) or _REFERENCE.match(value):
        return False
    fits = kind is not Kind.NUMBER or _CODE.match(value)
    bare = value.rstrip(",;.:)!?")
    if not fits or bare.casefold() in _STOP or _is_path(value):
        return False
    if not quoted and (_DOTTED.match(bare) or _CALL.match(value) or _TYPE.match(value)):
        return False
    if not quoted and _IDENTIFIER.match(value) and (spaced or kind is not Kind.PASSWORD or "_" in value):
        return False
    if kind in (Kind.PASSWORD, Kind.NUMBER):
        return not _VERSION.match(value)
    return _is_token(value, kind, quoted=quoted, spaced=spaced)


def _is_token(value: str, kind: Kind, *, quoted: bool, spaced: bool) -> bool:
    if _URL.match(value) or _HASH.match(value) or _VERSION.match(value):
        return False
    if _NUMBER.match(value) and len(value) < _LONG_NUMBER:
        return False
    if kind is Kind.TOKEN:
        return not (spaced and not quoted and _WORD.match(value))
    return bool(_DIGIT.search(value) and _LETTER.search(value))


def _is_path(value: str) -> bool:
    return _PATH.match(value) is not None and (_ROOTS.match(value) is not None or _PLAIN_PATH.match(value) is not None)
