"""CONTRIBUTING.md, followed: each recipe is carried out on a copy of the source, and what it promises is tried there.

A recipe names its files in a table. What a test adds or changes must be among them, and no more than the recipe says.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOTS = ("tools", "server")
DECLARATION = "{ pkgs, ... }:\n\n{\n  # Where the cache listens.\n  services.redis.port = 6379;\n}\n"


def table(recipe: str) -> list[str]:
    """Return the files that a recipe names: words in capitals stand for a name of the feature's own."""
    section = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition(f"\n## {recipe}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `((?:tools|server)/[^`]+)` \|", section, re.MULTILINE)


@dataclass
class Copy:
    """A copy of the source, which a recipe changes, and a project to try it on. touched: the files so far."""

    root: Path
    project: Path
    touched: set[str] = field(default_factory=set)

    def add(self, name: str, text: str) -> None:
        """Write a file that is not there yet."""
        path = self.root / name
        assert not path.exists()
        path.write_text(text, "utf-8")
        self.touched.add(name)

    def patch(self, name: str, old: str, new: str) -> None:
        """Put text in place of other text, which must stand once in the file."""
        path = self.root / name
        text = path.read_text("utf-8")
        assert text.count(old) == 1, f"{name} has {old!r} {text.count(old)} times"
        path.write_text(text.replace(old, new), "utf-8")
        self.touched.add(name)

    def python(self, *arguments: str) -> str:
        """Run Python at the project with the copy in place of the installed source, and return what it prints."""
        paths = os.pathsep.join(str(self.root / name) for name in ROOTS)
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.project,
            env={**os.environ, "PYTHONPATH": paths},
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def devkeel(self, *words: str) -> str:
        """Run the command."""
        return self.python("-m", "devkeel_cli", *words)

    def follows(self, recipe: str, most: int) -> None:
        """Assert that the files touched are those that a recipe names, and how many they are at most."""
        patterns = [re.sub(r"[A-Z]+", r"\\w+", re.escape(name)) for name in table(recipe)]
        stray = [name for name in self.touched if not any(re.fullmatch(item, name) for item in patterns)]
        assert not stray
        assert len(self.touched) <= most


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """A copy of the source, and a project of one file."""
    root, project = tmp_path / "source", tmp_path / "project"
    for name in ROOTS:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    project.mkdir()
    (project / "devenv.nix").write_text(DECLARATION)
    made = Copy(root, project)
    assert Path(made.python("-c", "import devkeel; print(devkeel.__file__)").strip()).is_relative_to(root)
    return made


FAMILY = '''\
"""Edits of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from devkeel.edits.base import Edit
from devkeel.edits.suggestion import NewPath
from devkeel.errors import Place, Refused
from devkeel.source import Edited, nix
from devkeel.source.path import format_path, parse_path

if TYPE_CHECKING:
    from devkeel.edits.files import AppliedEdit, Files
    from devkeel.edits.suggestion import Suggestion

__all__ = ["KINDS", "Increase"]


class Increase(Edit):
    """Make the number at an option path greater."""

    kind: Literal["increase"] = "increase"
    path: str
    by: int

    def apply(self, files: Files) -> AppliedEdit:
        file = self.open(files)
        document = file.nix()
        value = document.get(parse_path(self.path))
        if not isinstance(value, int):
            raise Refused("not_a_number", f"{self.path} is no number.", place=Place(file.name))
        edited = nix.set(document, self.path, value + self.by) if self.by else Edited(file.data)
        return file.becomes(edited)

    def already(self) -> str:
        return f"{self.path}: there is nothing to add."

    def corrected(self, suggestion: Suggestion) -> dict[str, Any] | None:
        new = suggestion.moved(parse_path(self.path)) if isinstance(suggestion, NewPath) else None
        return None if new is None else self.given(path=format_path(new))


KINDS = (Increase,)
'''
VERB = '''\
"""`devkeel increase`."""

import click

from devkeel_cli.arguments.options import change, writing_options
from devkeel_cli.session import pass_session


@click.command("increase")
@click.argument("path")
@click.argument("by", type=int)
@writing_options
@pass_session
def command(session, /, path, by, writing):
    """Make a number greater."""
    change(session, [{"kind": "increase", "path": path, "by": by}], writing)
'''
AGENT = """\
import json
from pathlib import Path
import anyio
from mcp.client import Client
from devkeel_cli.answers.suggest import as_command
from devkeel_mcp import build_server

EDIT = {"kind": "increase", "path": "services.redis.port", "by": 1}

async def main():
    async with Client(build_server(Path.cwd())) as client:
        tools = {tool.name: tool.input_schema for tool in (await client.list_tools()).tools}
        item = tools["edit_environment"]["properties"]["edits"]["items"]["properties"]
        called = await client.call_tool("edit_environment", {"edits": [EDIT], "level": "syntax"})
        told = [called.is_error, item["kind"]["enum"][-1], item["by"], as_command(EDIT)]
    print(json.dumps(told))

anyio.run(main)
"""


CORRECTED = """\
from devkeel.edits.numbers import Increase
from devkeel.edits.suggestion import NewPath

print(Increase(path="services.redis.port", by=1).corrected(NewPath(("services",), ("other",))))
"""


def test_an_edit_kind(copy: Copy) -> None:
    copy.add("tools/devkeel/edits/numbers.py", FAMILY)
    copy.patch("tools/devkeel/edits/vocabulary.py", '"text")', '"text", "numbers")')
    copy.add("server/devkeel_cli/verbs/increase.py", VERB)
    copy.patch("server/devkeel_cli/group.py", "VERBS = {\n", 'VERBS = {\n    "increase": "Make a number greater.",\n')
    row = '    "increase": lambda edit: ["increase", edit["path"], str(edit["by"])],\n'
    copy.patch("server/devkeel_cli/answers/suggest.py", '    "enable": _enable,\n', f'    "enable": _enable,\n{row}')
    field = '    by: int | None = Field(default=None, description="increase: how much.")\n    file: str'
    copy.patch("server/devkeel_mcp/tools/edit.py", "    file: str", field)
    copy.follows("Add an edit kind", 6)

    file = copy.project / "devenv.nix"
    words = ("increase", "services.redis.port", "1", "--level", "syntax")
    assert "+  services.redis.port = 6380;" in copy.devkeel(*words, "--dry-run")
    assert file.read_text() == DECLARATION
    copy.devkeel(*words)
    assert file.read_text() == DECLARATION.replace("6379", "6380")
    assert "there is nothing to add" in copy.devkeel("increase", "services.redis.port", "0", "--level", "syntax")
    by = {"type": "integer", "description": "increase: how much."}
    told = json.loads(copy.python("-c", AGENT))
    assert told == [False, "increase", by, "devkeel increase services.redis.port 1"]
    assert file.read_text() == DECLARATION.replace("6379", "6381")
    assert "'other.redis.port'" in copy.python("-c", CORRECTED)


BACKEND = '''\
"""The scripts backend: a directory of the project's own programs, named by `scripts.txt`, stands first on PATH."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.backends.backend import Applied, Backend, Evidence, HealthFinding
from devkeel.errors import CheckFailed, Diagnostic, Place

if TYPE_CHECKING:
    from devkeel.backends.backend import Realisation
    from devkeel.project.root import Project, Reader

__all__ = ["Scripts"]

_FILE = "scripts.txt"


class Scripts(Backend):
    """Environments of the programs in one directory."""

    name = "scripts"

    def detect(self, project: Reader) -> Evidence | None:
        """Return why a project is this backend's: it has a scripts.txt."""
        return Evidence((_FILE,), f"there is {_FILE}") if project.exists(_FILE) else None

    def declared(self, project: Project) -> tuple[str, ...]:
        """Return the file that declares the environment."""
        return (_FILE,) if project.exists(_FILE) else ()

    def check(self, realisation: Realisation) -> list[Diagnostic]:
        """Return that the directory is not there."""
        folder = _folder(realisation)
        if realisation.project.exists(folder):
            return []
        return [Diagnostic("install_failed", "error", f"there is no directory {folder}", "build", Place(_FILE))]

    def apply(self, realisation: Realisation) -> Applied:
        """Return the directory as the environment. Raises CheckFailed `install_failed`."""
        for found in self.check(realisation):
            raise CheckFailed(found.code, f"{found.message}.", place=found.place, diagnostics=(found,))
        prefix = str(realisation.project.root / _folder(realisation))
        return Applied(self.name, prefix, {"PATH": prefix}, self.name)

    def alive(self, applied: Applied) -> bool:
        """Return whether the directory is still there."""
        return Path(applied.prefix).is_dir()

    def test(self) -> tuple[str, ...]:
        """Return the project's own test, which is one of its programs."""
        return ("run-tests",)

    def doctor(self, project: Project) -> tuple[HealthFinding, ...]:
        """Return what there is to run."""
        return (HealthFinding(True, f"{_FILE} names {(project.read(_FILE) or b'').decode().strip()}"),)


def _folder(realisation: Realisation) -> str:
    return realisation.subject.files[_FILE].decode().strip()
'''


def test_a_backend(copy: Copy) -> None:
    copy.add("tools/devkeel/backends/scripts.py", BACKEND)
    row = '    BackendRow("scripts", "devkeel.backends.scripts", "Scripts", ("scripts.txt",)),\n'
    copy.patch("tools/devkeel/backends/registry.py", "\n)\nBACKENDS", f"\n{row})\nBACKENDS")
    copy.patch("tools/devkeel/project/root.py", "\nMANIFESTS = (", '\nMANIFESTS = ("scripts.txt", ')
    copy.follows("Add a backend", 3)

    scripts = copy.project / "scripts"
    scripts.mkdir()
    (copy.project / "devenv.nix").unlink()
    (copy.project / "scripts.txt").write_text("scripts\n")
    for name, said in (("greet", "greetings"), ("run-tests", "all is well")):
        (scripts / name).write_text(f"#!/bin/sh\necho {said}\n")
        (scripts / name).chmod(0o755)
    assert json.loads(copy.devkeel("inspect", "--json"))["backend"] == "scripts"
    assert "venv or scripts." in " ".join(copy.devkeel("apply", "--help").split())
    assert not json.loads(copy.devkeel("apply", "--dry-run", "--json"))["applied"]
    applied = json.loads(copy.devkeel("apply", "--json"))
    assert (applied["applied"], applied["backend"], applied["prefix"]) == (True, "scripts", str(scripts))
    assert json.loads(copy.devkeel("inspect", "--json"))["stages"]["current"]
    assert json.loads(copy.devkeel("run", "--json", "greet"))["stdout"] == "greetings\n"
    assert json.loads(copy.devkeel("run", "--json", "--test"))["stdout"] == "all is well\n"
    assert "scripts.txt names scripts" in copy.devkeel("doctor", "--backend", "scripts")
    (copy.project / "scripts.txt").write_text("elsewhere\n")
    assert not json.loads(copy.devkeel("inspect", "--json"))["stages"]["current"]
    with pytest.raises(AssertionError, match="there is no directory elsewhere"):
        copy.devkeel("apply")


CHECK = '''\
"""Ports that a declaration names: may whoever enters the environment open them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.errors import Diagnostic
from devkeel.source.path import format_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.candidate.candidate import Candidate
    from devkeel.checks.modules import World

__all__ = ["check_ports"]

_FIRST = 1024


def check_ports(_: Candidate, world: World) -> Iterator[Diagnostic]:
    """Yield the ports that only root may open."""
    for document in world.modules:
        for item in document.definitions:
            value = document.value(item)
            if item.path[-1:] == ("port",) and isinstance(value, int) and value < _FIRST:
                told, place = format_path(item.path), document.place(item.node.start_byte)
                yield Diagnostic("port_of_root", "warning", f"{told} is a port of root", "schema", place, told)
'''


def test_a_check(copy: Copy) -> None:
    copy.add("tools/devkeel/checks/ports.py", CHECK)
    registry = "tools/devkeel/checks/schema.py"
    last = "from devkeel.checks.packages import check_packages\n"
    copy.patch(registry, last, f"{last}from devkeel.checks.ports import check_ports\n")
    copy.patch(registry, "    check_packages,\n", "    check_packages,\n    check_ports,\n")
    copy.follows("Add a check", 2)

    file = copy.project / "devenv.nix"
    assert "port_of_root" not in copy.devkeel("check", "--level", "schema", "--json")
    file.write_text(DECLARATION.replace("6379", "79"))
    found = json.loads(copy.devkeel("check", "--level", "schema", "--json"))["diagnostics"]
    assert [(item["code"], item["place"]["line"]) for item in found] == [("port_of_root", 5)]


SIZE = '''\
"""How much is declared."""

from __future__ import annotations

from msgspec import Struct


class Size(Struct, frozen=True):
    """The bytes of all files of a declaration."""

    bytes: int


def size(context):
    """Return how much is declared."""
    return Size(sum(map(len, context.declaration().values())))
'''
METHOD = '''\
    def size(self):
        """Return how much is declared."""
        return size_of.size(self.context)

    def search('''
TOOL = '''\
"""show_size: how much is declared."""

from mcp_types import CallToolResult, TextContent

from devkeel_mcp.answers.text import plain
from devkeel_mcp.calls.arguments import Arguments
from devkeel_mcp.calls.spec import READ, ToolSpec


class SizeArguments(Arguments):
    pass


async def _size(call, arguments):
    found = await call.read(lambda environment: environment.size())
    text = TextContent(type="text", text=f"{found.bytes} bytes")
    return CallToolResult(content=[text], structured_content=plain(found))


SIZE = ToolSpec("show_size", "Use to see how much is declared.", READ, SizeArguments, _size, ("size",))
'''
SIZE_VERB = '''\
"""`devkeel size`."""

import click

from devkeel_cli.arguments.options import json_option, show
from devkeel_cli.session import pass_session


@click.command("size")
@json_option
@pass_session
def command(session, /, as_json):
    """Show how much is declared."""
    show(session.environment.size(), lambda found: [f"{found.bytes} bytes"], as_json=as_json)
'''
HOST = """\
import json, os, sys
from pathlib import Path
import anyio
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters

async def main():
    line = ["-m", "devkeel_cli", "--root", str(Path.cwd()), "serve"]
    server = StdioServerParameters(command=sys.executable, args=line, env=dict(os.environ))
    async with Client(server) as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
        called = await client.call_tool("show_size", {})
    print(json.dumps([called.is_error, names[-1], called.structured_content]))

anyio.run(main)
"""


def test_a_tool_with_its_verb(copy: Copy) -> None:
    copy.add("tools/devkeel/inspection/size.py", SIZE)
    api = "tools/devkeel/api.py"
    copy.patch(api, "    def search(", METHOD)
    copy.patch(api, "\n\n@judged\n", '\nsize_of = Deferred("devkeel.inspection.size")\n\n\n@judged\n')
    copy.patch(
        "tools/devkeel/policy/actions.py",
        '    "search": _LOOKING,\n',
        '    "search": _LOOKING,\n    "size": _LOOKING,\n',
    )
    copy.add("server/devkeel_mcp/tools/size.py", TOOL)
    tools = "server/devkeel_mcp/tools/__init__.py"
    copy.patch(tools, "    templates,\n)", "    size,\n    templates,\n)")
    copy.patch(tools, "    jobs.CANCEL,\n)", "    jobs.CANCEL,\n    size.SIZE,\n)")
    copy.add("server/devkeel_cli/verbs/size.py", SIZE_VERB)
    copy.patch(
        "server/devkeel_cli/group.py",
        '    "completion": ',
        '    "size": "Show how much is declared.",\n    "completion": ',
    )
    copy.follows("Add a tool with its verb", most=7)

    size = len(DECLARATION)
    assert json.loads(copy.devkeel("size", "--json"))["bytes"] == size
    assert "Show how much is declared." in copy.devkeel("--help")
    assert json.loads(copy.python("-c", HOST)) == [False, "show_size", {"bytes": size}]
