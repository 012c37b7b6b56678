"""The `.envrc` that direnv reads on entering the project; with a prompt where it is asked for."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, NamedTuple

from devkeel.errors import Place, Refused, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "ENVRC",
    "PROMPT",
    "OwnPart",
    "entering",
    "enters",
    "enters_another",
    "envrc",
    "is_ours",
    "own_part",
    "prompt",
    "prompting",
    "why_no_prompt",
]

ENVRC = ".envrc"
PROMPT = "({backend}:{env_name})"
_FIELDS = ("backend", "env_name", "name")
# What a prompt of bash, zsh or sh would expand instead of showing it (bash(1), PROMPTING; zshmisc(1)).
_EXPANDED = frozenset("$`\\!%")
_MARK = "# Made by devkeel; lines below the last of these are yours."
_END = "# End of what devkeel made."
# What it writes between the two: POSIX words in single quotes, as `shlex.quote` has them.
_WORD = r"(?:[\w@%+=:,./-]+|'[^'\n]*'(?:\"'\"'[^'\n]*')*)"
_OWN = re.compile(
    rf"watch_file {_WORD}|eval \"\$\(devkeel env print(?: {_WORD})?\)\"|"
    rf"export DEVKEEL_PROMPT={_WORD}"
)
_FIELD = re.compile(r"\{([^{}]*)\}")
_ENTERS = re.compile(rb"^[ \t]*(?!#)[^#\n]*\bdevkeel env print\b(?:[ \t]+[\"']?(?P<name>[\w-]+))?", re.MULTILINE)
# What devkeel 0.1 wrote, and the ways of direnv-stdlib(1) and devenv into an environment of their own making.
_ANOTHER = re.compile(
    rb"^[ \t]*(?:[^#\n]*\bdevkeel env activate\b|use[ _](?:devenv|flake|nix|guix|conda|pixi)\b|layout[ _]\w+)[^\n]*",
    re.MULTILINE,
)


def prompt(template: str, backend: str, name: str) -> str:
    """Return the prompt of an environment.

    Raises UsageError `bad_prompt` for a field that is none, for more than a line, and for what a shell would expand.
    """
    why = why_no_prompt(template)
    if why is not None:
        raise UsageError(
            "bad_prompt", why, seen=template[:200], remedy=f"Use {{backend}} and {{env_name}}, as in {PROMPT}."
        )
    return template.replace("{backend}", backend).replace("{env_name}", name).replace("{name}", name)


def why_no_prompt(template: str) -> str | None:
    """Return why a text cannot be a prompt, None for one that can."""
    if not template.isprintable():
        return "A prompt is one line without control characters."
    if expanded := sorted(_EXPANDED & set(template)):
        return f"A shell would expand {' '.join(expanded)} in a prompt, and not show it."
    wrong = next((field for field in _FIELD.findall(template) if field not in _FIELDS), None)
    return None if wrong is None else f"A prompt has no field {wrong[:40]!r}."


def envrc(old: bytes | None, lines: Iterable[str], shown: str | None = None) -> bytes:
    """Return the `.envrc` with devkeel's part made anew; what stands around it stays.

    lines: what enters the environment. shown: the prompt, None for none.
    Raises Refused `foreign_envrc` where devkeel did not write the file.
    """
    part = "\n".join([_MARK, *lines, *prompting(shown), _END, ""])
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


def prompting(shown: str | None) -> tuple[str, ...]:
    """Return the line by which a shell knows its prompt, none for none."""
    # POSIX, 2.2.2: between single quotes nothing means anything to a shell.
    return () if shown is None else (f"export DEVKEEL_PROMPT={shlex.quote(shown)}",)


class OwnPart(NamedTuple):
    """devkeel's part of an `.envrc`: the text around it, its lines, the name of the environment and the prompt."""

    before: str
    lines: tuple[str, ...]
    after: str
    name: str | None
    prompt: str | None


def own_part(text: str) -> OwnPart | None:
    """Return devkeel's part of an `.envrc`, None where there is none, or a line in it that devkeel does not write."""
    start, end = text.find(f"{_MARK}\n"), text.find(_END)
    if start < 0 or end < start:
        return None
    lines = text[start + len(_MARK) + 1 : end].removesuffix("\n").split("\n")
    found = {"watch_file": "", "eval": "", "export": ""}
    for line in lines:
        written = _OWN.fullmatch(line)
        if written is None:
            return None
        found[line.partition(" ")[0]] = line
    words = shlex.split(found["export"].partition("=")[2])
    enters = _ENTERS.search(found["eval"].encode())
    name = enters["name"] if enters is not None else None
    return OwnPart(
        text[:start],
        (*lines,),
        text[end + len(_END) :].removeprefix("\n"),
        None if name is None else name.decode(),
        words[0] if words else None,
    )


def entering(watched: Iterable[str], name: str | None = None) -> tuple[str, ...]:
    """Return the lines that enter what was applied, whatever the backend.

    watched: files of the declaration, at whose change direnv enters again and says where it differs from what was
    applied; that an environment was applied since, the code itself lets direnv watch. name: None for the active one.
    """
    named = "" if name is None else f" {shlex.quote(name)}"
    # direnv-stdlib(1): without watch_file it enters again for the .envrc alone.
    return (*(f"watch_file {shlex.quote(item)}" for item in watched), f'eval "$(devkeel env print{named})"')


def enters(text: bytes, name: str | None = None) -> bool:
    """Return whether an `.envrc` enters what was applied, whoever wrote it. name: None for the active environment."""
    return any(found["name"] == (None if name is None else name.encode()) for found in _ENTERS.finditer(text))


def enters_another(text: bytes | None) -> str | None:
    """Return what says of an `.envrc` that it enters another environment than the one that was applied, or nothing."""
    if text is None or _ENTERS.search(text):
        return None
    found = _ANOTHER.search(text)
    if found is None:
        return None
    line = " ".join(found[0].decode("utf-8", "replace").split())
    return f"{ENVRC} enters another environment than the one that commands run in (`{line[:80]}`)"


def is_ours(text: bytes) -> bool:
    """Return whether devkeel wrote a part of an `.envrc`."""
    return _MARK.encode() in text
