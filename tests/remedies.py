"""Every call that a refusal or an answer of the library names is made, in a copy of the project where it was said.

A remedy that is refused itself is a dead end. What a call leaves to the reader is filled in from the error: the file
that it is about, a text of that file. Each kind of refusal with each call is tried once a process.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import shlex
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from devkeel.api import Environment
from devkeel.errors import DevkeelError
from devkeel.text import actions
from devkeel_words.speech import as_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from devkeel.text.actions import Said

# Calls that are not made here, and why.
UNTRIED = {
    "apply": "it builds",
    "bootstrap": "it installs",
    "make": "it builds",
    "mix": "it builds",
    "run": "it runs what is applied",
    "job": "a job belongs to the process that runs it",
    "log": "the processes are those of the project, not of its copy",
    "start": "it builds and starts",
    "stop": "the processes are those of the project, not of its copy",
    "restart": "the processes are those of the project, not of its copy",
    "search": "its cursor belongs to the catalogue of the process",
    "purge": "it is about stores, not about the project",
}
# Refusals whose call is refused in turn, and why that is right.
EXCEPTIONS: dict[tuple[str, str], str] = {}
# What says that a call leads nowhere, whatever was asked.
DEAD = frozenset(
    {
        *("not_an_environment_file", "not_nix", "not_yaml", "bad_argument", "unknown_language", "unknown_operation"),
        *("already_undone", "bad_edit", "bad_usage"),
    }
)
METHODS = (
    *("change", "undo", "restore", "apply", "run", "call", "result", "manage", "processes", "inspect", "check"),
    *("operation", "history", "diff", "write_envrc", "environments", "job", "examine", "search"),
)
LANGUAGES = {"package.json": "javascript", "Cargo.toml": "rust", "go.mod": "go", "Gemfile": "ruby"}
_LARGE = 500  # files: such a project is a test of size


class Heard(NamedTuple):
    """A call that was named. root: a copy of the project then. code, file, alternatives: of the error that named it."""

    said: Said
    root: Path
    code: str
    file: str | None = None
    alternatives: tuple[str, ...] = ()


_heard: list[Heard] = []
_known: set[tuple[object, ...]] = set()


def markers(text: str | None) -> list[Said]:
    """Return the calls that a text names."""
    found: list[Said] = []
    actions.say(text or "", lambda said: found.append(said) or "")
    return [said for said in found if said.kind == "do"]


def line_of(heard: Heard) -> list[str] | None:
    """Return the command line that follows what was said, None where nothing can be filled in."""
    name = heard.said.name
    typed = shlex.split(as_command.do(name, heard.said.arguments).strip("`"))[1:]
    filling = _FILLINGS.get(name)
    if filling is None:
        return [*typed, *(["--dry-run"] if name in ("undo", "remove") else [])]
    filled = filling(heard, heard.file or "devenv.nix")
    return None if filled is None else [*typed, *filled]


def _patch(heard: Heard, file: str) -> list[str] | None:
    text = (heard.root / file).read_text("utf-8", "replace") if (heard.root / file).is_file() else ""
    once = next((line for line in text.split("\n") if line.strip() and text.count(line) == 1), None)
    return None if once is None else [file, f"--old={once}", f"--new={once}", "--dry-run"]


def _set(_: Heard, file: str) -> list[str]:
    given = ["allowUnfree", "true"] if file.endswith(".yaml") else ["env.TRIED", "x"]
    return [*given, f"--file={file}", "--dry-run"]


def _library(heard: Heard, _: str) -> list[str]:
    known = {Path(item).name for item in (heard.file or "", *heard.alternatives)}
    language = next((language for file, language in LANGUAGES.items() if file in known), "python")
    library = "example.org/a" if language == "go" else "idna"
    return [f"--language={language}", library, "--level=schema", "--dry-run"]


_FILLINGS: dict[str, Callable[[Heard, str], list[str] | None]] = {
    "patch": _patch,
    "set": _set,
    "append": lambda *_: ["imports", "./tried.nix", "--level=syntax", "--dry-run"],
    "library": _library,
    "edit_library": _library,
    "add": lambda heard, _: [*([] if heard.said.arguments else ["jq"]), "--level=schema", "--dry-run"],
    "check": lambda *_: ["--level=syntax"],
    "adopt": lambda *_: ["--yes"],
}


def refused(heard: Heard) -> str | None:
    """Return how the call that was named is a dead end, or None."""
    from devkeel_cli.run import run

    line = line_of(heard)
    if line is None or heard.said.name in UNTRIED or (heard.code, heard.said.name) in EXCEPTIONS:
        return None
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), contextlib.chdir(heard.root):
        exit_code = run([*line, f"--root={heard.root}", *(["--json"] if heard.said.name != "begin" else [])])
    if not exit_code:
        return None
    try:
        code = json.loads(out.getvalue())["error"]["code"]
    except (ValueError, KeyError):
        code = "usage" if exit_code == 2 else ""
    if code in (*DEAD, "usage", heard.code):
        return f"{heard.code or 'an answer'} says {shlex.join(line)}, which is refused: {code} {err.getvalue()[:500]}"
    return None


def _hear(environment: Environment, said: list[Said], error: DevkeelError | None) -> None:
    code = error.code if error else ""
    file = error.place.file if error and error.place else None
    fresh = []
    for item in said:
        key = (code, item.name, *sorted(item.arguments), file and Path(file).suffix)
        if key not in _known:
            _known.add(key)
            fresh.append(item)
    root = environment.project.root
    if not fresh or sum(1 for _ in zip(root.rglob("*"), range(_LARGE), strict=False)) == _LARGE:
        return
    copy = Path(tempfile.mkdtemp(prefix="devkeel-remedies-")) / "project"
    with contextlib.suppress(OSError, shutil.Error):  # sockets, and what may not be read
        shutil.copytree(root, copy, symlinks=True)
    _heard.extend(Heard(item, copy, code, file, error.alternatives if error else ()) for item in fresh)


def _listening(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def listened(self: Environment, *arguments: Any, **given: Any) -> Any:
        try:
            result = method(self, *arguments, **given)
        except DevkeelError as error:
            _hear(self, markers(error.remedy), error)
            raise
        said = markers(getattr(result, "next", None))
        said += [item for note in getattr(result, "notes", ()) for item in markers(str(note))]
        _hear(self, said, None)
        return result

    return listened


def pytest_configure() -> None:
    """Listen to what each `Environment` of this process answers."""
    for name in METHODS:
        if (method := Environment.__dict__.get(name)) is not None:
            setattr(Environment, name, _listening(method))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Follow what was said, once a test has put back what it replaced."""
    yield
    heard = [*_heard]
    _heard.clear()
    # Those that inject faults or forge records are told what holds of their project alone.
    apart = {"faults", "hostile"} & {*item.path.parts} or item.get_closest_marker("forged")
    wrong = [] if apart else [refused(found) for found in heard]
    for root in {found.root for found in heard}:
        shutil.rmtree(root.parent, ignore_errors=True)
    if any(wrong):
        pytest.fail("\n".join(filter(None, wrong)))
