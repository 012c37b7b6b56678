"""The standard edits, what an editor makes of them, and how large a difference is."""

from __future__ import annotations

import difflib
import re
import time
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import TYPE_CHECKING, Literal

from devkeel.errors import DevkeelError, Refused
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["EDITS", "Edit", "Outcome", "attempt", "is_minimal", "timed"]


@dataclass(frozen=True)
class Edit:
    """A standard edit: its title, the option path, the value; for a package its name."""

    title: str
    path: tuple[str, ...]
    value: bool | str | None = None
    package: str | None = None

    def apply(self, data: bytes) -> bytes:
        """Return the edited file; raises what the editor raises."""
        if self.package is not None:
            return nix.add_packages(data, self.package).data
        return nix.set(data, nix.format_path(self.path), self.value).data


EDITS = (
    Edit("add package jq", ("packages",), package="jq"),
    Edit("services.redis.enable = true", ("services", "redis", "enable"), value=True),
    Edit('env.FOO = "bar"', ("env", "FOO"), "bar"),
    Edit("languages.python.enable = true", ("languages", "python", "enable"), value=True),
    Edit("scripts.devkeel-hello.exec", ("scripts", "devkeel-hello", "exec"), "echo hi\n"),
)

Kind = Literal["edited", "already so", "refused", "crash"]


@dataclass
class Outcome:
    """What became of one edit of one file, and what the judge said about it."""

    file: str
    edit: Edit
    kind: Kind
    before: bytes
    after: bytes | None = None
    milliseconds: float | None = None
    reason: str = ""
    message: str = ""
    parses: bool | None = None
    holds: bool | None = None
    rest: bool | None = None

    @property
    def wrong(self) -> str | None:
        """What is wrong with the result, None where nothing is known to be."""
        if self.parses is False:
            return "does not parse"
        if self.holds is False:
            return "does not say what was asked"
        return "changes another option" if self.rest is False else None

    @cached_property
    def minimal(self) -> bool:
        """Whether the difference is minimal."""
        return self.after is not None and is_minimal(self.before, self.after)


def timed(action: Callable[[], object], repeats: int = 5) -> float:
    """Return the median of some runs in milliseconds."""
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        found.append((time.perf_counter() - start) * 1000)
    return median(found)


def attempt(file: str, data: bytes, edit: Edit) -> Outcome:
    """Try an edit with devkeel."""
    try:
        after = edit.apply(data)
    except Refused as error:
        return Outcome(file, edit, "refused", data, reason=error.code, message=f"{error.message} at {error.place}")
    except DevkeelError as error:
        return Outcome(file, edit, "refused", data, reason=error.code, message=error.message)
    except Exception as error:  # noqa: BLE001  (a crash is a result)
        return Outcome(file, edit, "crash", data, reason=type(error).__name__, message=str(error))
    milliseconds = timed(lambda: edit.apply(data))
    return Outcome(file, edit, "already so" if after == data else "edited", data, after, milliseconds)


_HEAD = re.compile(rb"\A(\s|#[^\n]*\n|/\*.*?\*/)*(([\w'-]+\s*@\s*)?\{[^{}]*\}(\s*@\s*[\w'-]+)?|[\w'-]+)\s*:", re.DOTALL)


def is_minimal(before: bytes, after: bytes) -> bool:
    """Tell whether lines were only added or exactly one line changed.

    One more changed line in the head `{ pkgs, lib, ... }:` counts as an added argument.
    """
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    if _only_added(old, new):
        return True
    if sum((Counter(old) - Counter(new)).values()) > 2:
        return False
    head = _HEAD.match(before)
    end = before.count(b"\n", 0, head.end()) + 1 if head else 0
    codes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    changes = [(last, (last - first, stop - start)) for tag, first, last, start, stop in codes if tag != "equal"]
    heads = [lost for last, (lost, _) in changes if last <= end and lost]
    body = [sizes for last, sizes in changes if last > end]
    if heads not in ([], [1]):
        return False
    # Either one line changed and nothing else did, or lines were only added.
    return body in ([], [(1, 1)]) or all(lost == 0 for lost, _ in body)


def _only_added(old: list[bytes], new: list[bytes]) -> bool:
    position = 0
    for line in new:
        if position < len(old) and line == old[position]:
            position += 1
    return position == len(old)
