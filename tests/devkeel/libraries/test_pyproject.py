"""A request changes of a pyproject.toml what `uv add` and `uv remove` would, and less of its text."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from devkeel.errors import Refused, UsageError
from devkeel.libraries.planning import plan
from devkeel.libraries.request import LibraryPlan, Request
from devkeel.libraries.resolve.installers import find_uv

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD = '[project]\nname = "demo"\nversion = "0.1.0"\nrequires-python = ">=3.11"\n'


def planned(text: str, *names: str, remove: bool = False, group: str | None = None) -> LibraryPlan:
    request = Request("python", names, group, remove=remove)
    return plan(request, lambda name: text.encode() if name == "pyproject.toml" else None)


def edited(text: str, *names: str, remove: bool = False, group: str | None = None) -> str:
    found = planned(text, *names, remove=remove, group=group)
    return found.files.get("pyproject.toml", text.encode()).decode()


def dependencies(*items: str) -> str:
    return HEAD + "dependencies = [\n" + "".join(f"  {item},\n" for item in items) + "]\n"


@pytest.mark.parametrize(
    ("old", "wanted", "new"),
    [
        ('"uvicorn[standard]>=0.20"', "uvicorn>=0.30", '"uvicorn[standard]>=0.30"'),
        ('"uvicorn[standard]>=0.20"', "uvicorn[standard]", '"uvicorn[standard]>=0.20"'),
        ('"uvicorn[standard]>=0.20"', "Uvicorn[Watch]", '"uvicorn[Watch,standard]>=0.20"'),
        ('"uvicorn >= 0.20"', "uvicorn", '"uvicorn >= 0.20"'),
        ("'uvicorn (>=0.20)'", "uvicorn>=0.30,<1", "'uvicorn (>=0.30,<1)'"),
        ("'Un_der [a, b] >=1 ; os_name == \"nt\"'", "un-der>=2", "'Un_der [a, b] >=2 ; os_name == \"nt\"'"),
        ("\"pywin32>=306; sys_platform == 'win32'\"", "pywin32>=307", "\"pywin32>=307; sys_platform == 'win32'\""),
        ('"pywin32>=306; os_name == \\"nt\\""', "pywin32>=307", "'pywin32>=307; os_name == \"nt\"'"),
        ('"d @ https://example.com/d-1.zip"', "d>=2", '"d>=2"'),
        ("\"d @ https://example.com/d-1.zip ; os_name == 'nt'\"", "d>=2", "\"d>=2 ; os_name == 'nt'\""),
        ('"d[x]>=1"', "d @ https://example.com/d-2.zip", '"d[x] @ https://example.com/d-2.zip"'),
        ('"d>=1"', "d[b,a]", '"d[a,b]>=1"'),
        ('"d"', "d==1", '"d==1"'),
    ],
)
def test_a_request_changes_what_it_names_and_nothing_else(old: str, wanted: str, new: str) -> None:
    before = dependencies('"a"', f"{old}, # why", '"z"').replace(", # why,", ", # why")
    assert edited(before, wanted) == before.replace(old, new)


def test_a_new_requirement_goes_where_uv_puts_it() -> None:
    before = dependencies('"attrs>=1"', '"idna"', '"rich"')
    assert edited(before, "boltons") == before.replace('  "idna"', '  "boltons",\n  "idna"')
    unsorted = dependencies('"rich"', '"attrs"')
    assert edited(unsorted, "boltons<3,>=2") == unsorted.replace('"attrs",', '"attrs",\n  "boltons>=2,<3",')


def test_one_more_marker_is_one_more_requirement() -> None:
    before = dependencies('"d<2"')
    after = tomllib.loads(edited(before, 'd>=2; python_version >= "3.12"'))["project"]["dependencies"]
    assert after == ["d<2", "d>=2; python_version >= '3.12'"]


TWICE = dependencies("\"d<2; python_version < '3.12'\"", '"e"', "\"d>=2; python_version >= '3.12'\"")


def test_a_name_that_stands_twice_is_removed_twice() -> None:
    assert edited(TWICE, "D", remove=True) == dependencies('"e"')


def test_of_two_the_one_with_the_marker_is_changed_and_none_is_guessed() -> None:
    assert edited(TWICE, "d>=3; python_version >= '3.12'") == TWICE.replace("d>=2", "d>=3")
    assert edited(TWICE, "d") == TWICE
    with pytest.raises(Refused, match=r"lines 6, 8\.") as caught:
        edited(TWICE, "d>=3")
    assert caught.value.place is not None
    assert caught.value.place.line == 6


@pytest.mark.parametrize("group", ["dev-tools", "dev_tools", "Dev.Tools"])
@pytest.mark.parametrize("table", ["dependency-groups", "project.optional-dependencies", "tool.pdm.dev-dependencies"])
def test_a_group_is_found_by_its_normalised_name(table: str, group: str) -> None:
    before = f'{HEAD}\n[{table}]\ndev_tools = ["idna"]\n'
    assert edited(before, "certifi", group=group) == before.replace('["idna"]', '["certifi", "idna"]')
    assert edited(before, "idna", group=group, remove=True) == before.replace('["idna"]', "[]")


def test_a_group_may_include_another() -> None:
    before = f'{HEAD}\n[dependency-groups]\ntest = ["a", {{ include-group = "lint" }}]\nlint = ["ruff"]\n'
    assert edited(before, "b", group="test") == before.replace('"a", {', '"a", "b", {')
    assert edited(before, "a", group="test", remove=True) == before.replace('"a", {', "{")
    notes = planned(before, "ruff", group="test", remove=True).notes
    assert notes == ["ruff is not in dependency-groups.test of pyproject.toml, but in dependency-groups.lint."]


def test_the_older_list_of_uv_is_its_group_dev() -> None:
    before = f'{HEAD}\n[tool.uv]\ndev-dependencies = ["idna"]\n'
    assert edited(before, "ruff", group="dev") == before.replace('"idna"', '"idna", "ruff"')


def test_a_source_of_uv_stays_with_a_change_and_goes_with_the_last_requirement() -> None:
    source = '\n[tool.uv.sources]\nd = { git = "https://example.com/d" } # fork\n'
    before = dependencies('"d>=1"') + source
    assert edited(before, "d>=2") == before.replace("d>=1", "d>=2")
    found = planned(before, "d", remove=True)
    assert "sources" not in found.files["pyproject.toml"].decode()
    assert any("tool.uv.sources.d" in note for note in found.notes)
    still = before.replace("[tool.uv", '[dependency-groups]\ndev = ["d"]\n\n[tool.uv')
    assert source in edited(still, "d", remove=True)


@pytest.mark.parametrize(
    "place",
    [
        'optional-dependencies.x = ["d"]',
        '[dependency-groups]\nx = ["d"]',
        '[tool.hatch.envs.x]\ndependencies = ["d"]',
        '[tool.poetry.group.x.dependencies]\nd = "1"',
        '[build-system]\nrequires = ["d"]',
    ],
)
def test_what_is_not_where_it_was_looked_for_is_said_to_be_where_it_is(place: str) -> None:
    before = f"{HEAD}dependencies = []\n{place}\n"
    found = planned(before, "d", remove=True)
    assert found.files == {}
    assert "but in" in found.notes[0]


def test_a_requirements_file_beside_it_is_looked_into_as_well() -> None:
    files = {"pyproject.toml": f"{HEAD}dependencies = []\n", "requirements.txt": "a\nd==1\n"}
    request = Request("python", ("d",), remove=True)
    found = plan(request, lambda name: files[name].encode() if name in files else None)
    assert found.notes == [
        "d is not in project.dependencies of pyproject.toml, but in requirements.txt, line 2.",
    ]


NAMES = ("attrs", "Boltons", "c-d", "idna", "zope.interface")
VERSIONS = ("", ">=1", "==1.5", ">=1,<3", "~=2.0")


@st.composite
def lists(draw: Callable[[Any], Any]) -> str:
    """Return an array of requirements in a random style: lines, commas, remarks, quotes, extras, markers."""
    several = draw(st.booleans())
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=4))
    items = [
        name
        + draw(st.sampled_from(("", "", "[x]", "[x,y]")))
        + draw(st.sampled_from(("", " "))).join(("", draw(st.sampled_from(VERSIONS))))
        for name in (sorted(names) if draw(st.booleans()) else names)
    ]
    lines = [f"{quote}{item}{quote}" for item in items for quote in [draw(st.sampled_from("\"'"))]]
    if not several:
        return f"[{', '.join(lines)}{draw(st.sampled_from(('', ','))) if lines else ''}]"
    remark = st.sampled_from(("", "", "  # why", " # é"))
    last = draw(st.sampled_from((",", "")))
    rows = [f"  {line}{last if line is lines[-1] else ','}{draw(remark)}" for line in lines]
    for _ in range(draw(st.integers(0, 2))):
        rows.insert(draw(st.integers(0, len(rows))), "  # own")
    return "\n".join(["[", *rows, "]"])


def meaning(text: str, group: str | None) -> list[tuple[str, frozenset[str], str]]:
    model = tomllib.loads(text)
    items = model["dependency-groups"][group] if group else model["project"].get("dependencies", [])
    found = [Requirement(item) for item in items]
    return sorted((canonicalize_name(item.name), frozenset(item.extras), str(item.specifier)) for item in found)


@settings(max_examples=60, deadline=None)
@given(
    lists(),
    st.sampled_from(NAMES),
    st.sampled_from(("", "[x]", "[new]", ">=9", "[new]>=9,<10", "remove")),
    st.sampled_from((None, "dev")),
)
def test_uv_makes_the_same_of_it(array: str, name: str, change: str, group: str | None) -> None:
    place = 'dependencies = ["q"]\n[dependency-groups]\ndev' if group else "dependencies"
    before = f"{HEAD}{place} = {array} # end\n"
    remove = change == "remove"
    mine = edited(before, name if remove else name + change, group=group, remove=remove)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "pyproject.toml")
        file.write_text(before)
        named = ("--group", group) if group else ()
        line = ("remove", *named, name) if remove else ("add", *named, name + change)
        uv = (str(find_uv()), *line, "--frozen", "--offline", "--no-config", "--python", sys.executable)
        done = subprocess.run(uv, cwd=folder, check=False, capture_output=True, timeout=60)
        # To remove what is not there is an error for uv, and a note here.
        assert remove or not done.returncode, done.stderr
        theirs = file.read_text()
    assert meaning(mine, group) == meaning(theirs, group)
    assert mine.count("# own") == before.count("# own")
    assert before.count("#") - mine.count("#") <= remove


POETRY = """\
[tool.poetry]
name = "demo"

[tool.poetry.dependencies]
python = "^3.11"
rich = "^13" # why
uvicorn = { version = "^0.20", extras = ["standard"], optional = true }
fork = { git = "https://example.com/fork", branch = "main" }
two = [
  { version = "<2", python = "<3.12" },
  { version = ">=2", python = ">=3.12" },
]

[tool.poetry.dependencies.apart]
version = "1"
markers = "os_name == 'nt'"

[tool.poetry.group.dev_tools.dependencies]
ruff = "*"

[tool.poetry.dev-dependencies]
mypy = "*"
"""


@pytest.mark.parametrize(
    ("wanted", "group", "old", "new"),
    [
        ("rich>=14", None, '"^13"', '">=14"'),
        ("rich", None, "", ""),
        ("rich[jupyter]", None, '"^13"', '{version = "^13", extras = ["jupyter"]}'),
        ("uvicorn>=0.30", None, '"^0.20"', '">=0.30"'),
        ("uvicorn[x]>=0.30", None, '"^0.20", extras = ["standard"]', '">=0.30", extras = ["standard", "x"]'),
        ("fork[x]", None, 'branch = "main" }', 'branch = "main" , extras = ["x"]}'),
        ("apart==2", None, 'version = "1"', 'version = "==2"'),
        ("ruff==1", "Dev-Tools", 'ruff = "*"', 'ruff = "==1"'),
        ("mypy==1", "dev", 'mypy = "*"', 'mypy = "==1"'),
    ],
)
def test_poetry_keeps_its_tables(wanted: str, group: str | None, old: str, new: str) -> None:
    found = edited(POETRY, wanted, group=group)
    assert tomllib.loads(found) == tomllib.loads(POETRY.replace(old, new))
    assert found.count("#") == POETRY.count("#")


@pytest.mark.parametrize("text", [f"{HEAD}dependencies = []\n", '[tool.poetry]\nname = "demo"\n'])
def test_a_project_does_not_depend_on_itself_but_its_groups_may(text: str) -> None:
    with pytest.raises(UsageError, match="project itself"):
        edited(text, "Demo[x]>=1")
    assert "demo" in edited(text, "demo", group="dev").rpartition("dev")[2]


@pytest.mark.parametrize("remove", [True, False])
def test_python_is_no_library_of_poetry(remove: bool) -> None:
    with pytest.raises(UsageError, match="interpreter"):
        edited(POETRY, "python", remove=remove)


def test_poetry_gets_one_line_for_a_new_library() -> None:
    before = '[tool.poetry.dependencies]\npython = "^3.11"\n\n[tool.x]\n'
    after = before.replace('3.11"\n', '3.11"\nd = {version = ">=1", extras = ["x"]}\n')
    assert edited(before, "d[x]>=1") == after


def test_a_new_group_of_a_poetry_project_goes_beside_the_others() -> None:
    tables = '[tool.poetry.dependencies]\npython = "^3.11"\n'
    assert '[tool.poetry.group.docs.dependencies]\nd = "*"\n' in edited(tables, "d", group="docs")
    lists = f'{tables}\n[dependency-groups]\ntest = ["pytest"]\n'
    assert tomllib.loads(edited(lists, "d", group="docs"))["dependency-groups"]["docs"] == ["d"]


@pytest.mark.parametrize(("wanted", "line"), [("fork>=2", 8), ("two>=3", 9)])
def test_what_poetry_takes_from_elsewhere_is_not_guessed(wanted: str, line: int) -> None:
    with pytest.raises(Refused) as caught:
        edited(POETRY, wanted)
    assert caught.value.place is not None
    assert caught.value.place.line == line


@pytest.mark.parametrize("name", ["two", "Apart", "fork"])
def test_a_library_of_poetry_is_removed_whole(name: str) -> None:
    before, after = tomllib.loads(POETRY), tomllib.loads(edited(POETRY, name, remove=True))
    del before["tool"]["poetry"]["dependencies"][name.lower()]
    assert after == before


def test_poetry_with_a_project_table_loses_a_library_from_both() -> None:
    before = dependencies('"d>=1"', '"e"') + '\n[tool.poetry.dependencies]\nd = { source = "own" }\n'
    assert tomllib.loads(edited(before, "d", remove=True))["project"]["dependencies"] == ["e"]
    assert "own" not in edited(before, "d", remove=True)


def test_toml_1_1_line_ends_and_a_byte_order_mark_stay() -> None:
    before = f'\ufeff{HEAD}dependencies = ["a"]\n[tool.x]\nt = {{\n  b = 1, # c\n}}\ns = "\\e"\n'.replace("\n", "\r\n")
    assert edited(before, "b") == before.replace('["a"]', '["a", "b"]')
