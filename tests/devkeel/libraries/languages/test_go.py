"""go.mod is edited as `go mod edit` does, which says what the result requires where it is installed."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.errors import DevkeelError, UsageError
from devkeel.libraries.planning import plan
from devkeel.libraries.request import LibraryPlan, Request

if TYPE_CHECKING:
    from pathlib import Path

needs_go = pytest.mark.skipif(shutil.which("go") is None, reason="go is not installed")
HEAD = "module example.org/x\n\ngo 1.24\n"
FULL = f"""{HEAD}
toolchain go1.24.1

require (
	example.org/a v1.0.0 // why it is here
	"example.org/quoted" v1.2.0
)

require (
	example.org/b v0.3.0 // indirect
	example.org/c/v2 v2.1.0 // indirect
)

require example.org/d v1.5.0

replace (
	example.org/a v0.9.0 => example.org/fork v1.0.0
	example.org/r => ../r
)

exclude (
	example.org/a v1.1.0
	example.org/gone v1.0.0
)

retract v0.1.0 // example.org/a v1.0.0 was meant

tool example.org/d/cmd/tool
"""


def planned(text: str, *names: str, remove: bool = False) -> LibraryPlan:
    return plan(Request("go", names, remove=remove), lambda name: text.encode() if name == "go.mod" else None)


def edited(text: str, *names: str, remove: bool = False) -> str:
    return planned(text, *names, remove=remove).files.get("go.mod", text.encode()).decode()


@functools.cache
def unknown_directives() -> tuple[str, ...]:
    """Return what this go does not know yet: `toolchain` came with Go 1.21, `tool` with 1.24."""
    told = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, check=True, text=True, timeout=60).stdout
    version = tuple(map(int, re.findall(r"\d+", told)[:2]))
    return tuple(name for name, since in (("toolchain", (1, 21)), ("tool", (1, 24))) if version < since)


def as_go_reads(root: Path, text: str, *flags: str) -> dict[str, Any]:
    for name in unknown_directives():
        text = re.sub(rf"^{name} .*\n", "", text, flags=re.MULTILINE)
    (root / "go.mod").write_text(text)
    variables = os.environ | {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod", "GOPROXY": "off"}
    for argv in (["go", "mod", "edit", *(flags or ("-fmt",))], ["go", "mod", "edit", "-json"]):
        told = subprocess.run(argv, cwd=root, env=variables, capture_output=True, check=False, timeout=60)
        assert not told.returncode, told.stderr.decode()
    found: dict[str, Any] = json.loads(told.stdout)
    found["Require"] = sorted(found.get("Require") or [], key=lambda item: str(item["Path"]))
    return found


CHANGES = (
    ("example.org/a@v1.2.0", "example.org/a v1.0.0 //", "example.org/a v1.2.0 //"),
    ("example.org/quoted@v1.3.0", '"example.org/quoted" v1.2.0', '"example.org/quoted" v1.3.0'),
    ("example.org/b@v0.4.0", "example.org/b v0.3.0", "example.org/b v0.4.0"),
    ("example.org/c/v2@v2.2.0", "v2.1.0", "v2.2.0"),
    ("example.org/d@v1.5.1-0.20240101000000-abcdefabcdef", "v1.5.0", "v1.5.1-0.20240101000000-abcdefabcdef"),
    ("example.org/gone@v1.1.0", " v1.2.0\n", " v1.2.0\n\texample.org/gone v1.1.0\n"),
    ("example.org/new@v2.0.0+incompatible", " v1.2.0\n", " v1.2.0\n\texample.org/new v2.0.0+incompatible\n"),
)


@pytest.mark.parametrize(("name", "old", "new"), CHANGES)
def test_a_version_changes_where_it_is_required_and_nowhere_else(name: str, old: str, new: str) -> None:
    assert edited(FULL, name) == FULL.replace(old, new, 1)
    windows = FULL.replace("\n", "\r\n")
    assert edited(windows, name) == FULL.replace(old, new, 1).replace("\n", "\r\n")
    assert not planned(edited(FULL, name), name).files


REMOVALS = (
    ("example.org/a", "\texample.org/a v1.0.0 // why it is here\n"),
    ("example.org/quoted", '\t"example.org/quoted" v1.2.0\n'),
    ("example.org/c/v2", "\texample.org/c/v2 v2.1.0 // indirect\n"),
    ("example.org/d", "require example.org/d v1.5.0\n\n"),
)


@pytest.mark.parametrize(("name", "line"), REMOVALS)
def test_a_module_is_removed_from_what_is_required_only(name: str, line: str) -> None:
    assert edited(FULL, name, remove=True) == FULL.replace(line, "", 1)


@needs_go
@pytest.mark.parametrize("name", [name for name, _, _ in CHANGES])
def test_go_reads_the_version_that_was_asked_for(tmp_path: Path, name: str) -> None:
    assert as_go_reads(tmp_path, edited(FULL, name)) == as_go_reads(tmp_path, FULL, f"-require={name}")


@needs_go
@pytest.mark.parametrize("name", [name for name, _ in REMOVALS])
def test_go_reads_the_rest_without_a_module(tmp_path: Path, name: str) -> None:
    assert as_go_reads(tmp_path, edited(FULL, name, remove=True)) == as_go_reads(tmp_path, FULL, f"-droprequire={name}")


@pytest.mark.parametrize(
    "body", ["", "\nrequire ()\n", "\nrequire (\n)\n", "\nrequire example.org/a v1.0.0 // indirect\n"]
)
@pytest.mark.parametrize("close", ["", "\n"])
def test_a_module_gets_a_place_of_its_own_where_there_is_none(body: str, close: str) -> None:
    text = (HEAD + body).rstrip("\n") + close
    made = edited(text, "example.org/b@v1.0.0")
    assert made.count("example.org/b v1.0.0") == 1
    assert edited(made, "example.org/b", remove=True).split() == text.split() or body.startswith("\nrequire (")


def test_a_block_that_nothing_is_left_of_goes() -> None:
    text = f"{HEAD}\nrequire (\n\texample.org/a v1.0.0\n)\n"
    assert edited(text, "example.org/a", remove=True) == HEAD
    kept = text.replace("(\n", "(\n\t// later\n")
    assert edited(kept, "example.org/a", remove=True) == kept.replace("\texample.org/a v1.0.0\n", "")


def test_a_module_that_is_required_twice_is_required_once_then() -> None:
    text = f"{HEAD}\nrequire example.org/a v1.0.0\nrequire example.org/a v1.1.0\n"
    assert edited(text, "example.org/a@v1.2.0") == f"{HEAD}\nrequire example.org/a v1.2.0\n"
    assert edited(text, "example.org/a", remove=True).rstrip() == HEAD.rstrip()


def test_what_is_not_required_is_not_removed_and_what_else_counts_is_said() -> None:
    made = planned(FULL, "example.org/gone", remove=True)
    assert not made.files
    assert "go.mod" in made.notes[0]
    assert "example.org/d/cmd/tool" in planned(FULL, "example.org/d", remove=True).notes[0]
    assert "replace" in planned(FULL, "example.org/r@v1.0.0").notes[0]
    assert "indirect" in planned(FULL, "example.org/b").notes[0]


def test_a_version_that_is_excluded_is_refused() -> None:
    with pytest.raises(DevkeelError) as caught:
        edited(FULL, "example.org/a@v1.1.0")
    assert caught.value.code == "ambiguous"


@pytest.mark.parametrize(
    ("name", "offered"),
    [
        ("example.org/a@latest", "example.org/a@v"),
        ("example.org/a@v1", "example.org/a@v"),
        ("example.org/a@v1.2", "example.org/a@v"),
        ("example.org/a@main", "example.org/a@v"),
        ("example.org/a@v2.0.0", "example.org/a/v2@v2.0.0"),
        ("example.org/a/v3@v2.0.0", "example.org/a/v3@v3"),
        ("gopkg.in/yaml.v3@v2.0.0", "gopkg.in/yaml.v3@v3"),
    ],
)
def test_a_version_that_go_would_not_read_is_refused_with_one_that_it_does(name: str, offered: str) -> None:
    with pytest.raises(UsageError) as caught:
        edited(FULL, name)
    assert caught.value.code == "bad_library"
    assert offered in str(caught.value.remedy)


@pytest.mark.parametrize(
    "name",
    ["gopkg.in/yaml.v3@v3.0.1", "gopkg.in/check.v1@v1.0.0", "example.org/a/v10@v10.0.0", "go.example.org@v0.24.0"],
)
def test_the_end_of_a_path_is_its_major_version(name: str) -> None:
    assert f"\t{name.replace('@', ' ')}\n" in edited(FULL, name)
