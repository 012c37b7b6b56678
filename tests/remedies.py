"""Every call that a refusal or an answer of the library names is made, in a copy of the project where it was said.

It is made twice: as the command that a person reads, and as the tool that an agent reads, by a server in memory.

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
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple

import anyio
import pytest

from devkeel.api import Environment
from devkeel.errors import DevkeelError
from devkeel.text import actions
from devkeel_words.speech import as_command, filled
from devkeel_words.vocabulary import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mcp_types import CallToolResult

    from devkeel.text.actions import Said

# Calls that are not made here, and why.
UNTRIED = {
    "apply": "it builds",
    "bootstrap": "it installs",
    "make": "it builds",
    "lock": "it fetches",
    "mix": "it builds",
    "run": "it runs what is applied",
    "diagnose": "a job belongs to the process that runs it",
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
    """A call that was named. root: a copy of the project then. code, file, alternatives: of the error that named it.

    own: for the caller's own call with other arguments, makes it in a project.
    """

    said: Said
    root: Path
    code: str
    file: str | None = None
    alternatives: tuple[str, ...] = ()
    own: Callable[[Path], object] | None = None


_heard: list[Heard] = []
_known: set[tuple[object, ...]] = set()


def markers(text: str | None) -> list[Said]:
    """Return the calls that a text names, the caller's own with other arguments among them."""
    found: list[Said] = []
    actions.say(text or "", lambda said: found.append(said) or "")
    return [said for said in found if said.kind in ("do", "again")]


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


def _policy_key(heard: Heard) -> list[str]:
    """Return what the reader adds: the key where it is not named, and a value that fits it."""
    key = str(heard.said.arguments.get("key", "protected"))
    value = "1" if key.endswith("_days") else "allow" if key.endswith("unknown") else '["a"]'
    return [*([] if "key" in heard.said.arguments else [key]), value]


_FILLINGS: dict[str, Callable[[Heard, str], list[str] | None]] = {
    "patch": _patch,
    "set": _set,
    "append": lambda *_: ["imports", "./tried.nix", "--level=syntax", "--dry-run"],
    "library": _library,
    "add": lambda heard, _: [*([] if heard.said.arguments else ["jq"]), "--level=schema", "--dry-run"],
    "check": lambda *_: ["--level=syntax"],
    "adopt": lambda *_: ["--yes"],
    "policy_set": lambda heard, _: [*_policy_key(heard), "--dry-run"],
    "policy_unset": lambda *_: ["--dry-run"],
}


def refused(heard: Heard) -> str | None:
    """Return how the call that was named is a dead end, or None."""
    from devkeel_cli.run import run

    if heard.own is not None:
        return _refused_again(heard, heard.own)
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


def tool_of(heard: Heard) -> tuple[str, dict[str, Any]] | None:
    """Return the tool with its arguments that follows what was said to an agent; None where it is a person's call."""
    name, file = heard.said.name, heard.file or "devenv.nix"
    row = ACTIONS.get(name)
    if row is None or row.tool is None:
        return None
    (tool, _), *words = filled(row.tool, heard.said.arguments)
    given = {word: value for word, value in words if value is not None}
    fixed = (word.partition("=") for word, value in words if value is None and "=" in word)
    given |= {word: {"true": True}.get(value, value) for word, _, value in fixed}
    filling = _TOOL_FILLINGS.get(name)
    more = filling(heard, file) if filling is not None else {}
    return None if more is None else (tool, more | given)


def _patched(heard: Heard, file: str) -> dict[str, Any] | None:
    line = _patch(heard, file)
    return line and {"file": file, "old": line[1][6:], "new": line[2][6:], "dry_run": True}


def _setting(_: Heard, file: str) -> dict[str, Any]:
    path, value = ("allowUnfree", True) if file.endswith(".yaml") else ("env.TRIED", "x")
    return {"edits": [{"kind": "set", "path": path, "value": value, "file": file}], "dry_run": True}


def _appended(_: Heard, __: str) -> dict[str, Any]:
    edit = {"kind": "append", "path": "packages", "expression": "pkgs.jq"}
    return {"edits": [edit], "level": "syntax", "dry_run": True}


def _library_named(heard: Heard, file: str) -> dict[str, Any]:
    line = _library(heard, file)
    return {"language": line[0].partition("=")[2], "names": [line[1]], "dry_run": True}


_TOOL_FILLINGS: dict[str, Callable[[Heard, str], dict[str, Any] | None]] = {
    "patch": _patched,
    "set": _setting,
    "append": _appended,
    "begin": lambda *_: {"edits": [{"kind": "add_packages", "names": ["jq"]}], "level": "schema", "dry_run": True},
    "library": _library_named,
    "add": lambda *_: {"names": ["jq"], "level": "schema", "dry_run": True},
    "remove": lambda *_: {"level": "schema", "dry_run": True},
    "enable": lambda *_: {"name": "redis", "level": "schema", "dry_run": True},
    "undo": lambda *_: {"dry_run": True},
    "check": lambda *_: {"level": "syntax"},
}


def refused_to_agent(heard: Heard) -> str | None:
    """Return how the tool that was named to an agent is a dead end, or None."""
    call = tool_of(heard)
    if call is None or heard.said.name in UNTRIED or (heard.code, heard.said.name) in EXCEPTIONS:
        return None
    result = _called(heard.root, *call)
    error = (result.structured_content or {}).get("error") or {}
    if result.is_error and error.get("code") in (*DEAD, heard.code, None):
        return f"{heard.code or 'an answer'} says {call}, which is refused: {error.get('code')} {error.get('message')}"
    return None


def _called(root: Path, tool: str, given: dict[str, Any]) -> CallToolResult:
    """Return what a server for a project answers, in a thread: that of a test may have a loop of its own."""
    from mcp.client import Client

    from devkeel_mcp import build_server

    found: list[CallToolResult] = []

    async def call() -> None:
        async with Client(build_server(root)) as client:
            found.append(await client.call_tool(tool, given))

    thread = Thread(target=anyio.run, args=(call,))
    thread.start()
    thread.join()
    return found[0]


def _refused_again(heard: Heard, own: Callable[[Path], object]) -> str | None:
    try:
        own(heard.root)
    except DevkeelError as error:
        if error.code in (*DEAD, heard.code):
            given = dict(heard.said.arguments)
            return f"{heard.code} says the same call with {given}, which is refused: {error.code} {error.message}"
    return None


def _repeating(method: Callable[..., Any], arguments: tuple[Any, ...], given: dict[str, Any]) -> Callable[..., Any]:
    """Return what makes a call once more in another project, with other arguments; False leaves one out."""

    def repeated(said: Said, backend: str | None, root: Path) -> object:
        changed = {**given, **said.arguments}
        kept = {name: value for name, value in changed.items() if said.arguments.get(name) is not False}
        environment = Environment(root, actor="remedies", backend=backend)
        return method(environment, *arguments, **kept)

    return repeated


def _hear(
    environment: Environment, said: list[Said], error: DevkeelError | None, repeated: Callable[..., Any] | None = None
) -> None:
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
    backend = environment._context.backend
    for item in fresh:
        own = functools.partial(repeated, item, backend) if item.kind == "again" and repeated else None
        _heard.append(Heard(item, copy, code, file, error.alternatives if error else (), own))


def _fallback(error: DevkeelError) -> str:
    """Return what an agent reads where an error has no remedy of its own."""
    from devkeel_mcp.answers.errors import _TABLE

    return next(remedy for kind, _, remedy in _TABLE if isinstance(error, kind))


def _listening(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def listened(self: Environment, *arguments: Any, **given: Any) -> Any:
        try:
            result = method(self, *arguments, **given)
        except DevkeelError as error:
            remedy = error.remedy or _fallback(error)
            _hear(self, markers(remedy), error, _repeating(method, arguments, given))
            raise
        said = markers(getattr(result, "next", None))
        said += [item for note in getattr(result, "notes", ()) for item in markers(str(note))]
        # What a dry run says of its own call is what it has just tried.
        _hear(self, [item for item in said if item.kind == "do"], None)
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
    wrong = [] if apart else [follow(found) for found in heard for follow in (refused_to_agent, refused)]
    for root in {found.root for found in heard}:
        shutil.rmtree(root.parent, ignore_errors=True)
    if any(wrong):
        pytest.fail("\n".join(filter(None, wrong)))
