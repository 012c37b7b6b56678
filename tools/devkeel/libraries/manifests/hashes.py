"""Requirements files that hold each library to the hashes of its files (pip documentation, Secure installs).

pip takes such a file only when every requirement in it has hashes and one version, those that others need too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.errors import Place, Refused
from devkeel.libraries.manifests.requirement import Requirement, amended, key_of
from devkeel.libraries.manifests.requirement_lines import decoded, lines_of, tolerant_text
from devkeel.source.splice import Splice, apply
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from devkeel.libraries.manifests.requirement_lines import LogicalLine

__all__ = ["filled", "held", "lacking", "require_hashes", "wants_hashes"]

_VALUE = re.compile(r"--hash[= ]\s*(\S+)")
_JOINT = re.compile(r"\s*\\(\r?\n)([ \t]*)")


def wants_hashes(data: bytes) -> bool:
    """Return whether pip would ask for a hash of each requirement."""
    return any(line.hashes or line.option == "--require-hashes" for line in lines_of(tolerant_text(data)))


def lacking(before: bytes, after: bytes, included: Iterable[LogicalLine] = ()) -> tuple[LogicalLine, ...]:
    """Return the requirements that are new in a file, or changed, and have no hashes although pip wants some.

    included: the lines of the files that it includes; their hashes bind it too, where it has kept to them so far.
    """
    known = [*lines_of(tolerant_text(before))]
    kept = all(line.hashes for line in known if line.requirement)
    if not (wants_hashes(before) or wants_hashes(after) or (kept and any(line.hashes for line in included))):
        return ()
    old, lines = {line.text for line in known}, lines_of(tolerant_text(after))
    return tuple(line for line in lines if line.requirement and not line.hashes and line.text not in old)


def require_hashes(name: str, missing: Sequence[LogicalLine], why: str) -> None:
    """Refuse a file whose new requirements have no hashes. why: what kept them from being asked for."""
    if missing:
        names = ", ".join(line.shown for line in missing)
        raise Refused(
            "no_hashes",
            f"{name} holds its libraries to hashes, and those of {names} are not known: {why}. Nothing was written.",
            place=Place(name, missing[0].number),
            remedy="Repeat it where uv can ask the index, at no level or at `evaluation`, "
            f"or write the lines with their hashes by {do('patch')}.",
        )


def filled(name: str, before: bytes, after: bytes, compiled: bytes, included: Sequence[LogicalLine]) -> bytes:
    """Return a file whose new requirements have one version each with its hashes, and what they need is there too.

    compiled: what uv made of the file, with hashes. included: the lines of the files that this one includes.
    """
    missing = lacking(before, after, included)
    if not missing:
        return after
    text, encoding = decoded(after, name)
    source = tolerant_text(compiled)
    found = {line.key: line for line in lines_of(source) if line.key and line.requirement and line.hashes}
    style = _style(tolerant_text(before))
    changes = list[tuple[int, int, str]]()
    for line in missing:
        entry = found.get(line.key or "")
        if entry is not None:
            start, end = line.argument
            changes.append((start, end, _pinned(text[start:end], entry) + _hashes(source, entry, style)))
    here = {line.key for line in (*lines_of(text), *included)}
    newline = "\r\n" if "\r\n" in text else "\n"
    more = [entry for key, entry in found.items() if key not in here]
    if more:
        gap = "" if not text or text.endswith("\n") else newline
        put = "".join(f"{entry.shown}{_hashes(source, entry, style)}{newline}" for entry in more)
        changes.append((len(text), len(text), gap + put))
    offsets = ((encoding.offset(text, start), encoding.offset(text, end), put) for start, end, put in changes)
    return apply(after, [Splice(start, end, put.encode(encoding.name)) for start, end, put in offsets]).data


def _pinned(text: str, entry: LogicalLine) -> str:
    plain = "".join(re.split(r"\\\r?\n", text))
    asked = Requirement(plain)
    if asked.url or entry.requirement is None or [item.operator for item in asked.specifier] in (["=="], ["==="]):
        return plain
    one = Requirement(asked.name)
    one.specifier = entry.requirement.specifier
    return amended(plain, one)


def _style(text: str) -> str:
    """Return what stands before each hash in a file: a blank, or a joined line with its indent."""
    for line in lines_of(text):
        for start, end in line.hashes:
            joint = _JOINT.match(text, start, end)
            return f" \\{joint[1]}{joint[2]}" if joint else " "
    return " \\\r\n    " if "\r\n" in text else " \\\n    "


def _hashes(source: str, entry: LogicalLine, style: str) -> str:
    values: Sequence[str] = [source[start:end] for start, end in entry.hashes]
    return "".join(f"{style}{value[value.index('--hash') :]}" for value in values)


def held(pins: str, lines: Iterable[LogicalLine]) -> str:
    """Return pins, one a line, each with the hashes that the files which were resolved hold it to.

    A resolver leaves them out of what it says, and an installer compares what it is given alone.
    """
    known = dict[str, list[str]]()
    for line in lines:
        if line.key and line.hashes:
            known.setdefault(line.key, []).extend(_VALUE.findall(line.text))
    if not known:
        return pins
    found = ((text, known.get(key_of(text) or "", ())) for text in pins.splitlines())
    return "".join(" ".join((text, *(f"--hash={value}" for value in values))) + "\n" for text, values in found)
