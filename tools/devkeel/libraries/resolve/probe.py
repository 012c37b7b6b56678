"""Imports distributions in the Python that runs this file, and says which cannot be; the bare interpreter only.

Names on standard input, one a line; on standard output a line `name<tab>reason` for each that cannot be imported. Each
is imported in a process of its own, because one that crashes, exits or changes the interpreter must not speak for the
next. What it needs itself is next to nothing: `json`, `re` and `importlib.metadata` take longer to load than most
libraries.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # `typing` is not loaded for it
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["modules_of", "probe"]


def _normalised(name: str) -> str:
    # PEP 503: runs of - _ and . are one hyphen.
    plain = name.lower().replace("_", "-").replace(".", "-")
    while "--" in plain:
        plain = plain.replace("--", "-")
    return plain


def _record(name: str) -> list[str]:
    """Return the files of a distribution, as its RECORD has them."""
    for place in sys.path:
        try:
            entries = os.listdir(place or ".")  # noqa: PTH208  (pathlib takes longer to load than all of this)
        except OSError:
            continue
        for entry in entries:
            # PyPA, "Recording installed projects": {name}-{version}.dist-info, whose RECORD is CSV with a path first
            # (PEP 376, 627).
            if entry.endswith(".dist-info") and _normalised(entry[: -len(".dist-info")].rpartition("-")[0]) == name:
                try:
                    with open(f"{place}/{entry}/RECORD", encoding="utf-8") as lines:  # noqa: PTH123
                        return [line[1:].partition('"')[0] if line[0] == '"' else line.split(",")[0] for line in lines]
                except OSError:
                    return []
    return []


def modules_of(name: str) -> list[str]:
    """Return the modules that a distribution is imported by: the one of its own name, else all of its own."""
    found: list[str] = []
    for path in _record(_normalised(name)):
        parts = path.strip().split("/")
        module = parts[0] if parts[1:] == ["__init__.py"] else ""
        if len(parts) == 1 and parts[0].endswith((".py", ".so")):
            module = parts[0].split(".")[0]
        if module.isidentifier() and not module.startswith("_") and module not in ("tests", "test", *found):
            found.append(module)
    plain = _normalised(name).replace("-", "_")
    return [item for item in found if item.lower() == plain] or found


class _Import:
    """One distribution's import, in a process of its own that has begun."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.receive, send = os.pipe()
        self.child = os.fork()
        if self.child == 0:
            os.close(self.receive)
            _import(name, send)
        os.close(send)

    def reason(self) -> str:
        """Wait for it and return why it failed, nothing where it did not."""
        with os.fdopen(self.receive, "rb") as stream:
            message = stream.read().decode("utf-8", "replace")
        status = os.waitpid(self.child, 0)[1]
        if status:
            # wait(2): the low seven bits are the signal.
            return f"the interpreter ended with signal {status & 0x7F}" if status & 0x7F else "it exits"
        return message


def _import(name: str, send: int) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    message = ""
    try:
        for module in modules_of(name):
            __import__(module)
    except BaseException as error:  # noqa: BLE001  (whatever it is, it is the finding)
        message = "{}: {}".format(type(error).__name__, " ".join(str(error).split("\n")[0].split()))[:500]
    os.write(send, message.encode("utf-8", "replace"))
    # _exit(2) runs no exit handlers and flushes nothing: what a library registered must not run twice, nor print.
    os._exit(0)


def probe(names: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the distributions that cannot be imported, each with the reason; as many at once as there are cores."""
    at_once = os.cpu_count() or 1
    for start in range(0, len(names), at_once):
        for item in [_Import(name) for name in names[start : start + at_once]]:
            reason = item.reason()
            if reason:
                yield item.name, reason


if __name__ == "__main__":
    for asked, told in probe(sys.stdin.read().split()):
        sys.stdout.write(f"{asked}\t{told}\n")
