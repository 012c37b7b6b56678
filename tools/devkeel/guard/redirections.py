"""Files that a shell command writes a text into: `cat > devenv.nix <<'EOF'`, `tee`, Codex's `apply_patch`."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from devkeel.deferred import Deferred
from devkeel.guard.question import Patch, WholeFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.guard import words
    from devkeel.source import shell
else:
    shell, words = Deferred("devkeel.source.shell"), Deferred("devkeel.guard.words")

__all__ = ["WRITES", "redirected"]

# Every text that is written has one of these before it.
WRITES = "<<"


def redirected(command: str) -> Iterator[WholeFile | Patch]:
    """Yield what is written into which files, where that is certain: a text that the shell does not change."""
    folder = ""
    for item in shell.commands(command):
        own = item.words[1:] if item.words[:1] == ("sudo",) else item.words
        name, arguments = (own[0], own[1:]) if own else ("", ())
        if name == "cd" and arguments:
            folder = posixpath.join(folder, arguments[-1])
        if item.fed is None or not item.plain:
            continue
        if name in ("apply_patch", "applypatch") and not arguments and not folder:
            yield Patch(item.fed)
        places = list[tuple[str, bool]]()
        if name == "cat" and item.into is not None and arguments in ((), ("-",)):
            places = [(item.into, item.appends)]
        elif name == "tee":
            found = words.split(arguments, ())
            appends = bool(found.flags & {"-a", "--append"})
            places = [(place, appends) for place in found.positional]
        for place, appends in places:
            path = posixpath.join(folder, place)
            if shell.UNKNOWN not in path and not path.startswith("~"):
                yield WholeFile(path, item.fed, appends)
