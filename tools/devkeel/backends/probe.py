"""Imports distributions in the Python that runs this file, and tells which cannot be; standard library only.

Names as JSON on standard input, a JSON object of name to message on standard output. Each is imported in a process of
its own, because one that crashes, exits or changes the interpreter must not speak for the next.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from importlib import metadata

__all__ = ["modules_of", "probe"]


def modules_of(name: str) -> list[str]:
    """Return the modules that a distribution is imported by: the one of its own name, else all of its own."""
    try:
        files = metadata.files(name) or []
    except metadata.PackageNotFoundError:
        return []
    found: list[str] = []
    for path in files:
        first = path.parts[0]
        module = first if len(path.parts) == 2 and path.parts[1] == "__init__.py" else ""  # noqa: PLR2004
        if len(path.parts) == 1 and path.suffix in (".py", ".so"):
            module = first.split(".")[0]
        if module.isidentifier() and not module.startswith("_") and module not in ("tests", "test", *found):
            found.append(module)
    plain = name.lower().replace("-", "_").replace(".", "_")
    return [item for item in found if item.lower() == plain] or found


def probe(name: str) -> str | None:
    """Return why a distribution cannot be imported, or None."""
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receive)
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nothing, number)
        message = ""
        try:
            for module in modules_of(name):
                importlib.import_module(module)
        except BaseException as error:  # noqa: BLE001  (whatever it is, it is the finding)
            message = "{}: {}".format(type(error).__name__, str(error).split("\n")[0])[:500]
        os.write(send, message.encode("utf-8", "replace"))
        os._exit(0)
    os.close(send)
    with os.fdopen(receive, "rb") as stream:
        message = stream.read().decode("utf-8", "replace")
    status = os.waitpid(child, 0)[1]
    if status:
        return f"the interpreter ended with signal {status & 0x7F}" if status & 0x7F else "it exits"
    return message or None


if __name__ == "__main__":
    json.dump({name: probe(name) for name in json.load(sys.stdin)}, sys.stdout)
