"""What a workflow of GitHub Actions says about the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.detection.gathering import gather
from devkeel.detection.readers.github_actions import GitHubActions
from devkeel.detection.repository import Repository
from devkeel.project.root import Project

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.detection.evidence import Clue


def clues(root: Path, text: str, name: str = "ci.yml") -> list[Clue]:
    path = root / ".github/workflows" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(text.encode())
    gathered = gather(Repository(Project(root)), [GitHubActions()])
    assert gathered.unread == ()
    return list(gathered.clues)


def of(found: list[Clue], about: str) -> list[tuple[str, str | None, str, int | None]]:
    return [(item.name, item.version, item.certainty, item.place.line) for item in found if item.about == about]


WORKFLOW = """name: CI
on: [push]
env:
  NODE: "20"
jobs:
  test:
    runs-on: ubuntu-latest
    strategy:
      matrix:
        python: ["3.10", "3.12", "3.9"]
        include:
          - python: "3.13"
    services:
      postgres:
        image: postgres:16
        env: {POSTGRES_PASSWORD: postgres}
      redis:
        image: redis:${{ matrix.redis }}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: ${{ matrix.python }}
      - uses: actions/setup-node@v4
        with:
          node-version: ${{ env.NODE }}
          cache: pnpm
      - uses: astral-sh/setup-uv@v3
      - run: |
          sudo apt-get update
          sudo apt-get install -y \\
            libpq-dev graphviz
          uv run pytest -q
      - run: npm test
      - run: echo "${{ github.sha }}" && make test
"""


def test_languages_come_with_the_versions_that_are_set_up_and_the_newest_of_a_matrix_is_likely(tmp_path: Path) -> None:
    found = clues(tmp_path, WORKFLOW)
    assert of(found, "language") == [
        ("python", "3.10", "possible", 10),
        ("python", "3.12", "possible", 10),
        ("python", "3.9", "possible", 10),
        ("python", "3.13", "likely", 12),
        ("javascript", "20", "certain", 4),
        ("python", None, "certain", 28),
    ]
    assert [item.options for item in found if item.options] == [{"pnpm.enable": True}, {"uv.enable": True}]


def test_services_packages_and_tests_are_those_of_its_job(tmp_path: Path) -> None:
    found = clues(tmp_path, WORKFLOW)
    assert of(found, "service") == [("postgres", "16", "certain", 15), ("redis", None, "certain", 18)]
    assert of(found, "package") == [("libpq", None, "likely", 32), ("graphviz", None, "likely", 32)]
    assert [(item.value, item.place.line) for item in found if item.about == "test"] == [
        ("uv run pytest -q", 33),
        ("npm test", 34),
    ]


@pytest.mark.parametrize(
    ("name", "job", "run", "sure"),
    [
        ("ci.yml", "build", "make", "certain"),
        ("ci.yml", "docs", "make html", "possible"),
        ("docs.yml", "build", "make html", "possible"),
        ("release.yml", "test", "pytest test", "certain"),
        ("publish-image.yml", "x", "make", "possible"),
        ("tests.yml", "unit", "make", "certain"),
    ],
)
def test_what_a_job_beside_the_code_sets_up_is_a_trace_only(
    tmp_path: Path, name: str, job: str, run: str, sure: str
) -> None:
    step = "      - uses: actions/setup-node@v4\n        with: {node-version: 20}\n"
    found = clues(tmp_path, f"jobs:\n  {job}:\n    steps:\n{step}      - run: {run}\n", name)
    assert of(found, "language") == [("javascript", "20", sure, 5)]


@pytest.mark.parametrize(
    ("uses", "given", "name", "version"),
    [
        ("actions/setup-node@v4", "node-version: lts/*", "javascript", "lts/*"),
        ("actions/setup-node@v4", "node-version: 20.x", "javascript", "20.x"),
        ("actions/setup-node@v4", "node-version-file: .nvmrc", "javascript", None),
        ("actions/setup-python@v5", "python-version: ${{ inputs.python }}", "python", None),
        ("actions/setup-go@v5", "go-version: ^1.22", "go", "^1.22"),
        ("actions/setup-java@v4", "{distribution: temurin, java-version: 21}", "java", "21"),
        ("dtolnay/rust-toolchain@stable", "components: clippy", "rust", None),
        ("dtolnay/rust-toolchain@1.75", "components: clippy", "rust", "1.75"),
        ("ruby/setup-ruby@v1", "ruby-version: '3.3'", "ruby", "3.3"),
        ("shivammathur/setup-php@v2", "php-version: 8.3", "php", "8.3"),
        ("oven-sh/setup-bun@v2", "bun-version: 1.1.0", "javascript", None),
    ],
)
def test_an_action_sets_up_a_language(tmp_path: Path, uses: str, given: str, name: str, version: str | None) -> None:
    found = clues(tmp_path, f"jobs:\n  a:\n    steps:\n      - uses: {uses}\n        with:\n          {given}\n")
    assert [(item.name, item.version) for item in found] == [(name, version)]


def test_the_image_of_a_job_is_its_language(tmp_path: Path) -> None:
    found = clues(tmp_path, "jobs:\n  a:\n    container:\n      image: golang:1.22\n  b:\n    container: node:20\n")
    assert of(found, "language") == [("go", "1.22", "certain", 4), ("javascript", "20", "certain", 6)]


@pytest.mark.parametrize(
    "text", ["", "jobs:\n", "jobs: [a]\n", "jobs:\n  a: {steps: 3}\n", "jobs:\n  a:\n    steps: [3, {}]\n"]
)
def test_what_is_no_workflow_says_nothing(tmp_path: Path, text: str) -> None:
    assert clues(tmp_path, text) == []
