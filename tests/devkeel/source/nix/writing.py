"""Random modules in random styles, and random edits with what they mean on plain data."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

NAMES = ("alpha", "beta", "gamma", "delta", "app:x", "with", "a b", "x'", "_y")
ROOTS = ("env", "services", "languages", "scripts", "tasks", "x-y")
PACKAGES = ("git", "jq", "curl", "gdb", "redis", "hello", "zlib", "ripgrep", "python3Packages.numpy")
PIECES = (
    "a",
    " ",
    "\n",
    "'",
    "''",
    "$",
    "{",
    "${",
    "\\",
    '"',
    "\t",
    "é",
    "  ",
    "\r",
    "''${",
    "$$",
    "# no",
    "; }",
    "''\\",
)
HEADS = (
    "{{ pkgs, ... }}:{gap}",
    "{{ pkgs, lib, config, ... }}:{gap}",
    "{{\n  pkgs,\n  ...\n}}:{gap}",
    "{{ pkgs\n, lib\n, ...\n}}:{gap}",
    "args@{{ pkgs, ... }}:{gap}",
    "{{ pkgs, ... }}: let\n  unused = 1;\nin{gap}",
)


def text(random: Random) -> str:
    return "".join(random.choice(PIECES) for _ in range(random.randint(0, 7)))


def value(random: Random, depth: int = 0) -> Any:
    kind = random.random()
    if kind < 0.45 or depth > 2:
        return text(random)
    if kind < 0.7:
        return random.choice([True, False, None, 0, 1, -7, 2**62, 1.5, -0.25])
    if kind < 0.85:
        return [value(random, depth + 1) for _ in range(random.randint(0, 3))]
    return {random.choice(NAMES): value(random, depth + 1) for _ in range(random.randint(1, 3))}


def path(random: Random) -> tuple[str, ...]:
    return (random.choice(ROOTS), *(random.choice(NAMES) for _ in range(random.randint(1, 2))))


class Conflict(Exception):
    """The model has something else where the edit would go."""


def put(model: dict[str, Any], names: tuple[str, ...], item: Any) -> None:
    for name in names[:-1]:
        model = model.setdefault(name, {})
        if not isinstance(model, dict):
            raise Conflict
    old = model.get(names[-1])
    if isinstance(old, dict) and old and not isinstance(item, dict):
        raise Conflict
    model[names[-1]] = copy.deepcopy(item)


def module(random: Random) -> tuple[bytes, dict[str, Any]]:
    """Return a module's bytes and the data that it evaluates to."""
    model: dict[str, Any] = {}
    for _ in range(random.randint(0, 6)):
        try:
            put(model, path(random), value(random))
        except Conflict:
            continue
    packages = random.sample(PACKAGES, random.randint(0, 5)) if random.random() < 0.7 else None
    return printed(random, model, packages), model | ({"packages": packages} if packages is not None else {})


def printed(random: Random, model: dict[str, Any], packages: list[str] | None) -> bytes:
    unit = random.choice(["  ", "    ", "\t"])
    lines: list[str] = []
    if packages is not None:
        lines += package_lines(random, packages, unit)
    for name, item in model.items():
        if random.random() < 0.3:
            lines.append(f"{unit}# {random.choice(['note', 'https://devenv.sh/' + name + '/', name + '.q = 1;'])}")
        lines += binding_lines(random, (name,), item, unit, unit)
        if random.random() < 0.5:
            lines.append("")
    if random.random() < 0.3:
        lines.append(f"{unit}# the end")
    gap = random.choice(["\n\n", "\n", " "])
    head = random.choice(HEADS).format(gap=gap)
    source = head + "{\n" + "\n".join(lines) + ("\n" if lines else "") + "}" + random.choice(["\n", "", "\n\n"])
    return source.encode()


def package_lines(random: Random, packages: list[str], unit: str) -> list[str]:
    bare = random.random() < 0.5
    items = packages if bare else [f"pkgs.{name}" for name in packages]
    opening = "with pkgs; [" if bare else "["
    if random.random() < 0.5:
        return [f"{unit}packages = {opening} {' '.join(items)} ];"]
    rows = [f"{unit}{unit}{item}{random.choice(['', '', ' # why'])}" for item in items]
    if random.random() < 0.3:
        rows.append(f"{unit}{unit}# pkgs.later")
    return [f"{unit}packages = {opening}", *rows, f"{unit}];"]


def binding_lines(random: Random, names: tuple[str, ...], item: Any, indent: str, unit: str) -> list[str]:
    """Print one definition: dotted, nested, or a mix; literal values by the printer, which has tests of its own."""
    left = nix.format_path(names)
    if isinstance(item, dict) and item and random.random() < 0.8:
        if random.random() < 0.5:
            return [
                row for key, inner in item.items() for row in binding_lines(random, (*names, key), inner, indent, unit)
            ]
        rows = [row for key, inner in item.items() for row in binding_lines(random, (key,), inner, indent + unit, unit)]
        return [f"{indent}{left} = {{", *rows, f"{indent}}};"]
    printed_value = nix.print_value(item)
    if "\n" in printed_value and printed_value.startswith("''"):
        printed_value = nix.quote(item)
    trailing = random.choice(["", "", " # beside"])
    return [f"{indent}{left} = {printed_value};{trailing}"]


@dataclass(frozen=True)
class Step:
    """An edit: what to call, and what the data is afterwards."""

    label: str
    run: Callable[[bytes], nix.Edited]
    model: Callable[[dict[str, Any]], dict[str, Any]]


def step(random: Random) -> Step:
    return random.choice([_set, _set, _unset, _add, _drop, _append])(random)


def _set(random: Random) -> Step:
    names, item = path(random), value(random)
    where = nix.format_path(names)

    def model(data: dict[str, Any]) -> dict[str, Any]:
        put(data, names, item)
        return data

    return Step(f"set {where} {item!r}", lambda data: nix.set(data, where, item), model)


def _unset(random: Random) -> Step:
    names = path(random)[: random.randint(1, 3)]
    where = nix.format_path(names)

    def model(data: dict[str, Any]) -> dict[str, Any]:
        inner: Any = data
        for name in names[:-1]:
            inner = inner.get(name) if isinstance(inner, dict) else None
        if isinstance(inner, dict):
            inner.pop(names[-1], None)
        return data

    return Step(f"unset {where}", lambda data: nix.unset(data, where), model)


def _add(random: Random) -> Step:
    chosen = random.sample(PACKAGES, random.randint(1, 2))

    def model(data: dict[str, Any]) -> dict[str, Any]:
        old = data.get("packages", [])
        return data | {"packages": old + [name for name in chosen if name not in old]}

    return Step(f"add {chosen}", lambda data: nix.add_packages(data, *chosen), model)


def _drop(random: Random) -> Step:
    chosen = random.sample(PACKAGES, random.randint(1, 2))

    def model(data: dict[str, Any]) -> dict[str, Any]:
        if "packages" in data:
            data["packages"] = [name for name in data["packages"] if name not in chosen]
        return data

    return Step(f"drop {chosen}", lambda data: nix.remove_packages(data, *chosen), model)


def _append(random: Random) -> Step:
    names = ("lists", random.choice(NAMES))
    item = value(random)
    where = nix.format_path(names)

    def model(data: dict[str, Any]) -> dict[str, Any]:
        inner = data.setdefault("lists", {})
        old = inner.setdefault(names[1], [])
        if not any(type(item) is type(other) and item == other for other in old):
            old.append(copy.deepcopy(item))
        return data

    return Step(f"append {where} {item!r}", lambda data: nix.append(data, where, item), model)
