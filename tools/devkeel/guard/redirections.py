"""Files that a shell command writes a text into: `cat > devenv.nix <<'EOF'`, `echo`, `tee`, Codex's `apply_patch`."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from devkeel.deferred import Deferred
from devkeel.guard.question import Patch, WholeFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.guard import spoken, words
    from devkeel.source import shell
else:
    shell, words = Deferred("devkeel.source.shell"), Deferred("devkeel.guard.words")
    spoken = Deferred("devkeel.guard.spoken")

__all__ = ["WRITES", "redirected"]

_PATCHES = ("apply_patch", "applypatch")
# Every text that is written has one of these before it.
WRITES = re.compile(r"<<|>|\btee\b")


def redirected(command: str) -> Iterator[WholeFile | Patch]:
    """Yield what is written into which files, where that is certain: a text that the shell does not change."""
    folder = ""
    for item in shell.commands(command):
        own = _plain(item.words)
        name, arguments = (own[0], own[1:]) if own else ("", ())
        if name == "cd" and arguments:
            folder = posixpath.join(folder, arguments[-1])
        if (
            name in ("apply_patch", "applypatch")
            and not arguments
            and not folder
            and item.fed is not None
            and item.plain
        ):
            yield Patch(item.fed)
        text = item.fed if name == "tee" and item.plain else spoken.literally(replace(item, words=own))
        if text is None:
            continue
        places = _tee(own if name == "tee" else _plain(item.reader))
        if name != "tee" and item.into is not None:
            places.append((item.into, item.appends))
        for place, appends in places:
            path = posixpath.join(folder, place)
            if shell.UNKNOWN not in path and not path.startswith("~"):
                yield WholeFile(path, text, appends)


def _plain(given: tuple[str, ...]) -> tuple[str, ...]:
    return given[1:] if given[:1] == ("sudo",) else given


def _tee(given: tuple[str, ...]) -> list[tuple[str, bool]]:
    """Return the files that tee(1) writes, each with whether at its end."""
    if given[:1] != ("tee",):
        return []
    found = words.split(given[1:], ())
    appends = bool(found.flags & {"-a", "--append"})
    return [(place, appends) for place in found.positional]
