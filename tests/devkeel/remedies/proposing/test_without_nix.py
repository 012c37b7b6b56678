"""What a system lacks, in a project without Nix: libraries that come built, packages of conda, names of the systems."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.remedies.tables import table

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.remedies.diagnose import Diagnosis

CONDA = "name: orchard\ndependencies:\n  - python=3.12\n"


def diagnosed(root: Path, files: dict[str, str], text: str) -> Diagnosis:
    for name, content in files.items():
        (root / name).write_text(content, "utf-8")
    environment = Environment(root, actor="test")
    found = environment.diagnose(f"{text}\n")
    environment.close()
    return found


@pytest.mark.parametrize(
    ("requirement", "text", "instead"),
    [
        ("psycopg2==2.9.10", "Error: pg_config executable not found.", "psycopg2-binary==2.9.10"),
        (
            "opencv-python",
            (
                '  File "/app/.venv/lib/python3.12/site-packages/cv2/__init__.py", line 181, in <module>\n'
                "ImportError: libGL.so.1: cannot open shared object file: No such file or directory"
            ),
            "opencv-python-headless",
        ),
        (
            "pycrypto",
            (
                "src/MD2.c:31:10: fatal error: Python.h: No such file or directory\nERROR: Failed building wheel "
                "for pycrypto"
            ),
            "pycryptodome",
        ),
    ],
)
def test_what_comes_built_is_taken_instead(tmp_path: Path, requirement: str, text: str, instead: str) -> None:
    found = diagnosed(tmp_path, {"requirements.txt": f"{requirement}\n"}, text)
    removed, added = found.causes[0].fixes[0].edits
    assert (removed["kind"], removed["names"]) == ("remove_library", [requirement.partition("=")[0]])
    assert (added["kind"], added["names"]) == ("add_library", [instead])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a.c:1:10: fatal error: zlib.h: No such file or directory", ("zlib1g-dev", "zlib-devel", "zlib-dev")),
        ("Exception: Can not find valid pkg-config name.", ("default-libmysqlclient-dev",)),
        ("a.c:1:10: fatal error: Python.h: No such file or directory", ("python3-dev", "python3-devel")),
        ("ModuleNotFoundError: No module named '_tkinter'", ("python3-tk", "python-tk")),
    ],
)
def test_where_only_the_system_has_it_the_answer_says_what_that_calls_it(
    tmp_path: Path, text: str, names: tuple[str, ...]
) -> None:
    found = diagnosed(tmp_path, {"requirements.txt": "netifaces\n"}, text)
    assert found.causes[0].fixes == ()
    advice = found.causes[0].advice or ""
    assert [name for name in names if name not in advice] == []


@pytest.mark.parametrize(
    ("text", "package"),
    [
        ("a.c:1:10: fatal error: zlib.h: No such file or directory", "zlib"),
        ("a.c:1:10: fatal error: libxml/parser.h: No such file or directory", "libxml2"),
        ("error: command 'g++' failed: No such file or directory", "cxx-compiler"),
    ],
)
def test_conda_has_packages_of_the_system(tmp_path: Path, text: str, package: str) -> None:
    (edit,) = diagnosed(tmp_path, {"environment.yml": CONDA}, text).causes[0].fixes[0].edits
    assert (edit["kind"], edit["names"]) == ("add_library", [package])


def test_each_row_of_system_names_has_one_for_each_system() -> None:
    assert [key for key, words in table("system-names").items() if len(words) != 4] == []
