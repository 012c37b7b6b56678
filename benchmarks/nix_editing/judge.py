"""Real Nix as the judge: does a file parse, does a module say what was asked, is the rest as it was."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.nix_editing.edits import Edit

__all__ = ["Judge", "Question"]

_HELPER = Path(__file__).with_name("judge.nix")
_BATCH = 80
_SECONDS = 120

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_'-]*")
_QUOTED = re.compile(r'"([^"\n$\\]+)"')
# Attributes that judge.nix gives every magic value itself.
_OWN = frozenset({"outPath", "type", "_type", "drvPath", "name", "pname", "version", "mainProgram", "system"})
_NO = re.compile(r"is(Darwin|Aarch|Aarch64|MacOS|Windows|x86_32|Musl|Static|BSD)")
_YES = re.compile(r"is[A-Z]\w*|isx86\w*|enable\w*|\w*Enabled|available")
# The last name of `x.name` beside ++, and names that have something below them.
_OPERAND = re.compile(r"\+\+\s*\(?[\w'.-]+\.([\w'-]+)(?![\w'.-])|\.([\w'-]+)\s*\)?\s*\+\+")
_INNER = re.compile(r"\.([\w'-]+)(?=\.[\w$\"])")
_LISTS = frozenset({"buildInputs", "nativeBuildInputs", "propagatedBuildInputs"})
_SYSTEM = "x86_64-linux"
_TEXT = re.compile(r"(root|state|dotfile|runtime|profile)|[A-Z][A-Z0-9_]{2,}|version\w*|\w+Version")


def _kind(name: str, lists: set[str]) -> str:
    if _NO.fullmatch(name):
        return "no"
    if _YES.fullmatch(name):
        return "yes"
    if _TEXT.fullmatch(name):
        return "text"
    return "list" if name in lists else "magic"


def names_in(*contents: bytes) -> dict[str, str]:
    """Return the names that occur in files, each with what a magic environment has under it."""
    source = "\n".join(content.decode("utf-8", "replace") for content in contents)
    found = {*_NAME.findall(source), *_QUOTED.findall(source), _SYSTEM} - _OWN
    lists = {name for pair in _OPERAND.findall(source) for name in pair} - {*_INNER.findall(source)} | _LISTS
    return {name: _kind(name, lists) for name in sorted(found) if not name.startswith("__")}


@dataclass(frozen=True)
class Question:
    """What to ask about a module: whether it holds what an edit asked for, evaluates at it, is the same elsewhere.

    beside: the other content in a comparison, so that both are evaluated in one environment.
    """

    question: Literal["holds", "evaluates", "rest"]
    content: bytes
    edit: Edit
    beside: bytes = b""


@dataclass
class Judge:
    """Asks nix-instantiate about many files at once; a batch that cannot be evaluated is halved.

    folder: an empty one for the files. lib: a checkout of nixpkgs' lib, None for a stub.
    """

    folder: Path
    lib: Path | None = None
    _files: dict[bytes, str] = field(default_factory=dict)
    _names: dict[tuple[bytes, bytes], dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.modules = self.folder / "modules"
        self.modules.mkdir()

    def parses(self, contents: Sequence[bytes]) -> list[bool]:
        """Tell of each content whether Nix parses it."""
        names = [self._file(content) for content in contents]
        batches = [names[start : start + _BATCH] for start in range(0, len(names), _BATCH)]
        with ThreadPoolExecutor(2) as pool:
            rejected = set().union(*pool.map(self._rejected, batches))
        return [name not in rejected for name in names]

    def _rejected(self, names: list[str]) -> set[str]:
        """Return the files that Nix does not parse: it stops at the first, so the rest is asked again."""
        rejected = set[str]()
        rest = list(dict.fromkeys(names))
        while rest:
            found = self._run("--parse", *(str(self.modules / name) for name in rest))
            if found.returncode == 0:
                break
            # It prints each file that it has parsed; the error names the one that it stopped at.
            named = re.findall(rf"{re.escape(str(self.modules))}/(m\d+\.nix)", found.stderr)
            culprit = next((name for name in named if name in rest), None)
            if culprit is None:
                return rejected | {name for name in rest if self._run("--parse", str(self.modules / name)).returncode}
            rejected.add(culprit)
            rest = rest[rest.index(culprit) + 1 :]
        return rejected

    def answers(self, questions: Sequence[Question]) -> list[Any]:
        """Answer each question with its value; None where the evaluation fails."""
        cases = [self._case(item) for item in questions]
        batches = [cases[start : start + _BATCH] for start in range(0, len(cases), _BATCH)]
        with ThreadPoolExecutor(2) as pool:
            return [answer for found in pool.map(self._halve, batches) for answer in found]

    def _file(self, content: bytes) -> str:
        if content not in self._files:
            self._files[content] = f"m{len(self._files)}.nix"
            (self.modules / self._files[content]).write_bytes(content)
        return self._files[content]

    def _case(self, item: Question) -> dict[str, Any]:
        key = (item.content, item.beside)
        if key not in self._names:
            self._names[key] = names_in(item.content, item.beside)
        wanted = {"package": "pkgs.jq"} if item.edit.package else {"wanted": item.edit.value}
        known = {"names": self._names[key], "file": self._file(item.content), "path": list(item.edit.path)}
        return {"question": item.question, **known, **wanted}

    def _halve(self, cases: list[dict[str, Any]]) -> list[Any]:
        found = self._evaluate(cases)
        if found is not None:
            return found
        if len(cases) == 1:
            return [None]
        middle = len(cases) // 2
        return self._halve(cases[:middle]) + self._halve(cases[middle:])

    def _evaluate(self, cases: list[dict[str, Any]]) -> list[Any] | None:
        with tempfile.NamedTemporaryFile("w", suffix=".json", dir=self.folder) as given:
            json.dump(cases, given)
            given.flush()
            lib = f"{{ lib = {self.lib}; }}" if self.lib else "{ }"
            expression = f"(import {_HELPER} {lib}) {{ folder = {self.modules}; cases = {given.name}; }}"
            found = self._run("--eval", "--strict", "--json", "-E", expression)
        return list(json.loads(found.stdout)) if found.returncode == 0 else None

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["nix-instantiate", *arguments]
        try:
            return subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(command, 1, "", "timeout")
