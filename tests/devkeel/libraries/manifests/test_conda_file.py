"""environment.yml is edited where a name stands, for conda or below pip, in whatever form the list is."""

from __future__ import annotations

import pytest

from devkeel.errors import DevkeelError
from devkeel.libraries.declared import declared_libraries
from devkeel.libraries.manifests import conda_file
from devkeel.libraries.planning import plan
from devkeel.libraries.request import LibraryPlan, Request

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


def planned(text: str, *names: str, remove: bool = False) -> LibraryPlan:
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


PIP = f"""{HEAD}dependencies:
  - numpy
  - pip
  - pip:
    - -r req/base.txt  # from here
    - -c limits.txt
    - -e .
    - -e git+https://example.com/own.git#egg=own
    - --index-url https://example.com/simple
    - https://example.com/rich-13.0-py3-none-any.whl
    - tool @ git+https://example.com/tool.git
    - six==1.16 --hash=sha256:aa
"""
INCLUDED = {
    "environment.yml": PIP,
    "req/base.txt": "idna<4  # why\n-r more.txt\n",
    "req/more.txt": "certifi\n",
    "limits.txt": "chardet<5\n",
}


def planned_of(files: dict[str, str], *names: str, remove: bool = False, file: str | None = None) -> LibraryPlan:
    request = Request("python", names, file=file, remove=remove, manifests=("environment.yml",))
    return plan(request, lambda name: files[name].encode() if name in files else None)


def test_what_a_file_below_pip_includes_is_edited_there() -> None:
    where = "idna<4 stands in req/base.txt, line 1, which environment.yml includes."
    assert planned_of(INCLUDED, "idna").notes == [where, "idna<4 is already in req/base.txt."]
    assert planned_of(INCLUDED, "Idna>=3.7").files == {"req/base.txt": b"idna>=3.7  # why\n-r more.txt\n"}
    assert planned_of(INCLUDED, "idna", remove=True).files == {"req/base.txt": b"-r more.txt\n"}
    assert planned_of(INCLUDED, "certifi==2024.7.4").files == {"req/more.txt": b"certifi==2024.7.4\n"}
    both = planned_of(INCLUDED, "certifi", "numpy", remove=True)
    assert both.files == {"req/more.txt": b"", "environment.yml": PIP.replace("  - numpy\n", "").encode()}


def test_a_path_below_pip_is_relative_to_the_folder_of_its_file() -> None:
    files = {f"lab/{name}": text for name, text in INCLUDED.items()} | {"req/base.txt": "idna\n"}
    assert {*planned_of(files, "idna", remove=True, file="lab/environment.yml").files} == {"lab/req/base.txt"}


def test_a_constraint_below_pip_is_no_requirement() -> None:
    made = planned_of(INCLUDED, "chardet")
    assert {*made.files} == {"environment.yml"}
    assert not planned_of(INCLUDED, "chardet", remove=True).files


@pytest.mark.parametrize("name", ["own", "rich", "tool", "six"])
def test_an_element_below_pip_is_known_as_pip_knows_it(name: str) -> None:
    line = next(line for line in PIP.splitlines(keepends=True) if name in line)
    assert planned_of(INCLUDED, name, remove=True).files == {"environment.yml": PIP.replace(line, "").encode()}
    assert not planned_of(INCLUDED, name).files


@pytest.mark.parametrize(
    ("name", "code"), [("own>=1", "opaque_value"), ("rich>=13", "opaque_value"), ("six>=1.17", "no_hashes")]
)
def test_an_element_below_pip_that_has_no_version_of_its_own_gets_none(name: str, code: str) -> None:
    with pytest.raises(DevkeelError) as caught:
        planned_of(INCLUDED, name)
    assert caught.value.code == code


def test_a_version_of_conda_beside_one_in_an_included_file_is_refused() -> None:
    files = INCLUDED | {"req/more.txt": "numpy>=1\n"}
    with pytest.raises(DevkeelError) as caught:
        planned_of(files, "numpy=2")
    assert caught.value.code == "ambiguous"
    assert {*planned_of(files, "numpy", remove=True).files} == {"environment.yml", "req/more.txt"}
    with pytest.raises(DevkeelError) as caught:
        planned_of(INCLUDED, "idna=3.7=py_0")
    assert caught.value.code == "bad_library"


@pytest.mark.parametrize("path", ["gone.txt", "../gone.txt", "https://example.com/more.txt", "${HOME}/more.txt"])
def test_a_file_below_pip_that_cannot_be_read_is_named(path: str) -> None:
    files = {"environment.yml": f"{HEAD}dependencies:\n- pip:\n  - -r {path}\n"}
    assert path in planned_of(files, "idna", remove=True).notes[0]
    added = planned_of(files, "idna")
    assert added.files
    assert path in added.notes[0]


def test_what_an_included_file_and_its_own_both_have_goes_from_both() -> None:
    files = {"requirements.txt": "idna\n-r more.txt\n", "more.txt": "idna\nsix\n"}
    made = planned_of(files, "idna", remove=True, file="requirements.txt").files
    assert made == {"requirements.txt": b"-r more.txt\n", "more.txt": b"six\n"}


def test_the_libraries_of_a_project_are_also_those_below_pip_and_in_what_it_includes() -> None:
    read = {name: text.encode() for name, text in INCLUDED.items()}
    found = declared_libraries({"environment.yml": PIP.encode()}, read.get)
    assert {"numpy", "idna<4", "certifi", "six==1.16"} <= {*found}
    assert "chardet<5" not in found
    listed = declared_libraries({"requirements.txt": b"rich\n-r req/base.txt\n"}, read.get)
    assert listed == ("rich", "idna<4", "certifi")
