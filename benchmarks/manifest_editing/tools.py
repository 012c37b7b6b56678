"""The edits of a manifest by the field's own tools: uv, npm's code, cargo; on copies, without the network."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.manifest_editing.requests import Edit

__all__ = ["Answer", "answers_of", "cargo_reads", "has_tool", "workspace_above"]

_SCRIPT = Path(__file__).with_name("npm.cjs")
_UV_FLAGS = {"extra": "--optional", "group": "--group"}
_PYTHON = re.compile(rb"^requires-python\s*=\s*(?P<quote>['\"])[^'\"\n]*(?P=quote)", re.MULTILINE)
_ANY_PYTHON = b'requires-python = ">=3"'
_CARGO_FLAGS = {"dependencies": (), "dev-dependencies": ("--dev",), "build-dependencies": ("--build",)}
_PATH = re.compile(r"^target:(?P<target>.*):(?P<section>[a-z-]+)$")


class Answer(Struct, frozen=True):
    """What a tool made of a file: the bytes, or why there are none."""

    data: bytes | None
    why: str = ""


def answers_of(kind: str, edits: Sequence[tuple[Edit, bytes]], scratch: Path, cache: Path | None) -> list[Answer]:
    """Return what the tool of a kind makes of each edit; from a folder where it was asked before."""
    places = [None if cache is None else cache / f"{_digest(edit, data)}.json" for edit, data in edits]
    known = [None if place is None or not place.exists() else place.read_bytes() for place in places]
    answers = iter(_TOOLS[kind]([item for item, found in zip(edits, known, strict=True) if found is None], scratch))
    found = [next(answers) if old is None else msgspec.json.decode(old, type=Answer) for old in known]
    for place, old, answer in zip(places, known, found, strict=True):
        if place is not None and old is None:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(msgspec.json.encode(answer))
    return found


def _digest(edit: Edit, data: bytes) -> str:
    return hashlib.sha256(msgspec.json.encode(edit) + data).hexdigest()


def has_tool(kind: str) -> bool:
    """Return whether a tool of the field edits this kind."""
    return kind in _TOOLS


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _run(argv: Sequence[str], folder: Path) -> str:
    """Run a tool; return why it failed, or nothing."""
    done = subprocess.run(
        argv, cwd=folder, capture_output=True, text=True, timeout=60, check=False, env=os.environ | {"NO_COLOR": "1"}
    )
    return "" if done.returncode == 0 else (done.stderr.strip() or f"exit {done.returncode}")[-300:]


def by_uv(edits: Sequence[tuple[Edit, bytes]], scratch: Path) -> list[Answer]:
    """Return what `uv add --frozen` and `uv remove --frozen` make of each pyproject.toml."""
    return [_uv(edit, data, _fresh(scratch / "uv")) for edit, data in edits]


def _uv(edit: Edit, data: bytes, folder: Path) -> Answer:
    head, _, name = edit.section.partition(":")
    if head not in ("project", "extra", "group", "uv-dev"):
        return Answer(None, "not of uv")
    where = ["--dev"] if head == "uv-dev" else [_UV_FLAGS[head], name] if head in _UV_FLAGS else []
    # uv wants an interpreter that the project allows; which one is here says nothing about the edit.
    wanted = _PYTHON.search(data)
    (folder / "pyproject.toml").write_bytes(_PYTHON.sub(_ANY_PYTHON, data))
    verb = "remove" if edit.verb in ("remove", "absent") else "add"
    argv = [str(Path(sys.executable).with_name("uv")), verb, "--frozen", "--offline", "--no-config"]
    argv += ["--no-python-downloads", "--python", sys.executable, *where, edit.item]
    why = _run(argv, folder)
    made = (folder / "pyproject.toml").read_bytes()
    return Answer(None, why) if why else Answer(made.replace(_ANY_PYTHON, wanted[0]) if wanted else made)


def by_npm(edits: Sequence[tuple[Edit, bytes]], scratch: Path) -> list[Answer]:
    """Return what npm's own rules make of each package.json, in one process."""
    program = shutil.which("npm")
    if program is None:
        return [Answer(None, "no npm here") for _ in edits]
    root, jobs = _fresh(scratch / "npm"), list[dict[str, str | None]]()
    for number, (edit, data) in enumerate(edits):
        folder = _fresh(root / str(number))
        (folder / "package.json").write_bytes(data)
        group = edit.group if edit.verb == "add" else None
        jobs.append(
            {"folder": str(folder), "verb": edit.verb, "name": edit.name, "version": edit.version, "group": group}
        )
    done = subprocess.run(
        ["node", str(_SCRIPT), str(Path(program).resolve().parent.parent)],
        input=json.dumps(jobs).encode(),
        capture_output=True,
        check=True,
        timeout=600,
    )
    answers = json.loads(done.stdout)
    return [
        Answer(None, answer["error"])
        if "error" in answer
        else Answer((root / str(number) / "package.json").read_bytes())
        for number, answer in enumerate(answers)
    ]


def by_cargo(edits: Sequence[tuple[Edit, bytes]], scratch: Path) -> list[Answer]:
    """Return what `cargo add` and `cargo remove` make of each Cargo.toml, from a source with what is asked for."""
    return [_cargo(edit, data, scratch) for edit, data in edits]


def _cargo(edit: Edit, data: bytes, scratch: Path) -> Answer:
    found = _PATH.match(edit.section)
    flags: list[str] = ["--target", found["target"]] if found else []
    section = found["section"] if found else edit.section
    if section not in _CARGO_FLAGS or shutil.which("cargo") is None:
        return Answer(None, "not of cargo add")
    flags += _CARGO_FLAGS[section]
    folder = crate_around(data, _fresh(scratch / "cargo"))
    (folder / ".cargo").mkdir()
    (folder / ".cargo" / "config.toml").write_text(
        f'[source.crates-io]\nreplace-with = "here"\n[source.here]\ndirectory = "{folder / "vendor"}"\n'
    )
    _vendor(folder / "vendor", edit, data)
    verb = "remove" if edit.verb in ("remove", "absent") else "add"
    why = _run(["cargo", verb, "--quiet", "--offline", *flags, edit.item], folder)
    made = (folder / "Cargo.toml").read_bytes()
    # cargo writes the manifest and resolves it then: that the other crates are not here comes after the edit.
    if why and (made == data or edit.verb == "absent"):
        return Answer(None, why)
    if edit.verb == "add" and not edit.version:
        # cargo takes the newest version of the source; without one, a name alone asks for any.
        made = made.replace(f'{edit.name} = "9.9.0"'.encode(), f'{edit.name} = "*"'.encode())
    return Answer(made)


def _vendor(folder: Path, edit: Edit, data: bytes) -> None:
    crate = _fresh(folder / edit.name)
    features = sorted(set(re.findall(r"[A-Za-z0-9_][A-Za-z0-9_+.-]*", data.decode("utf-8", "replace"))))
    known = "".join(f'"{name}" = []\n' for name in features)
    head = f'[package]\nname = "{edit.name}"\nversion = "9.9.0"\nedition = "2021"\n[features]\n'
    (crate / "Cargo.toml").write_text(head + known)
    (crate / "src").mkdir()
    (crate / "src" / "lib.rs").write_text("")
    (crate / ".cargo-checksum.json").write_text('{"files": {}}')


def crate_around(data: bytes, scratch: Path) -> Path:
    """Write a Cargo.toml with what it needs beside it to be read, and return its folder."""
    folder = scratch / "a" / "b" / "c" / "workspace" / "crate"
    (folder / "src").mkdir(parents=True)
    (folder / "Cargo.toml").write_bytes(data)
    for name in ("lib.rs", "main.rs"):
        (folder / "src" / name).write_text("")
    try:
        model = tomllib.loads(data.decode("utf-8-sig"))
    except ValueError:
        return folder
    for path, name in _neighbours(model):
        place = folder / path
        if place.resolve().is_relative_to(scratch) and not (place / "Cargo.toml").exists():
            (place / "src").mkdir(parents=True, exist_ok=True)
            (place / "src" / "lib.rs").write_text("")
            (place / "Cargo.toml").write_text(f'[package]\nname = "{name}"\nversion = "1.0.0"\nedition = "2021"\n')
    for path in _targets(model):
        place = folder / path
        if place.resolve().is_relative_to(scratch):
            with suppress(OSError):
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text("")
    if "workspace" not in model:
        (folder.parent / "Cargo.toml").write_text(workspace_above(model))
    return folder


def _neighbours(model: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the crates that a manifest names by their paths: members of its workspace, and libraries."""
    workspace = model.get("workspace") or {}
    found = [(path, path.rpartition("/")[2]) for path in workspace.get("members") or [] if "*" not in path]
    for table in [model, workspace, *(model.get("target") or {}).values()]:
        for kind in _CARGO_FLAGS:
            for name, value in (table.get(kind) or {}).items():
                if isinstance(value, dict) and isinstance(value.get("path"), str):
                    found.append((value["path"], value.get("package") or name))
    return found


def _targets(model: dict[str, Any]) -> list[str]:
    found = [model.get("lib") or {}, model.get("package") or {}]
    paths = [item["path"] for item in found[:1] if isinstance(item.get("path"), str)]
    paths += [found[1]["build"]] if isinstance(found[1].get("build"), str) else []
    for kind, folder in (("bin", "src/bin"), ("example", "examples"), ("test", "tests"), ("bench", "benches")):
        for item in model.get(kind) or []:
            paths.append(item.get("path") or f"{folder}/{item.get('name')}.rs")
    return paths


def workspace_above(model: dict[str, Any]) -> str:
    """Return a workspace above a crate, with each thing in it that the crate inherits."""
    tables = [model, *(model.get("target") or {}).values()]
    kinds = ("dependencies", "dev-dependencies", "build-dependencies")
    names = {
        name: sorted(value.get("features") or [])
        for table in tables
        for kind in kinds
        for name, value in (table.get(kind) or {}).items()
        if isinstance(value, dict) and value.get("workspace")
    }
    package = 'version = "1.0.0"\nedition = "2021"\nrust-version = "1.60"\nlicense = "MIT"\nauthors = []\n'
    package += 'description = "d"\nhomepage = "h"\nrepository = "r"\ndocumentation = "d"\nkeywords = []\n'
    package += 'categories = []\nreadme = "R"\nexclude = []\ninclude = []\npublish = false\nlicense-file = "L"\n'
    libraries = "".join(f'"{name}" = "1"\n' for name in names)
    lints = "[workspace.lints.rust]\n" if (model.get("lints") or {}).get("workspace") else ""
    return (
        f'[workspace]\nmembers = ["crate"]\n[workspace.package]\n{package}[workspace.dependencies]\n{libraries}{lints}'
    )


def cargo_reads(data: bytes, scratch: Path) -> bool:
    """Return whether `cargo metadata --no-deps` reads a Cargo.toml."""
    folder = crate_around(data, _fresh(scratch / "metadata"))
    return not _run(["cargo", "metadata", "--no-deps", "--offline", "--format-version", "1"], folder)


_TOOLS: dict[str, Callable[[Sequence[tuple[Edit, bytes]], Path], list[Answer]]] = {
    "pyproject": by_uv,
    "npm": by_npm,
    "cargo": by_cargo,
}
