"""Libraries of conda, npm, cargo, bundler and go through the command: where they are, in one edit, and what is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Shell

SCHEMA = ("--level", "schema")
NPM = '{\n  "name": "x",\n  "version": "1.0.0",\n  "dependencies": {\n    "is-number": "^6.0.0"\n  },\n  '
NPM += '"devDependencies": {\n    "is-odd": "~2.0.0"\n  }\n}\n'
CONDA = "name: lab\nchannels: [conda-forge]\ndependencies:\n  - conda-forge::zlib[version='>=1.3,<2']\n"
CONDA += "  - pyyaml =6.0.1\n  - pip:\n    - idna==3.7\n"
FLOW = "name: lab\nchannels: [conda-forge]\ndependencies: [python=3.12, numpy]\n"
ROOT = '[workspace]\nmembers = ["m"]\nresolver = "2"\n[workspace.dependencies]\nlog = "0.4.17"\n'
MEMBER = '[package]\nname = "m"\nversion = "0.1.0"\nedition = "2021"\n\n[dependencies]\n'
MEMBER += 'log = { workspace = true, features = ["std"] }\n'
GEMS = 'source "https://example.org"\n\ngem "rack", "~> 3.0"\n'
GO = "module example.org/x\n\ngo 1.24\n\nrequire example.org/a v1.0.0\n\nexclude example.org/a v1.1.0\n"


@pytest.fixture
def project(devkeel: Shell) -> Shell:
    for item in devkeel.root.iterdir():
        if item.is_file():
            item.unlink()
    return devkeel


def write(project: Shell, files: dict[str, str]) -> None:
    for name, text in files.items():
        (project.root / name).parent.mkdir(parents=True, exist_ok=True)
        (project.root / name).write_text(text)


@pytest.mark.parametrize(
    ("files", "line", "changed"),
    [
        (
            {"package.json": NPM},
            ("add", "--language", "javascript", "is-odd@3.0.0"),
            {"package.json": NPM.replace("~2.0.0", "3.0.0")},
        ),
        (
            {"package.json": NPM},
            ("remove", "--language", "javascript", "is-odd"),
            {"package.json": NPM.replace(',\n  "devDependencies": {\n    "is-odd": "~2.0.0"\n  }', "")},
        ),
        (
            {"environment.yml": FLOW},
            ("remove", "--language", "python", "numpy"),
            {"environment.yml": FLOW.replace(", numpy", "")},
        ),
        (
            {"environment.yml": CONDA},
            ("remove", "--language", "python", "zlib"),
            {"environment.yml": CONDA.replace("  - conda-forge::zlib[version='>=1.3,<2']\n", "")},
        ),
        (
            {"environment.yml": CONDA},
            ("add", "--language", "python", "zlib=1.2"),
            {"environment.yml": CONDA.replace(">=1.3,<2", "1.2.*")},
        ),
        ({"environment.yml": CONDA}, ("add", "--language", "python", "PyYAML"), {}),
        (
            {"environment.yml": CONDA},
            ("remove", "--language", "python", "idna"),
            {"environment.yml": CONDA.replace("  - pip:\n    - idna==3.7\n", "")},
        ),
        (
            {"Cargo.toml": ROOT, "m/Cargo.toml": MEMBER},
            ("add", "--language", "rust", "log@0.4.20", "--file", "m/Cargo.toml"),
            {"Cargo.toml": ROOT.replace("17", "20")},
        ),
        ({"Gemfile": GEMS}, ("add", "--language", "ruby", "rack@~> 3.1"), {"Gemfile": GEMS.replace("3.0", "3.1")}),
        (
            {"go.mod": GO},
            ("add", "--language", "go", "example.org/a@v1.2.0"),
            {"go.mod": GO.replace("v1.0.0", "v1.2.0")},
        ),
        (
            {"go.mod": GO},
            ("remove", "--language", "go", "example.org/a"),
            {"go.mod": GO.replace("require example.org/a v1.0.0\n\n", "")},
        ),
    ],
)
def test_a_library_is_edited_where_it_is(
    project: Shell, files: dict[str, str], line: tuple[str, ...], changed: dict[str, str]
) -> None:
    write(project, files)
    outcome = project("library", *line, *SCHEMA)
    assert outcome.code == 0, outcome.err
    assert {name: (project.root / name).read_text() for name in files} == files | changed
    if changed:
        assert project("undo").code == 0
        assert {name: (project.root / name).read_text() for name in files} == files


@pytest.mark.parametrize(
    ("files", "line", "remedies"),
    [
        (
            {"package.json": NPM.replace("~2.0.0", "npm:even@1")},
            ("add", "--language", "javascript", "is-odd@3.0.0"),
            [("library", "add", "--language", "javascript", "is-odd@npm:even@3.0.0")],
        ),
        (
            {"package.json": NPM.replace("~2.0.0", "github:a/b")},
            ("add", "--language", "javascript", "is-odd@3.0.0"),
            [
                ("library", "remove", "--language", "javascript", "is-odd"),
                ("library", "add", "--language", "javascript", "is-odd@3.0.0"),
            ],
        ),
        (
            {"Gemfile": GEMS.replace('"~> 3.0"', "VERSION")},
            ("add", "--language", "ruby", "rack@~> 3.1"),
            [("patch", "Gemfile", "--old", "VERSION", "--new", '"~> 3.1"')],
        ),
        (
            {"Cargo.toml": ROOT, "m/Cargo.toml": MEMBER},
            ("add", "--language", "rust", "rand@0.9"),
            [("library", "add", "--language", "rust", "rand@0.9", "--file", "m/Cargo.toml")],
        ),
        (
            {"environment.yml": CONDA},
            ("add", "--language", "python", "idna=3.10"),
            [("library", "add", "--language", "python", "idna==3.10")],
        ),
        (
            {"go.mod": GO},
            ("add", "--language", "go", "example.org/a@v1.1.0"),
            [("patch", "go.mod", "--old", "\nexclude example.org/a v1.1.0\n", "--new", "")],
        ),
    ],
)
def test_what_is_refused_offers_a_call_that_is_accepted(
    project: Shell, files: dict[str, str], line: tuple[str, ...], remedies: list[tuple[str, ...]]
) -> None:
    write(project, files)
    refusal = project("library", *line, *SCHEMA)
    assert refusal.code != 0
    assert "next:" in refusal.err
    assert {name: (project.root / name).read_text() for name in files} == files
    for remedy in remedies:
        outcome = project(*remedy, *SCHEMA)
        assert outcome.code == 0, outcome.err
