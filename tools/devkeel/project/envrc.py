"""The `.envrc` that direnv reads on entering the project; with a prompt where it is asked for."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from devkeel.errors import Place, Refused, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ENVRC", "PROMPT", "activation", "envrc", "prompt"]

ENVRC = ".envrc"
PROMPT = "({backend}:{name})"
_MARK = "# Made by devkeel; lines below the last of these are yours."
_END = "# End of what devkeel made."
_FIELD = re.compile(r"\{([^{}]*)\}")


def prompt(template: str, backend: str, name: str) -> str:
    """Return the prompt of an environment.

    Raises UsageError `bad_prompt` for a field that is neither of two, and for more than a line.
    """
    if not template.isprintable():
        raise UsageError(
            "bad_prompt",
            "A prompt is one line without control characters.",
            seen=template[:200],
            remedy=f"Use {{backend}} and {{name}}, as in {PROMPT}.",
        )
    wrong = next((field for field in _FIELD.findall(template) if field not in ("backend", "name")), None)
    if wrong is not None:
        raise UsageError(
            "bad_prompt",
            f"A prompt has no field {wrong[:40]!r}.",
            seen=template[:200],
            remedy=f"Use {{backend}} and {{name}}, as in {PROMPT}.",
        )
    return template.replace("{backend}", backend).replace("{name}", name)


def envrc(old: bytes | None, lines: Iterable[str], shown: str | None = None) -> bytes:
    """Return the `.envrc` with devkeel's part made anew; what stands around it stays.

    lines: what enters the environment. shown: the prompt, None for none.
    Raises Refused `foreign_envrc` where devkeel did not write the file.
    """
    # POSIX, 2.2.2: between single quotes nothing means anything to a shell.
    told = () if shown is None else (f"export DEVKEEL_PROMPT={shlex.quote(shown)}",)
    part = "\n".join([_MARK, *lines, *told, _END, ""])
    if old is None or not old.strip():
        return part.encode()
    text = old.decode("utf-8", "surrogateescape")
    start, end = text.find(_MARK), text.find(_END)
    if start < 0 or end < start:
        raise Refused(
            "foreign_envrc",
            f"{ENVRC} was written by somebody else, and devkeel adds nothing to what runs on entering.",
            place=Place(ENVRC),
            remedy="Move it away, or put these lines into it yourself.",
            details={"lines": part},
        )
    return (text[:start] + part + text[end + len(_END) + 1 :]).encode("utf-8", "surrogateescape")


def activation(name: str, watched: Iterable[str]) -> tuple[str, ...]:
    """Return the lines that enter a named environment. watched: files at whose change direnv enters again."""
    entering = f'eval "$(devkeel env activate {shlex.quote(name)})"'
    # direnv-stdlib(1): without watch_file it enters again for the .envrc alone.
    return (*(f"watch_file {shlex.quote(item)}" for item in watched), entering)
