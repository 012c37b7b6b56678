"""nix-manipulator on the same files. Run by a Python that has it installed; knows nothing of devkeel.

standard input: {"files": {name: text}, "edits": [{"title", "path", "value", "package"}]}, value and package as Nix.
standard output: {"version", "round_trips": {name: text or {"error"}}, "edits": {way: [outcome]}}. Two ways:

`set_value`  what the package offers to its command line: one name, one value; it has no way to add to a list.
`by hand`    its objects, driven as well as their interface allows: the set is looked for under functions, `let` and
             `config`, a set on the way is entered, a list under `with` is found and the package appended to it, and
             `pkgs` becomes an argument where it is none.
"""

# ruff: noqa: ANN401  (the objects of a package that is not installed where this is checked)
from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from statistics import median
from typing import TYPE_CHECKING, Any

from nix_manipulator.expressions import AttributeSet  # type: ignore[import-not-found]
from nix_manipulator.expressions.binding import Binding  # type: ignore[import-not-found]
from nix_manipulator.expressions.identifier import Identifier  # type: ignore[import-not-found]
from nix_manipulator.expressions.list import NixList  # type: ignore[import-not-found]
from nix_manipulator.expressions.with_statement import WithStatement  # type: ignore[import-not-found]
from nix_manipulator.manipulations import set_value  # type: ignore[import-not-found]
from nix_manipulator.parser import parse  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Callable


class NotOfferedError(Exception):
    """The package has no such operation."""


def by_set_value(content: str, edit: dict[str, Any]) -> str:
    """Edit with the one function that the package has for it."""
    if edit["package"]:
        raise NotOfferedError("no operation adds to a list")
    return str(set_value(parse(content), ".".join(edit["path"]), edit["value"]))


def by_hand(content: str, edit: dict[str, Any]) -> str:
    """Edit with the package's objects."""
    source = parse(content)
    root = next(item for item in source.value if not _is_comment(item))
    target = _module(root)
    inner = _bindings(target).get("config")
    target = inner.value if inner is not None and isinstance(inner.value, AttributeSet) else target
    if edit["package"]:
        _append(target, edit["package"])
        _require_pkgs(root)
    else:
        _assign(target, edit["path"], parse(edit["value"]).value[0])
    return str(source.rebuild())


def _is_comment(item: Any) -> bool:
    return type(item).__name__ == "Comment"


def _module(item: Any) -> Any:
    """Return the set under functions, `let` and `with`."""
    for _ in range(20):
        if isinstance(item, AttributeSet):
            return item
        inner = next((found for name in ("output", "body", "value") if (found := getattr(item, name, None))), None)
        if inner is None:
            break
        item = inner
    raise NotOfferedError(f"no set, but {type(item).__name__}")


def _bindings(target: Any) -> dict[str, Any]:
    return {item.name: item for item in target.values if isinstance(item, Binding)}


def _assign(target: Any, path: list[str], value: Any) -> None:
    known = _bindings(target)
    for size in range(len(path), 0, -1):
        found = known.get(".".join(path[:size]))
        if found is not None and size == len(path):
            found.value = value
            return
        if found is not None and isinstance(found.value, AttributeSet):
            _assign(found.value, path[size:], value)
            return
    target.values.append(Binding(name=".".join(path), value=value))


def _append(target: Any, package: str) -> None:
    known = _bindings(target)
    if "packages" not in known:
        target.values.append(Binding(name="packages", value=parse(f"[ {package} ]").value[0]))
        return
    value, spelled = known["packages"].value, package
    if isinstance(value, WithStatement):
        bare = getattr(value.environment, "name", None) == "pkgs"
        value, spelled = value.body, package.removeprefix("pkgs.") if bare else package
    if not isinstance(value, NixList):
        raise NotOfferedError(f"packages is no list, but {type(value).__name__}")
    item = parse(f"[ {spelled} ]").value[0].value[0]
    if not any(other.rebuild().strip() == item.rebuild().strip() for other in value.value):
        value.value.append(item)


def _require_pkgs(root: Any) -> None:
    """Add `pkgs` to the outermost `{ ... }:` that has no such argument."""
    arguments = getattr(root, "argument_set", None)
    if isinstance(arguments, list) and not any(getattr(item, "name", None) == "pkgs" for item in arguments):
        arguments.insert(0, Identifier(name="pkgs"))
    elif not isinstance(arguments, list):
        raise NotOfferedError("no arguments that pkgs could be added to")


def _timed(action: Callable[[], object]) -> float:
    found = []
    for _ in range(5):
        start = time.perf_counter()
        action()
        found.append((time.perf_counter() - start) * 1000)
    return median(found)


def attempt(content: str, edit: dict[str, Any], way: Callable[[str, dict[str, Any]], str]) -> dict[str, Any]:
    """Return the text and the time of an edit, or the exception."""
    try:
        text = way(content, edit)
    except Exception as error:  # noqa: BLE001  (whatever it raises is its refusal)
        return {"error": type(error).__name__, "message": str(error)[:300]}
    return {"text": text, "ms": _timed(lambda: way(content, edit))}


def round_trip(content: str) -> Any:
    """Return the text that reading and writing gives, or the exception."""
    try:
        return str(parse(content).rebuild())
    except Exception as error:  # noqa: BLE001
        return {"error": type(error).__name__, "message": str(error)[:300]}


def main() -> None:
    """Answer the request on standard input."""
    request = json.load(sys.stdin)
    files, edits = request["files"], request["edits"]
    found: dict[str, Any] = {
        "version": version("nix-manipulator"),
        "round_trips": {name: round_trip(content) for name, content in files.items()},
        "edits": {},
    }
    for title, way in {"set_value": by_set_value, "by hand": by_hand}.items():
        found["edits"][title] = [
            {"file": name, "edit": edit["title"], **attempt(content, edit, way)}
            for name, content in files.items()
            for edit in edits
        ]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
