"""The secret key that uploads are signed with: a file of this user, which Git does not take along, read by Nix.

What is in it is looked at for one reason: that it is the other half of the public key that is shared. Nothing repeats
it.
"""

from __future__ import annotations

import base64
import binascii
import os
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.errors import Place, ProjectError
from devkeel.project.distribution import place_of
from devkeel.project.root import SETTINGS
from devkeel.runtime import run
from devkeel.system.beneath import opened, read_regular

if TYPE_CHECKING:
    from devkeel.project.distribution import Cache
    from devkeel.project.root import Project

__all__ = ["SecretKey", "signing_key"]

_MOST = 4096
_GIT_SECONDS = 10.0
# nix, src/libstore/crypto.cc: an Ed25519 secret key, whose second half is the public one (RFC 8032, 5.1.5; libsodium).
_BYTES, _PUBLIC = 64, 32


class SecretKey(Struct, frozen=True):
    """A secret key: its name, which signatures carry, and the file that has it."""

    name: str
    file: Path


def signing_key(project: Project, cache: Cache) -> SecretKey | None:
    """Return a cache's secret key, None where it has none.

    Raises ProjectError `bad_signing_key` for one that cannot be read, is none, is another key's, or that Git has or
    would take.
    """
    if cache.secret_key_file is None:
        return None
    path = place_of(project.root, cache.secret_key_file)
    for place in dict.fromkeys((path, Path(os.path.realpath(path)))):
        _require_apart(project, place, cache.secret_key_file)
    name, secret = _parts(path, cache.secret_key_file)
    if cache.public_key is not None:
        known, _, public = cache.public_key.partition(":")
        if known != name or base64.b64decode(public) != secret[_PUBLIC:]:
            raise _bad(cache.secret_key_file, "is not the other half of public_key: what it signs is not believed")
    return SecretKey(name, path)


def _parts(path: Path, said: str) -> tuple[str, bytes]:
    """Return the name and the bytes of a secret key."""
    try:
        # A FIFO that no one writes into would be waited for (fifo(7)).
        with opened(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)) as file:
            text = (read_regular(file, _MOST) or b"").decode("ascii").strip()
    except OSError as error:
        raise _bad(said, f"cannot be read: {(error.strerror or 'it is no file').lower()}") from error
    except UnicodeDecodeError:
        text = ""
    name, _, encoded = text.partition(":")
    try:
        secret = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        secret = b""
    if not name or len(secret) != _BYTES:
        raise _bad(said, "has no secret key of Nix, as `nix key generate-secret` makes one")
    return name, secret


def _require_apart(project: Project, path: Path, said: str) -> None:
    """Refuse a file inside of the project, or of the Git work tree that it is in, unless Git ignores it."""
    tree = Path(os.path.normpath(project.root / project.way_to_work_tree))
    if not path.is_relative_to(tree):
        return
    git = ("git", "-C", str(tree), "--no-optional-locks")
    # git-check-ignore(1): 0 where a path is ignored. A file that Git has is not, for it looks at the index.
    if run((*git, "check-ignore", "--quiet", "--", str(path)), timeout=_GIT_SECONDS).returncode != 0:
        raise _bad(said, "is inside of the project's work tree, and Git does not ignore it")


def _bad(said: str, why: str) -> ProjectError:
    return ProjectError(
        "bad_signing_key",
        f"secret_key_file {said[:200]!r} {why}.",
        place=Place(SETTINGS),
        remedy="Keep the key outside of the project, readable by you alone, and name that file.",
    )
