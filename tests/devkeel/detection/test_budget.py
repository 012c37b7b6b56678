"""What a repository that is not trusted can make of little text: bounded by counting, whatever the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.detection.budget import Budget, FileBudget
from devkeel.detection.gathering import gather
from devkeel.detection.readers.xml_elements import elements
from devkeel.detection.repository import Repository, RepositoryFile
from devkeel.detection.shell_sources import functions_in, shell_texts
from devkeel.detection.shell_text import ShellText
from devkeel.detection.written import read_yaml
from devkeel.project.root import Project
from devkeel.source import dockerfile

if TYPE_CHECKING:
    from pathlib import Path


def test_a_budget_is_of_the_whole_and_a_file_has_a_part_of_it() -> None:
    whole = Budget(most=100)
    part = FileBudget(whole, most=60)
    part.spend(60)
    with pytest.raises(ValueError, match="makes more of itself"):
        part.spend(1)
    other = FileBudget(whole, most=60)
    with pytest.raises(ValueError, match="had more in them"):
        other.spend(50)
    assert whole.over


def test_a_budget_has_a_time() -> None:
    late = Budget(seconds=-1)
    with pytest.raises(ValueError, match="took more than"):
        late.spend(0)


def test_what_is_behind_a_budget_is_left_out_and_said(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM python:3.12\n")
    (tmp_path / "package.json").write_text("{}")
    repository = Repository(Project(tmp_path), Budget(most=4))
    gathered = gather(repository)
    assert gathered.clues == ()
    assert [item.file for item in gathered.unread] == ["Dockerfile"]
    assert repository.cut


def test_variables_that_name_each_other_fill_in_no_more_than_a_bound() -> None:
    doubling = "ARG A=xxxxxxxxxx\n" + "ARG A=$A$A\n" * 40 + "FROM $A\n"
    many = "FROM x\nENV A=" + "x" * 1000 + "\n" + "ENV B=$A$A$A\n" * 20_000
    one = "FROM x\nENV A=" + "x" * 1000 + "\nENV B=" + "$A" * 20_000 + "\n"
    for text in (doubling, many, one):
        found = dockerfile.instructions(text)
        made = sum(len(item.value or "") for row in found for item in row.variables)
        assert made + sum(len(word) for row in found for word in row.words) < 3 * 1024 * 1024


def test_a_variable_is_still_filled_in_beside_much_shell() -> None:
    text = "ARG V=3.12\nFROM python:$V\nARG P=" + "x" * 900 + "\n" + "RUN echo $A$B$C\n" * 2000 + "FROM node:$V\n"
    assert [item.words for item in dockerfile.instructions(text) if item.kind == "FROM"] == [
        ("python:3.12",),
        ("node:3.12",),
    ]


def test_elements_of_xml_keep_no_path_each_and_are_not_deep() -> None:
    with pytest.raises(ValueError, match="deep"):
        elements(b"<a>" * 40_000)
    found = elements(b"<p>" + b"<q><r>1</r></q>" * 1000 + b"</p>")
    assert found[2].is_at("p", "q", "r")
    assert not found[2].is_at("q", "r")
    assert all(item.within is None or item.within.name in "pq" for item in found)


def test_a_long_text_of_xml_is_cut() -> None:
    (found,) = elements(b"<a>" + b"x\n" * 100_000 + b"</a>")
    assert len(found.text) < 100_000


DOUBLING = "x0: &a0 [echo a, echo b]\n" + "".join(f"x{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 60))
KEYS = "x: &x {" + ", ".join(f"k{i}: 1" for i in range(5000)) + "}\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".gitlab-ci.yml", DOUBLING + "job:\n  script: *a59\n"),
        (".gitlab-ci.yml", KEYS + "".join(f"j{i}: {{<<: *x}}\n" for i in range(5000))),
        (".gitlab-ci.yml", KEYS + "y: {<<: [" + ", ".join(["*x"] * 5000) + "]}\n"),
    ],
)
def test_aliases_make_no_more_of_a_file_than_a_bound(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    repository = Repository(Project(tmp_path))
    made = read_yaml(RepositoryFile(name, repository))
    assert made.size < 6 * 1024 * 1024
    assert repository.cut


def test_a_pipeline_of_aliases_ends(tmp_path: Path) -> None:
    (tmp_path / ".gitlab-ci.yml").write_text(DOUBLING + "job:\n  image: node:20\n  script: *a59\n")
    gathered = gather(Repository(Project(tmp_path)))
    assert ("javascript", "20") in {(item.name, item.version) for item in gathered.clues}
    assert len([*shell_texts(Repository(Project(tmp_path)))]) < 200_000


def test_a_recipe_of_many_targets_is_not_made_for_each(tmp_path: Path) -> None:
    targets = " ".join(f"t{i}" for i in range(20_000))
    (tmp_path / "Makefile").write_text(f"{targets}:\n" + "\tjq .\n" * 20_000)
    assert len([*shell_texts(Repository(Project(tmp_path)))]) < 200_000


def test_a_text_of_shell_costs_its_length(tmp_path: Path) -> None:
    (tmp_path / "a.sh").write_text("x")
    file = RepositoryFile("a.sh", Repository(Project(tmp_path), Budget(most=1000)))
    ShellText(file, "x" * 800, 1, "it")
    with pytest.raises(ValueError, match="more in them"):
        ShellText(file, "x" * 800, 1, "it")


def test_a_compose_file_with_many_services_is_read(tmp_path: Path) -> None:
    rows = "".join(f"  s{i}:\n    build: .\n    environment: {{A{i}: 'http://s{i}:80'}}\n" for i in range(1000))
    (tmp_path / "compose.yaml").write_text(f"services:\n{rows}")
    found = [item for item in gather(Repository(Project(tmp_path))).clues if item.about == "variable"]
    assert len(found) == 1000
    assert {item.certainty for item in found} == {"possible"}


def test_functions_are_found_between_many_empty_lines() -> None:
    assert functions_in("\n" * 100_000 + "  f () {\n") == {"f"}
