"""Reads with Nix what devenv.lock pins, and keeps it: a process of its own, so that no call ever waits for it.

    devkeel.catalogue.refresh [SET...] [--about NAME...] < devenv.lock

Names of packages, options, and the names in those sets that are named; or what packages of these names are. What the
store lacks is left out: nothing is fetched. What is read is foreign Nix: it is evaluated with `restrict-eval`, and only
names and texts come out of it.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devkeel.catalogue import cache
from devkeel.errors import Unavailable
from devkeel.nix_cli.confinement import evaluate, settings
from devkeel.nix_cli.pins import read_pins
from devkeel.runtime.isolation import isolated_python
from devkeel.runtime.process import start_detached
from devkeel.runtime.programs import find_program
from devkeel.source.path import quote
from devkeel.state import locks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkeel.nix_cli.pins import Pin, Pins

__all__ = ["about_key", "names_key", "options_key", "refresh", "refresh_about", "start_about", "start_refresh"]

_TIMEOUT = 300.0
_OUTPUT = 64 * 1024 * 1024
_SET = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,60}")
_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_+-]*(?:\.[A-Za-z_][A-Za-z0-9_+-]*){0,4}")
_ABOUT = "--about"
_AT_ONCE = 100
_asked: set[str] = set()
_asked_about: set[tuple[str, str]] = set()


def names_key(nixpkgs: Pin, of: str = "") -> str:
    """Return the name in the cache for the names of a nixpkgs, or of a set in it."""
    return f"names-{nixpkgs.key}{'-' if of else ''}{of}"


def options_key(pins: Pins) -> str:
    """Return the name in the cache for the options that a lock means."""
    return f"options-{pins.key}"


def about_key(nixpkgs: Pin) -> str:
    """Return the name in the cache for what packages of a nixpkgs are."""
    return f"about-{nixpkgs.key}"


def start_about(lock: bytes, nixpkgs: Pin, names: Sequence[str]) -> None:
    """Have Nix asked in the background what packages of a nixpkgs are, each once in this process."""
    if not cache.grows():
        return
    asked = [(nixpkgs.key, name) for name in names[:_AT_ONCE] if _PATH.fullmatch(name)]
    new = [name for key, name in asked if (key, name) not in _asked_about]
    _asked_about.update(asked)
    if new and find_program("nix-instantiate"):
        start_detached((*isolated_python("devkeel.catalogue.refresh"), _ABOUT, *new), stdin=lock)


def start_refresh(lock: bytes, key: str, sets: Sequence[str] = ()) -> None:
    """Have what is missing from the cache under `key` read in the background, once in this process."""
    if key in _asked or not cache.grows() or cache.failed_lately(key):
        return
    _asked.add(key)
    if find_program("nix-instantiate"):
        start_detached((*isolated_python("devkeel.catalogue.refresh"), *sets), stdin=lock)


def refresh(lock: bytes, sets: Sequence[str] = ()) -> None:
    """Read what the cache lacks of a lock; one process at a time, so that the next finds what the first has read."""
    pins = read_pins(lock)
    nixpkgs = pins.nixpkgs
    if nixpkgs is None:
        return
    try:
        with locks.hold(cache.made() / f"refresh-{pins.key}.lock", _TIMEOUT) as held:
            if not held:
                return
            for name in ("", *(item for item in sets if _SET.fullmatch(item))):
                _keep(names_key(nixpkgs, name), "names.nix", {"path": nixpkgs.path, "set": name}, pins)
            if pins.devenv is not None:
                _keep_options(pins, nixpkgs, pins.devenv)
    except OSError:
        return


def refresh_about(lock: bytes, names: Sequence[str]) -> None:
    """Read what packages are and keep it; a name whose value cannot be looked at is kept as one that says nothing."""
    pins = read_pins(lock)
    nixpkgs, wanted = pins.nixpkgs, [name for name in names if _PATH.fullmatch(name)]
    if nixpkgs is None or not wanted:
        return
    try:
        with locks.hold(cache.made() / f"about-{nixpkgs.key}.lock", _TIMEOUT) as held:
            if not held:
                return
            kept = cache.read(about_key(nixpkgs))
            known = kept if isinstance(kept, dict) else {}
            found = _described(nixpkgs, pins, [name for name in wanted if name not in known])
            cache.write(about_key(nixpkgs), known | found)
    except OSError:
        return


def _described(nixpkgs: Pin, pins: Pins, names: Sequence[str]) -> dict[str, str]:
    """Return what packages say; where one of several cannot be evaluated, halves of them are asked apart."""
    if not names:
        return {}
    asked = {"path": nixpkgs.path, "names": [name.split(".") for name in names]}
    said = _evaluated("descriptions.nix", asked, pins)
    if isinstance(said, dict):
        return {name: text for name, text in said.items() if isinstance(text, str)}
    if len(names) == 1:
        return {names[0]: ""}
    half = len(names) // 2
    return _described(nixpkgs, pins, names[:half]) | _described(nixpkgs, pins, names[half:])


def _keep_options(pins: Pins, nixpkgs: Pin, devenv: Pin) -> None:
    modules = f"{devenv.path}/{devenv.directory or 'src/modules'}"
    asked = {"nixpkgs": nixpkgs.path, "modules": modules, "inputs": dict(pins.inputs)}
    # A default may be computed from what a bare evaluation does not have; the options are worth more than it.
    for detail in (2, 1, 0):
        if _keep(options_key(pins), "options.nix", {**asked, "detail": detail}, pins):
            return


def _keep(key: str, program: str, arguments: dict[str, Any], pins: Pins) -> bool:
    """Run a Nix program unless the cache has its result; keep the result, or that there is none."""
    if cache.read(key) is not None:
        return True
    data = _evaluated(program, arguments, pins)
    if data is None:
        cache.note_failure(key)
        return False
    cache.write(key, data)
    return True


def _evaluated(program: str, arguments: dict[str, Any], pins: Pins) -> Any | None:  # noqa: ANN401  (data of any shape)
    """Return what a Nix program makes of its arguments, None where it fails."""
    path = Path(__file__).with_name(program)
    readable = [str(path), *(place for _, place in pins.inputs), *([pins.nixpkgs.path] if pins.nixpkgs else [])]
    call = f"import (/. + {quote(str(path))}) (builtins.fromJSON {quote(json.dumps(arguments))})"
    search = [part for place in readable for part in ("-I", f"source={place}")]
    # `--readonly-mode`: nothing is written to the store (nix, src/libmain/shared.cc).
    argv = ("nix-instantiate", "--eval", "--strict", "--json", "--readonly-mode", *settings(), *search, "--expr", call)
    try:
        done = evaluate(argv, timeout=_TIMEOUT, cwd=Path("/"), limit=_OUTPUT)
        return json.loads(done.stdout) if done.returncode == 0 else None
    except (Unavailable, ValueError):
        return None


if __name__ == "__main__":
    if sys.argv[1:2] == [_ABOUT]:
        refresh_about(sys.stdin.buffer.read(), sys.argv[2:])
    else:
        refresh(sys.stdin.buffer.read(), sys.argv[1:])
