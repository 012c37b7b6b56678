"""References to flakes, as `inputs.NAME.url` has them: what is wrong with one, and which one was meant.

A relative path is one that devenv resolves from the file that has it (devenv, devenv-core/src/config.rs). The rest is
Nix's grammar (nix, src/libflake/flakeref.cc, `parseFlakeRefWithFragment`): first the name of a registry, then a URL,
else a path. What Nix would take and devkeel does not know is right.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.source.flake_reference import FORGES

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["url_problem"]

# nix, src/libfetchers: the kinds of each file there, with a transport behind a plus.
_SCHEMES = (
    *("github", "gitlab", "sourcehut", "git", "git+https", "git+http", "git+ssh", "git+file", "git+git", "hg+https"),
    *("hg+http", "hg+ssh", "hg+file", "path", "tarball", "tarball+https", "tarball+http", "tarball+file", "file"),
    *("file+https", "file+http", "file+file", "https", "http", "flake", "indirect"),
)
_CLOSE = 75
# `flakeIdRegexS` and `refAndOrRevRegex`: a name in the registry, behind it a reference, a revision, or both.
_REGISTERED = re.compile(r"[A-Za-z][\w-]*(/[\w.@+-]+){0,2}", re.ASCII)
_PATH = re.compile(r"/|\.{1,2}(?=[/?#]|\Z)")
# As scp(1) and git-clone(1) write it; Nix takes the URL of the same repository.
_SCP = re.compile(r"([\w.-]+)@([\w.-]+):(?!/)(\S+)")
_TRANSPORTS = {"ssh": "git+ssh"}


def url_problem(url: str, exists: Callable[[str], bool] = lambda _: False) -> tuple[str, str | None] | None:
    """Return what is wrong with a flake reference and the right one where it is clear, or None for a good one.

    exists: whether there is such a path, for what can only be one.
    """
    if _PATH.match(url):
        return None
    if not url or re.search(r"\s", url):
        return "it is empty or has white space in it", url.strip() if re.fullmatch(r"\s*\S+\s*", url) else None
    scheme, colon, rest = url.partition(":")
    if not colon:
        path = re.split(r"[?#]", url)[0]
        return None if _REGISTERED.fullmatch(url) or exists(path) else ("it is no flake reference", None)
    if scheme not in _SCHEMES:
        return f"there is no reference of the kind {scheme}:", _meant(url, scheme, rest)
    if scheme in FORGES:
        return _of_forge(scheme, rest)
    return None


def _meant(url: str, scheme: str, rest: str) -> str | None:
    from rapidfuzz import process  # noqa: PLC0415  (8 ms that only a mistake needs)

    copied = _SCP.fullmatch(url)
    if copied:
        return f"git+ssh://{copied[1]}@{copied[2]}/{copied[3]}"
    near = process.extractOne(scheme, _SCHEMES, score_cutoff=_CLOSE)
    known = _TRANSPORTS.get(scheme) or (near[0] if near else None)
    return f"{known}:{rest}" if known else None


def _of_forge(scheme: str, rest: str) -> tuple[str, str | None] | None:
    """Return what is wrong with a reference to a forge: Nix skips empty names in it, but reads `//` as a host."""
    path = re.split(r"[?#]", rest)[0]
    named = len([part for part in path.split("/") if part]) >= 2  # noqa: PLR2004
    if named and not rest.startswith("//"):
        return None
    return f"it is not {scheme}:OWNER/REPOSITORY", f"{scheme}:{rest.lstrip('/')}" if named else None
