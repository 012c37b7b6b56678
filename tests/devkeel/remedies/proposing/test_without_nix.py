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


@pytest.mark.parametrize(
    ("files", "text", "names"),
    [
        ({"requirements.txt": "h5py==3.8.0\n"}, "  ERROR: Failed building wheel for h5py", ["h5py>=3.8.0"]),
        (
            {"requirements.txt": "PyYAML==5.4.1\n"},
            "Collecting PyYAML==5.4.1\n  Getting requirements to build wheel ... error",
            ["pyyaml>=6.0.1"],
        ),
        ({"requirements.txt": "face_recognition\n"}, "ERROR: CMake must be installed to build dlib", ["cmake"]),
    ],
)
def test_what_is_built_may_come_built(tmp_path: Path, files: dict[str, str], text: str, names: list[str]) -> None:
    found = diagnosed(tmp_path, files, text)
    (edit,) = next(fix.edits for cause in found.causes for fix in cause.fixes)
    assert edit["names"] == names


def test_what_pip_would_build_conda_has_built(tmp_path: Path) -> None:
    files = {"environment.yml": f"{CONDA}  - pip\n  - pip:\n      - GDAL==3.8.4\n"}
    found = diagnosed(tmp_path, files, "gdal_config_error: [Errno 2] No such file or directory: 'gdal-config'")
    edits = next(fix.edits for cause in found.causes for fix in cause.fixes)
    assert [(edit["kind"], edit["names"]) for edit in edits] == [
        ("remove_library", ["gdal"]),
        ("add_library", ["gdal"]),
    ]
