"""The documents say what is: every error code, every link, every snippet, the project's own dev shell."""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from devkeel import errors
from devkeel.api import Environment
from devkeel.catalogue import find_option
from devkeel.source import nix
from devkeel_cli.group import VERBS
from devkeel_mcp.tools import TOOLS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
SOURCES = sorted([*ROOT.glob("tools/**/*.py"), *ROOT.glob("server/**/*.py")])
# What makes an error or a finding: its first argument, or the one called `code`, is the code.
ERRORS = {name for name, item in vars(errors).items() if inspect.isclass(item) and issubclass(item, Exception)}
MAKERS = ERRORS | {"Diagnostic", "Obstacle", "Problem", "ReportProblem", "Shape", "refuse", "refused"}


def test_every_code_of_the_source_is_documented_and_no_other() -> None:
    documented = re.findall(r"^### `?([a-z0-9_]+)`?$", (ROOT / "docs/errors.md").read_text(), re.MULTILINE)
    raised = {code for path in SOURCES for code in said(path).codes}
    assert len(documented) == len(set(documented))
    assert set(documented) == raised


def test_every_error_says_what_to_do_next() -> None:
    # the editors' refusals get theirs from `Document.refuse`
    paths = [path for path in SOURCES if not path.is_relative_to(ROOT / "tools/devkeel/source")]
    assert [place for path in paths for place in said(path).without_remedy] == []


class Said(NamedTuple):
    """What one module says: codes, places of errors without a remedy, docstrings."""

    codes: frozenset[str]
    without_remedy: tuple[str, ...]
    docstrings: tuple[str, ...]


@cache
def said(path: Path) -> Said:
    """Read a module once, whatever is asked about it; its syntax tree is not kept, for it is large."""
    read = Codes(path)
    calls = [call for call in read.calls(ERRORS) if argument(call, "remedy", 4) is None]
    lacking = tuple(f"{path.name}:{call.lineno}" for call in calls)
    return Said(frozenset(read.found()), lacking, tuple(docstrings(read.tree)))


@pytest.mark.parametrize("text", ['refuse("a_code")', 'errors.Busy(code="a_code", message="")', 'Problem("a_code", 1)'])
def test_a_literal_code_is_found(tmp_path: Path, text: str) -> None:
    path = tmp_path / "module.py"
    path.write_text(text)
    assert set(Codes(path).found()) == {"a_code"}


def test_codes_are_found_through_names_choices_and_helpers(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        """
KNOWN = "from_constant"
def reason(item):
    if item:
        return "from_helper", "a sentence"
    return "from_other_return", "a sentence"
def blocked(item, code, why):
    return item.refuse(code, why)
def work(item):
    chosen = "from_choice" if item else KNOWN
    raise Refused(chosen, "")
    blocked(item, *reason(item))
    code, why = other(item)
    raise Refused(code, why)
def other(item):
    return "from_unpacking", "a sentence"
def rest(item):
    blocked(item, "from_argument", "a sentence")
"""
    )
    wanted = {"from_constant", "from_helper", "from_other_return", "from_choice", "from_argument", "from_unpacking"}
    assert set(Codes(path).found()) == wanted


def test_a_code_that_cannot_be_traced_fails_the_collection(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text('raise Refused("".join(parts), "a sentence")')
    with pytest.raises(AssertionError, match="cannot trace"):
        list(Codes(path).found())


class Codes:
    """The codes that one module gives to errors and findings, by reading its syntax tree."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tree = ast.parse(path.read_text())
        self.every_call = [node for node in ast.walk(self.tree) if isinstance(node, ast.Call)]

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    def found(self) -> Iterator[str]:
        for call in self.calls(MAKERS):
            code = argument(call, "code", 0)
            if code is not None:
                yield from self.values(code)

    def calls(self, names: set[str]) -> Iterator[ast.Call]:
        yield from (node for node in self.every_call if name_of(node.func) in names)

    def values(self, node: ast.expr) -> Iterator[str]:
        """Yield every string that an expression can be."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.IfExp):
            yield from self.values(node.body)
            yield from self.values(node.orelse)
        elif isinstance(node, ast.Name):
            yield from self.values_of_name(node)
        elif not (isinstance(node, ast.Attribute) and node.attr == "code"):
            # `error.code` passes on a code that somebody else gave; anything else is a gap in this reader.
            raise AssertionError(f"cannot trace the code at {self.path}:{node.lineno}: {ast.unparse(node)}")

    def values_of_name(self, node: ast.Name) -> Iterator[str]:
        function = self.function_around(node)
        places = [function, self.tree] if function else [self.tree]
        for place in places:
            assigned = [
                (item.value, to) for item in ast.walk(place) if isinstance(item, ast.Assign) for to in item.targets
            ]
            found = [(value, at) for value, to in assigned if (at := place_in(to, node.id)) is not None]
            if found:
                for value, at in found:
                    yield from self.values(value) if at == WHOLE else self.values_in_tuples(value, at)
                return
            if isinstance(place, ast.FunctionDef) and node.id in parameters(place):
                yield from self.values_of_parameter(place, node.id)
                return
        raise AssertionError(f"cannot trace the name {node.id} at {self.path}:{node.lineno}")

    def values_of_parameter(self, function: ast.FunctionDef, name: str) -> Iterator[str]:
        """Yield what the module's own calls of a helper pass for a parameter."""
        position = parameters(function).index(name)
        for call in self.calls({function.name}):
            star = next((i for i, item in enumerate(call.args) if isinstance(item, ast.Starred)), None)
            if star is not None and star <= position:
                starred = call.args[star]
                assert isinstance(starred, ast.Starred)
                yield from self.values_in_tuples(starred.value, position - star)
            else:
                passed = argument(call, name, position)
                assert passed is not None, f"cannot trace {name} at {self.path}:{call.lineno}"
                yield from self.values(passed)

    def values_in_tuples(self, call: ast.expr, position: int) -> Iterator[str]:
        """Yield what a tuple, or the tuples that a helper returns, have at a position."""
        if isinstance(call, ast.Tuple):
            yield from self.values(call.elts[position])
            return
        assert isinstance(call, ast.Call), f"cannot trace {ast.unparse(call)} at {self.path}:{call.lineno}"
        name = getattr(call.func, "id", None)
        helper = next(item for item in ast.walk(self.tree) if isinstance(item, ast.FunctionDef) and item.name == name)
        for item in ast.walk(helper):
            if isinstance(item, ast.Return):
                assert isinstance(item.value, ast.Tuple), f"cannot trace {name} at {self.path}:{item.lineno}"
                yield from self.values(item.value.elts[position])

    def function_around(self, node: ast.AST) -> ast.FunctionDef | None:
        while node in self.parents:
            node = self.parents[node]
            if isinstance(node, ast.FunctionDef):
                return node
        return None


WHOLE = -1


def place_in(target: ast.expr, name: str) -> int | None:
    """Return where an assignment puts a name: WHOLE, a position in a tuple, or None."""
    if isinstance(target, ast.Tuple):
        return next((i for i, item in enumerate(target.elts) if getattr(item, "id", None) == name), None)
    return WHOLE if getattr(target, "id", None) == name else None


def name_of(function: ast.expr) -> str | None:
    """Return the last name of what is called; click has errors of its own under the same names."""
    if isinstance(function, ast.Attribute):
        return None if getattr(function.value, "id", None) == "click" else function.attr
    return getattr(function, "id", None)


def argument(call: ast.Call, name: str, position: int) -> ast.expr | None:
    named = next((item.value for item in call.keywords if item.arg == name), None)
    return named or (call.args[position] if len(call.args) > position else None)


def parameters(function: ast.FunctionDef) -> list[str]:
    names = [item.arg for item in (*function.args.posonlyargs, *function.args.args)]
    return names[1:] if names[:1] == ["self"] else names


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", without_code(path.read_text()))
    for target in targets:
        if re.match(r"[a-z]+:", target):
            continue
        name, _, heading = target.partition("#")
        found = (path.parent / name) if name else path
        assert found.exists(), target
        assert not heading or heading in headings(found), target


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


@cache
def headings(path: Path) -> set[str]:
    """Return the anchors that a forge makes of a page's headings."""
    found = re.findall(r"^#+ (.+)$", without_code(path.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in found}


def snippets() -> list[tuple[str, str, str]]:
    found = []
    for path in DOCUMENTS:
        for match in re.finditer(r"^```(json|toml|nix|python)\n(.*?)^```$", path.read_text(), re.MULTILINE | re.DOTALL):
            line = path.read_text().count("\n", 0, match.start()) + 1
            found.append((f"{path.relative_to(ROOT)}:{line}", match[1], match[2]))
    return found


@pytest.mark.parametrize(("place", "language", "text"), snippets(), ids=lambda value: value.partition("\n")[0])
def test_every_snippet_is_valid(place: str, language: str, text: str) -> None:
    if language == "json":
        json.loads(text)
    elif language == "toml":
        tomllib.loads(text)
    elif language == "nix":
        assert nix.Document(text.encode()).problems == [], place
    else:
        compile(text, place, "exec")


def test_the_readme_configures_every_host() -> None:
    readme = (ROOT / "README.md").read_text()
    for host in ("Claude Code", "Claude Desktop", "VS Code", "Cursor", "Codex", "Zed"):
        assert host in readme
    configured = [language for place, language, _ in snippets() if place.startswith("README.md")]
    assert {"json", "toml"} <= set(configured)


def test_the_transcript_of_the_readme_is_what_the_command_prints(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples/webapp", tmp_path / "webapp")
    blocks = re.findall(r"^```console\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    commands = re.findall(r"^\$ (devkeel .*)$", "".join(blocks), re.MULTILINE)
    assert commands
    printed = "".join(f"$ {command}\n{answer(command, tmp_path / 'webapp')}" for command in commands)
    assert TIME.sub("TIME", printed) == TIME.sub("TIME", "".join(blocks))


def test_the_architecture_names_every_dependency_with_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    section = (ROOT / "ARCHITECTURE.md").read_text().partition("\n## Dependencies\n")[2]
    named = re.findall(r"^\| `([\w.-]+)` \| \S", section, re.MULTILINE)
    assert sorted(named) == sorted(re.split(r"[<>=]", item)[0] for item in wanted)


def test_the_architecture_names_every_room_and_no_other() -> None:
    named = set(
        re.findall(r"^\| `((?:tools|server)/[\w./]+)` \|", (ROOT / "ARCHITECTURE.md").read_text(), re.MULTILINE)
    )
    library = {path for path in (ROOT / "tools/devkeel").iterdir() if path.suffix == ".py" or path.is_dir()}
    rooms = library | {path for path in (ROOT / "server").iterdir() if path.is_dir()}
    ignored = {"__init__.py", "__pycache__"}
    names = {f"{path.relative_to(ROOT)}{'/' if path.is_dir() else ''}" for path in rooms if path.name not in ignored}
    assert named == names


@pytest.mark.parametrize("page", ["README.md", "docs/command.md"])
def test_the_exit_codes_of_the_library_are_explained(page: str) -> None:
    text = (ROOT / page).read_text()
    told = {int(number) for number in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
    wanted = {0} | {getattr(errors, name).exit_code for name in ERRORS}
    assert wanted <= told


def test_the_index_names_every_page() -> None:
    linked = re.findall(r"\]\(([a-z-]+\.md)[)#]", (ROOT / "docs/index.md").read_text())
    assert set(linked) == {path.name for path in ROOT.glob("docs/*.md")} - {"index.md"}


# Words in code among the arguments of a tool that are values, or programs.
VALUES = {
    *("package", "option", "service", "language", "nix-instantiate", "test", "start", "stop", "restart", "restore"),
    *("create", "renew", "check"),
}
COMMON = {"dry_run", "expected_revision", "reason"}


def test_the_pages_name_every_tool_with_its_arguments() -> None:
    listed = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", section(ROOT / "docs/agents.md", "The tools"), re.MULTILINE))
    assert listed.keys() >= COMMON
    rows = {name: set(re.findall(r"`([\w-]+)`", text)) for name, text in listed.items() if name not in COMMON}
    wanted = {tool.name: set(tool.arguments.model_fields) for tool in TOOLS}
    assert rows.keys() == wanted.keys()
    for name, told in rows.items():
        common = COMMON if wanted[name] >= COMMON else set()
        assert told - VALUES == wanted[name] - common - VALUES, name
        assert wanted[name] & VALUES <= told, name
    readme = section(ROOT / "README.md", "Connect an agent")
    assert {
        name for row in re.findall(r"^\| (`.*?) \|", readme, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    } == (wanted.keys())


def test_the_pages_name_every_verb() -> None:
    for page in ("README.md", "docs/command.md"):
        text = (ROOT / page).read_text()
        assert [verb for verb in VERBS if not re.search(rf"^\|.*`{verb}\b", text, re.MULTILINE)] == [], page


def section(page: Path, heading: str) -> str:
    """Return what stands below a heading of the second level."""
    return page.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")


def answer(command: str, project: Path) -> str:
    """Return what a command line of the transcript prints on a terminal without colours."""
    found = subprocess.run(
        [sys.executable, "-m", "devkeel_cli", *shlex.split(command)[1:]],
        cwd=project,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), "LOGNAME": "me"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return found.stdout.replace(f"{project.parent}/", "~/")


def test_the_own_dev_shell_passes_the_own_checks() -> None:
    report = Environment(ROOT, actor="tests").check()
    assert report.ok
    assert report.diagnostics == ()


@pytest.mark.nix
def test_the_own_dev_shell_is_nix_to_nix_as_well() -> None:
    assert Environment(ROOT, actor="tests").check(second_opinion=True).ok
    found = subprocess.run(["nix-instantiate", "--parse", ROOT / "devenv.nix"], capture_output=True, check=False)
    assert found.returncode == 0, found.stderr


def test_the_own_dev_shell_uses_options_that_exist() -> None:
    used = [item.path for item in nix.Document((ROOT / "devenv.nix").read_bytes()).definitions]
    assert [path for path in used if find_option(path) is None] == []


@pytest.mark.parametrize(
    "private",
    [
        pytest.param(rb"/(?:home|Users|root|work|mnt)/[a-z]", id="a directory of one machine"),
        pytest.param(
            rb"pypi\.org|pythonhosted\.org|registry\.npmjs|registry\.yarnpkg|crates\.io|rubygems\.org"
            rb"|proxy\.golang|conda\.anaconda",
            id="the host of a registry",
        ),
    ],
)
def test_no_file_names(private: bytes) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    paths = [ROOT / name.decode() for name in listed.stdout.split(b"\0") if name]
    assert paths
    named = [str(path.relative_to(ROOT)) for path in paths if path.is_file() and re.search(private, path.read_bytes())]
    # What programs print has such names in it.
    data = {"tests/test_documentation.py", "benchmarks/failures/worked.jsonl"}
    assert [name for name in named if name not in data] == []


VAGUE = re.compile(r"\b(?:nobody|somebody|told|tells?)\b", re.IGNORECASE)


def test_docstrings_name_who_does_what() -> None:
    texts = [text for path in SOURCES for text in said(path).docstrings]
    found = [(match[0], text.split("\n")[0]) for text in texts for match in VAGUE.finditer(text)]
    assert len(found) <= 0.2 * sum(len(text.split()) for text in texts) / 1000, found


def docstrings(tree: ast.Module) -> Iterator[str]:
    """Yield the docstrings of a module, private ones too."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield ast.get_docstring(node) or ""
