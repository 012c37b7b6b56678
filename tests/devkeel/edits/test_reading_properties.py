"""Whatever an edit says is there already, or is not there: it read every file of the declaration, and it is so."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devkeel.api import Environment
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import DevkeelError

# What a file may say, as option path and the Nix of its value; a list as its elements.
STATEMENTS = st.one_of(
    st.tuples(st.just("services.redis.enable"), st.sampled_from(["true", "false"])),
    st.tuples(st.sampled_from(["env.A", "env.B"]), st.sampled_from(['"1"', '"2"'])),
    st.tuples(st.just("packages"), st.lists(st.sampled_from(["pkgs.jq", "pkgs.fd", "pkgs.git"]), unique=True)),
    st.tuples(st.just("cachix.pull"), st.lists(st.sampled_from(['"a"', '"b"']), unique=True)),
)
FILES = ("devenv.nix", "a.nix", "nix/b.nix", "c/devenv.nix", "devenv.local.nix")
UNSEEN = {
    "inputs.x.devenvModules.y": "a module of an input",
    "./gone.nix": "a file that is not there",
    "../outside.nix": "a file of another project",
    "(import ./plain.nix { })": "what a call gives",
}
EDITS: list[dict[str, Any]] = [
    {"kind": "disable", "name": "redis"},
    {"kind": "enable", "name": "redis"},
    {"kind": "unset", "path": "env.A"},
    {"kind": "set", "path": "env.A", "value": "1"},
    {"kind": "comment_out", "path": "env.B"},
    {"kind": "add_packages", "names": ["jq"]},
    {"kind": "remove_packages", "names": ["jq"]},
    {"kind": "append", "path": "cachix.pull", "value": "a"},
    {"kind": "prepend", "path": "cachix.pull", "value": "b"},
    {"kind": "remove", "path": "cachix.pull", "value": "a"},
]
CLAIMS = re.compile(r"\balready\b|\bis not\b|\bare not\b|\bnowhere\b|\bnothing\b|\bno such\b|\bnot defined\b")


@st.composite
def projects(draw: st.DrawFn) -> tuple[dict[str, dict[str, Any]], dict[str, list[str]], list[str]]:
    """Return what each file says, the files that each imports, and what devenv.nix imports unseen."""
    names = ["devenv.nix", *draw(st.lists(st.sampled_from(FILES[1:]), unique=True))]
    said = {name: dict(draw(st.lists(STATEMENTS, max_size=4))) for name in names}
    imports: dict[str, list[str]] = {name: [] for name in names}
    for name in names[1:]:
        if name != "devenv.local.nix" and draw(st.integers(0, 4)):  # else it is no part of the declaration
            imports[draw(st.sampled_from([each for each in names if each != name]))].append(name)
    return said, imports, draw(st.lists(st.sampled_from(sorted(UNSEEN)), max_size=1))


def reachable(imports: dict[str, list[str]]) -> set[str]:
    found, waiting = set[str](), [name for name in imports if name in ("devenv.nix", "devenv.local.nix")]
    while waiting:
        name = waiting.pop()
        waiting += [] if name in found else imports[name]
        found.add(name)
    return found


def module(name: str, said: dict[str, Any], imports: list[str]) -> str:
    up = "../" if "/" in name else "./"
    lines = [f"  imports = [ {' '.join(up + each if each[0] not in '.(i' else each for each in imports)} ];"] * bool(
        imports
    )
    for path, value in said.items():
        lines.append(f"  {path} = {value if isinstance(value, str) else '[ ' + ' '.join(value) + ' ]'};")
    return "{ pkgs, inputs, ... }:\n{\n" + "\n".join(lines) + "\n}\n"


def says(root: Path, files: set[str], line: str) -> bool:
    return any(line in (root / name).read_text() for name in files)


def listed(root: Path, files: set[str], path: str, element: str) -> bool:
    lists = [
        re.findall(rf"^  {re.escape(path)} = \[(.*)\];$", (root / name).read_text(), re.MULTILINE) for name in files
    ]
    return any(element in text.split() for found in lists for text in found)


def holds(root: Path, files: set[str], edit: dict[str, Any]) -> bool:
    """Return whether the files are as an edit wants them, by their text."""
    goals = {
        "disable": not says(root, files, "  services.redis.enable = true;"),
        "enable": says(root, files, "  services.redis.enable = true;"),
        "unset": not says(root, files, "  env.A ="),
        "set": says(root, files, '  env.A = "1";'),
        "comment_out": not says(root, files, "  env.B ="),
        "add_packages": listed(root, files, "packages", "pkgs.jq"),
        "remove_packages": not listed(root, files, "packages", "pkgs.jq"),
        "append": listed(root, files, "cachix.pull", '"a"'),
        "prepend": listed(root, files, "cachix.pull", '"b"'),
        "remove": not listed(root, files, "cachix.pull", '"a"'),
    }
    return goals[edit["kind"]]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(projects(), st.sampled_from(EDITS))
def test_no_edit_says_what_is_there_or_not_without_all_that_was_read(
    project: tuple[dict[str, dict[str, Any]], dict[str, list[str]], list[str]], edit: dict[str, Any]
) -> None:
    said, imports, unseen = project
    files = reachable(imports)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "project")
        for name, statements in said.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            more = unseen if name == "devenv.nix" else []
            (root / name).write_text(module(name, statements, [*imports[name], *more]))
        environment = Environment(root, actor="test")
        try:
            result = environment.change(parse_edits([edit]), level="syntax")
        except DevkeelError as error:
            assert error.place is not None or error.alternatives  # it names where
            return
        finally:
            environment.close()
        claims = not result.changed or any(CLAIMS.search(note) for note in result.notes)
        if claims:
            assert result.looked_at is not None
            assert files <= {*result.looked_at.files}
            assert bool(result.looked_at.unread) == bool(unseen)
        assert holds(root, files, edit)
        if not result.changed and unseen and edit["kind"] in ("disable", "unset", "remove_packages", "remove"):
            assert any(result.looked_at.unread[0] in note for note in result.notes if result.looked_at)
