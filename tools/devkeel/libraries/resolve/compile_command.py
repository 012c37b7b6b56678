"""The command at the head of a requirements file that uv compiled, so that it is compiled the same way again."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CompileCommand", "command_of"]

# What it was made with, as far as that changes what is pinned or how it is written; what names files, indexes or
# programs comes from the project and the user's settings instead.
_PLAIN = frozenset(
    {
        *("--universal", "--no-annotate", "--no-header", "--no-strip-extras", "--no-strip-markers", "--all-extras"),
        *("--emit-index-url", "--emit-find-links", "--emit-build-options", "--emit-marker-expression", "--no-deps"),
        *("--emit-index-annotation", "--strip-extras", "--no-emit-index-url"),
    }
)
_VALUED = frozenset(
    {
        *("--python-version", "--python-platform", "--resolution", "--prerelease", "--fork-strategy", "--extra"),
        *("--exclude-newer", "--annotation-style", "--no-emit-package", "--unsafe-package", "--index-strategy"),
    }
)
_OURS_VALUED = frozenset({"--output-file", "-o", "--upgrade-package", "-P", "--custom-compile-command"})
_OURS = _OURS_VALUED | {"--generate-hashes", "--quiet", "-q", "--upgrade", "-U"}
_COMMAND = re.compile(rb"^#\s+(uv pip compile\b.*)$", re.MULTILINE)
_HEAD = 1000


class CompileCommand(Struct, frozen=True):
    """How a file was compiled. said: the command, None where the file has none. flags: those that are repeated.

    hashes: whether the new one has them. unknown: the options that are not repeated here.
    """

    said: str | None = None
    flags: tuple[str, ...] = ()
    hashes: bool = True
    unknown: tuple[str, ...] = ()


def command_of(data: bytes | None) -> CompileCommand:
    """Return how a file was compiled; one that is not there yet gets hashes."""
    if data is None:
        return CompileCommand()
    found = _COMMAND.search(data[:_HEAD])
    said = found[1].decode("utf-8", "replace").strip() if found else None
    words = [*_options(said or "")]
    return CompileCommand(
        said,
        tuple(word for name, given in words if name in _PLAIN | _VALUED for word in given),
        b"--hash=" in data,
        tuple(name for name, _ in words if name not in _PLAIN | _VALUED | _OURS),
    )


def _options(command: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the options of a command by name, each as its words are: with its value in the same one or the next."""
    try:
        words = shlex.split(command)
    except ValueError:
        words = command.split()
    while words:
        word = words.pop(0)
        name, sign, _ = word.partition("=")
        if name.startswith("-"):
            apart = name in _VALUED | _OURS_VALUED and not sign and words
            yield name, (word, words.pop(0)) if apart else (word,)
