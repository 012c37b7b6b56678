"""What no Nix store has yet: archives of new content, and a host on loopback that records who asks for them."""

from __future__ import annotations

import base64
import functools
import hashlib
import http.server
import io
import subprocess
import tarfile
import threading
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from devkeel.api import Environment
from devkeel.policy.permission import ALL, EVERYTHING, Limit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from devkeel.checks.report import CheckReport

FEATURES = ("--extra-experimental-features", "nix-command flakes")


class Mirror(NamedTuple):
    """A host on loopback: its address, the paths that were asked of it, the folder that it serves."""

    url: str
    asked: list[str]
    folder: Path


class _Handler(http.server.SimpleHTTPRequestHandler):
    def __init__(self, asked: list[str], *arguments: Any, **others: Any) -> None:
        self._asked = asked
        super().__init__(*arguments, **others)

    def log_message(self, *_: object) -> None:
        """Record the request instead of writing about it."""
        self._asked.append(self.path)


@contextmanager
def serving(folder: Path) -> Iterator[Mirror]:
    """Serve a folder while the block runs."""
    asked: list[str] = []
    handler = functools.partial(_Handler, asked, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Mirror(f"http://127.0.0.1:{server.server_address[1]}", asked, folder)
        server.shutdown()


def unique() -> str:
    """Return a word that was in no file before."""
    return uuid.uuid4().hex


def pack(archive: Path, files: Mapping[str, str]) -> None:
    """Write an archive whose one folder, `top`, has these files."""
    with tarfile.open(archive, "w:gz") as opened:
        for name, text in files.items():
            info = tarfile.TarInfo(f"top/{name}")
            info.size = len(text)
            opened.addfile(info, io.BytesIO(text.encode()))


def hash_of(archive: Path, scratch: Path) -> str:
    """Return the hash of what is in an archive, without the store knowing it."""
    place = scratch / f"content-{archive.stem}"
    (place / "top").mkdir(parents=True)
    with tarfile.open(archive) as opened:  # Python 3.11.2 has no `filter` yet
        for member in opened.getmembers():
            content = opened.extractfile(member)
            assert content is not None
            (place / member.name).write_bytes(content.read())
    line = ["nix", *FEATURES, "hash", "path", "--sri", str(place / "top")]
    return subprocess.run(line, check=True, capture_output=True, text=True).stdout.strip()


def hash_of_bytes(data: bytes) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(data).digest()).decode()}"


def other_hash() -> str:
    """Return the hash of something else."""
    return hash_of_bytes(uuid.uuid4().bytes)


def checked(root: Path, level: str | None = None, *, executes: bool = True, network: bool = True) -> CheckReport:
    """Check a project once, in an environment of its own; network: whether its caller may reach other machines."""
    may = EVERYTHING if network else EVERYTHING.within(Limit(ALL - {"network"}, "a test"))
    environment = Environment(root, actor="test", executes=executes, permission=may)
    try:
        return environment.check(level=level)
    finally:
        environment.close()
