"""environment.yml is edited where a name stands, for conda or below pip, in whatever form the list is."""

from __future__ import annotations

import pytest

from devkeel.errors import DevkeelError
from devkeel.libraries.manifests import conda_file
from devkeel.libraries.planning import plan
from devkeel.libraries.request import Plan, Request

HEAD = "name: lab\nchannels: [conda-forge]\n"
LAB = f"""{HEAD}dependencies:
  - conda-forge::zlib[version='>=1.3,<2'] # kept
  - pyyaml =6.0.1
  # about the next
  - "numpy>=1.26"   # [linux]
  - pip
  - pip:
    - idna==3.7
    - -r more.txt
    - uvicorn[standard]>=0.20; python_version > '3.8'
"""


def planned(text: str, *names: str, remove: bool = False) -> Plan:
    request = Request("python", names, remove=remove, manifests=("environment.yml",))
    return plan(request, lambda name: text.encode() if name == "environment.yml" else None)


def edited(text: str, *names: str, remove: bool = False) -> str:
    return planned(text, *names, remove=remove).files.get("environment.yml", text.encode()).decode()


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("zlib=1.2", "[version='>=1.3,<2']", "[version='1.2.*']"),
        ("PyYAML=6.0.2", "=6.0.1", "=6.0.2"),
        ("numpy>=2,<3", "numpy>=1.26", "numpy>=2,<3"),
        ("idna==3.10", "idna==3.7", "idna==3.10"),
        ("uvicorn>=0.30", ">=0.20", ">=0.30"),
        ("uvicorn[standard]>=0.30", ">=0.20", ">=0.30"),
        ("defaults::numpy", '"numpy', '"defaults::numpy'),
    ],
)
def test_a_version_changes_where_the_name_stands(name: str, old: str, new: str) -> None:
    assert edited(LAB, name) == LAB.replace(old, new)
    windows = LAB.replace("\n", "\r\n")
    assert edited(windows, name) == windows.replace(old, new)


@pytest.mark.parametrize("name", ["zlib", "PyYAML", "pyyaml=6.0.1", "NUMPY", "idna", "uvicorn", "conda-forge::zlib"])
def test_a_name_alone_keeps_what_is_there(name: str) -> None:
    made = planned(LAB, name)
    assert not made.files
    assert "already" in made.notes[0]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("zlib", "  - conda-forge::zlib[version='>=1.3,<2'] # kept\n"),
        ("pyyaml", "  - pyyaml =6.0.1\n"),
        ("numpy", '  - "numpy>=1.26"   # [linux]\n'),
        ("Idna", "    - idna==3.7\n"),
        ("uvicorn", "    - uvicorn[standard]>=0.20; python_version > '3.8'\n"),
    ],
)
def test_a_name_is_removed_where_it_stands_with_its_remark(name: str, line: str) -> None:
    assert edited(LAB, name, remove=True) == LAB.replace(line, "")


def test_the_list_below_pip_goes_with_its_last_requirement() -> None:
    text = f"{HEAD}dependencies:\n  - pip\n  - pip:\n    - idna==3.7\n"
    assert edited(text, "idna", remove=True) == f"{HEAD}dependencies:\n  - pip\n"
    between = f"{HEAD}dependencies:\n- pip:\n  - idna\n- python\n"
    assert edited(between, "idna", remove=True) == f"{HEAD}dependencies:\n- python\n"


def test_what_is_not_there_is_said_with_both_lists() -> None:
    made = planned(LAB, "rich", remove=True)
    assert not made.files
    assert all(word in made.notes[0] for word in ("environment.yml", "conda", "pip"))


@pytest.mark.parametrize(
    ("before", "name", "after"),
    [
        ("[python=3.12, numpy]", "numpy", "[python=3.12]"),
        ("[python=3.12, numpy]", "python", "[numpy]"),
        ("[numpy]", "numpy", "[]"),
        ("[ 'numpy', python ]", "numpy", "[ python ]"),
        ("[python, {pip: [idna, rich]}]", "idna", "[python, {pip: [rich]}]"),
        ("[python, {pip: [idna]}]", "idna", "[python]"),
        ("[\n  python,\n  numpy, # why\n]", "numpy", "[\n  python,\n]"),
    ],
)
def test_a_list_between_brackets_is_edited_too(before: str, name: str, after: str) -> None:
    assert edited(f"{HEAD}dependencies: {before}\n", name, remove=True) == f"{HEAD}dependencies: {after}\n"


@pytest.mark.parametrize(
    ("before", "name", "after"),
    [
        ("[python=3.12, numpy]", "numpy=2", "[python=3.12, numpy=2]"),
        ("[python=3.12, numpy]", "numpy>=1,<3", '[python=3.12, "numpy>=1,<3"]'),
        ("[python, {pip: [idna==3.7]}]", "idna==3.10", "[python, {pip: [idna==3.10]}]"),
        ("[python]", "numpy", "[python, numpy]"),
        ("[]", "numpy", "[numpy]"),
    ],
)
def test_a_version_between_brackets_changes(before: str, name: str, after: str) -> None:
    assert edited(f"{HEAD}dependencies: {before}\n", name) == f"{HEAD}dependencies: {after}\n"


@pytest.mark.parametrize("text", ["", HEAD, f"{HEAD}dependencies:\n", f"{HEAD}dependencies: []\n"])
def test_a_file_without_dependencies_gets_them(text: str) -> None:
    made = edited(text, "numpy>=2,<3")
    assert conda_file.specifications(conda_file.load(made.encode(), "environment.yml")) == ("numpy>=2,<3",)


def test_a_name_that_stands_several_times_is_treated_as_all_of_them() -> None:
    text = f"{HEAD}dependencies:\n  - numpy>=1\n  - python\n  - conda-forge::NumPy<3 # twice\n"
    assert edited(text, "numpy", remove=True) == f"{HEAD}dependencies:\n  - python\n"
    assert edited(text, "numpy=2") == text.replace(">=1", "=2").replace("<3", "=2")


def test_a_name_for_conda_and_below_pip_is_removed_from_both_and_nothing_else_is() -> None:
    text = f"{HEAD}dependencies:\n- pip:\n  - rich>=13\n- rich ==13.0\n# about the next\n- numpy\n"
    assert edited(text, "rich", remove=True) == f"{HEAD}dependencies:\n# about the next\n- numpy\n"


def test_comments_above_the_last_element_stay() -> None:
    text = f"{HEAD}dependencies: # all\n  # why\n  - rich # gone\nprefix: /x\n"
    assert edited(text, "rich", remove=True) == f"{HEAD}dependencies: [] # all\n  # why\nprefix: /x\n"


def test_brackets_on_two_lines_take_a_name() -> None:
    assert edited(f"{HEAD}dependencies: [\n]\n", "rich") == f"{HEAD}dependencies: [rich]\n"


def test_a_name_for_conda_and_below_pip_is_not_given_one_version_of_two() -> None:
    text = f"{HEAD}dependencies:\n  - numpy\n  - pip:\n    - numpy\n"
    with pytest.raises(DevkeelError) as caught:
        edited(text, "numpy=2")
    assert caught.value.code == "ambiguous"
    assert edited(text, "numpy") == text
    assert edited(edited(text, "numpy", remove=True), "numpy=2") == f"{HEAD}dependencies: [numpy=2]\n"


def test_what_pip_cannot_read_is_refused_with_what_it_can() -> None:
    with pytest.raises(DevkeelError) as caught:
        edited(LAB, "idna=3.10")
    assert "idna==" in str(caught.value.remedy)


def test_the_address_of_a_package_is_not_given_another_version() -> None:
    address = "https://example.org/conda-forge/linux-64/zlib-1.3.1-h4ab18f5_1.conda"
    text = f"{HEAD}dependencies:\n  - python\n  - {address}\n"
    with pytest.raises(DevkeelError) as caught:
        edited(text, "zlib=1.2")
    assert caught.value.code == "ambiguous"
    assert edited(text, "zlib") == text
    assert edited(text, "zlib", remove=True) == f"{HEAD}dependencies:\n  - python\n"


def test_a_build_of_one_version_goes_with_it_and_the_answer_says_so() -> None:
    text = f"{HEAD}dependencies:\n  - numpy=1.26.4=py311h64a7726_0\n  - blas=1.0=mkl\n"
    made = planned(text, "numpy=2.0")
    assert made.files["environment.yml"].decode() == text.replace("1.26.4=py311h64a7726_0", "2.0")
    assert any("py311h64a7726_0" in note for note in made.notes)
    assert edited(text, "blas=2.0") == text.replace("1.0=mkl", "2.0.*=mkl")


@pytest.mark.parametrize(
    "name", ["numpy[url=https://example.org/a.conda]", "numpy[channel='file:///x']", "a # b", "a\n- b"]
)
def test_a_request_names_no_address(name: str) -> None:
    with pytest.raises(DevkeelError) as caught:
        edited(f"{HEAD}dependencies: [python]\n", name)
    assert caught.value.code == "bad_library"
