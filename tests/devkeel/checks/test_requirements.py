"""What no installer reads as a requirement is found, and nothing that one reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.errors import Diagnostic

HEAD = '[project]\nname = "a"\nversion = "1"\n'
READ = [
    "flask",
    "Flask-SQLAlchemy==3.0 # why",
    "flask[async, dotenv] >= 3, <4 ; python_version > '3'",
    "flask (>=3,<4)",
    "torch==2.0.0+cu118",
    "pytz==2004d",
    "numpy==1.26.*",
    "x===1.0-foo!",
    "b @ https://x.example/b.whl",
    "b@git+https://x.example/b.git@main#egg=b",
    "git+https://x.example/b.git@main#egg=b",
    "./local",
    "dist/b-1.0-py3-none-any.whl",
    "b-1.0.tar.gz",
    "${PACKAGE}==1",
    "-r other.txt",
    "--index-url https://x.example/simple",
    "-e .[dev]",
    "flask==3.0 \\\n    --hash=sha256:" + "a" * 64,
    "flask \\\n  >=3",
    "",
    "# pip install flask",
    "setuptools>=61,",
    "flask==1.0\\\n# why",
    "flask==1.0 \\\n# why \\\nrich",
    "a_",
    "flask()",
    "conda-forge::xonsh",
    "{{ name }}>=1",
    "flask==@VERSION@",
]
NOT_READ = {
    "flask=>3": "flask>=3",
    "flask 3.0": "flask==3.0",
    "flask=3.0": "flask==3.0",
    "flask =< 3": "flask <= 3",
    "'flask'": "flask",
    '"flask>=3",': "flask>=3",
    "pip install flask": "flask",
    "flask==": None,
    "flask>=3 httpx": None,
    "import flask": None,
    "flask==>3": None,
    "flask ^3.0": None,
}


def errors(root: Path) -> list[Diagnostic]:
    report = Environment(root, actor="test").check(level="schema")
    return [item for item in report.diagnostics if item.severity == "error"]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_what_installers_read_is_no_finding(tmp_path: Path, ending: str) -> None:
    text = "\ufeff" + "\n".join(READ) + "\n"
    (tmp_path / "requirements.txt").write_bytes(text.replace("\n", ending).encode())
    assert Environment(tmp_path, actor="test").check(level="schema").ok


@pytest.mark.parametrize("line", NOT_READ)
def test_what_is_none_is_an_error_with_what_is_meant(tmp_path: Path, line: str) -> None:
    (tmp_path / "requirements.txt").write_text(f"rich==13.9\n{line}  # why\n")
    (found,) = errors(tmp_path)
    assert (found.code, str(found.place)) == ("bad_requirement", "requirements.txt:2:1")
    assert [item["new"] for item in found.suggestions] == [item for item in [NOT_READ[line]] if item]


@pytest.mark.parametrize(
    "text",
    [
        "python=3.12\nnumpy=1.26.*\npandas 2.2\nlibblas=*=*openblas\nscipy\n",  # conda install --file
        "sphinx>=4.1\nalabaster=0.7.*\n",
        "# platform: linux-64\nnumpy=1.26.4=py312heda63a1_0\n",
        "The server has to answer within a second.\nPages are cached.\nlogin\n",
    ],
)
def test_a_file_that_is_for_another_reader_is_not_judged(tmp_path: Path, text: str) -> None:
    (tmp_path / "requirements.txt").write_text(text)
    assert errors(tmp_path) == []


def test_the_place_of_joined_lines_is_their_first(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("rich # flask\n  flask \\\n  =>3\n")
    (found,) = errors(tmp_path)
    assert (str(found.place), found.suggestions) == ("requirements.txt:2:3", ())


def test_what_another_encoding_says_is_not_judged(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes("flask=>3".encode("utf-16"))
    assert Environment(tmp_path, actor="test").check(level="schema").ok


@pytest.mark.parametrize(
    "text",
    [
        HEAD + 'requires-python = ">=3.11,<4"\ndependencies = ["flask>=3", "x @ file:///x"]\n',
        HEAD + 'requires-python = ""\n',
        HEAD + 'requires-python = ">=3.11,,<4,"\n',
        HEAD + 'requires-python = ">={{ python }}"\ndependencies = ["{{ name }}"]\n',
        HEAD + 'requires-python = "~=3.11.0"\n[project.optional-dependencies]\na = ["b[c]"]\n',
        HEAD + 'dynamic = ["dependencies"]\n[dependency-groups]\na = ["b", {include-group = "c"}]\nc = []\n',
        '[tool.poetry.dependencies]\npython = "^3.11"\nflask = "^3"\n',
        "project = 1\n",
    ],
)
def test_what_pyproject_may_say_is_no_finding(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert Environment(tmp_path, actor="test").check(level="schema").ok


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (HEAD + 'dependencies = [\n  "flask",\n  "rich=>3",\n]\n', "bad_requirement", 6),
        (HEAD + 'dependencies = "flask"\n', "wrong_type", 4),
        (HEAD + 'requires-python = ">=3.x"\n', "bad_requirement", 4),
        (HEAD + '[project.optional-dependencies]\na = ["b c"]\n', "bad_requirement", 5),
        (HEAD + '[dependency-groups]\ndev = "pytest"\n', "wrong_type", 5),
    ],
)
def test_what_pyproject_may_not_say_is_one(tmp_path: Path, text: str, code: str, line: int) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    (found,) = errors(tmp_path)
    assert (found.code, found.place and found.place.line) == (code, line)
