"""What pipelines, containers of editors, task files, scripts and shells of Nix say about the environment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from devkeel.detection.gathering import gather
from devkeel.detection.repository import Repository
from devkeel.project.root import Project

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.detection.evidence import Clue


def clues(root: Path, files: dict[str, str]) -> list[Clue]:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    gathered = gather(Repository(Project(root)))
    assert gathered.unread == ()
    return list(gathered.clues)


def of(found: list[Clue], about: str) -> list[tuple[str, str | int | None, str, int | None]]:
    return [
        (item.name, item.version or item.value, item.certainty, item.place.line)
        for item in found
        if item.about == about
    ]


GITLAB = """image: python:$PY
variables:
  PY: "3.11"
  APP_MODE: {value: ci}
services:
  - postgres:15
.base:
  image: {name: "golang:1.22"}
test:
  services: [{name: "redis:7", alias: cache}]
  script:
    - apt-get update && apt-get install -y libpq-dev
    - [pytest -q]
    - |
      set -e
      go test ./...
pages:
  image: node:20
  script: npm run build
"""


def test_a_pipeline_of_gitlab_has_images_services_and_tests(tmp_path: Path) -> None:
    found = clues(tmp_path, {".gitlab-ci.yml": GITLAB})
    assert of(found, "language") == [
        ("python", "3.11", "certain", 1),
        ("go", "1.22", "certain", 8),
        ("javascript", "20", "possible", 18),
    ]
    assert of(found, "service") == [("postgres", "15", "certain", 6), ("redis", "7", "certain", 10)]
    assert of(found, "package") == [("libpq", None, "likely", 12)]
    assert of(found, "test") == [
        ("enterTest", "pytest -q", "likely", 13),
        ("enterTest", "go test ./...", "likely", 16),
    ]


def test_a_reference_to_what_stands_elsewhere_is_no_command(tmp_path: Path) -> None:
    text = "a:\n  script:\n    - !reference [.scripts, init, composer]\n    - make test\n"
    found = clues(tmp_path, {".gitlab-ci.yml": text, "compose.yml": "services:\n  a:\n    image: !reset redis\n"})
    assert of(found, "test") == [("enterTest", "make test", "likely", 4)]
    assert of(found, "service") == []


def test_the_first_image_of_a_job_of_circleci_is_its_own_and_others_are_services(tmp_path: Path) -> None:
    text = """jobs:
  build:
    docker:
      - image: cimg/node:20.11
      - image: cimg/postgres:14.0
    steps:
      - checkout
      - run: npm test
      - run: {command: "yarn test:unit"}
"""
    found = clues(tmp_path, {".circleci/config.yml": text})
    assert of(found, "language") == [("javascript", "20.11", "certain", 4)]
    assert of(found, "service") == [("postgres", "14.0", "certain", 5)]
    assert [item[1] for item in of(found, "test")] == ["npm test", "yarn test:unit"]


def test_a_container_of_an_editor_has_an_image_features_and_variables(tmp_path: Path) -> None:
    text = """{
  // comments are fine
  "image": "mcr.microsoft.com/devcontainers/python:1-3.12-bookworm",
  "features": {
    "ghcr.io/devcontainers/features/node:1": {"version": "20"},
    "ghcr.io/devcontainers/features/go:1": {},
    "ghcr.io/devcontainers/features/docker-in-docker:2": {},
  },
  "forwardPorts": [8000, "db:5432"],
  "containerEnv": {"APP_MODE": "dev", "WHERE": "${containerWorkspaceFolder}"},
  "postCreateCommand": "sudo apt-get install -y graphviz",
}
"""
    found = clues(tmp_path, {".devcontainer/devcontainer.json": text})
    assert of(found, "language") == [
        ("python", "3.12", "certain", 3),
        ("javascript", "20", "certain", 5),
        ("go", None, "certain", 6),
    ]
    assert of(found, "variable") == [("APP_MODE", "dev", "likely", 10)]
    assert of(found, "package") == [("graphviz", None, "likely", 11)]
    assert of(found, "port") == [("app", 8000, "possible", 9)]


MAKEFILE = """GO ?= go
LINT := golangci-lint
.PHONY: test
all: test

test: build ## run the tests
\t@$(GO) test ./... \\
\t  -race
build:
\t$(LINT) run && cd $(shell pwd)
\techo $$HOME; $(UNKNOWN) x
dev:
\tair
ifeq ($(OS),x)
X = y
endif
"""


def test_a_makefile_is_tested_by_its_target_and_names_programs(tmp_path: Path) -> None:
    found = clues(tmp_path, {"Makefile": MAKEFILE})
    assert of(found, "test") == [("enterTest", "make test", "likely", 6)]
    assert of(found, "package") == [("golangci-lint", None, "likely", 10)]
    assert of(found, "process") == [("dev", "make dev", "possible", 12)]


JUSTFILE = """set shell := ['bash', '-c']
version := '1'
# a comment
test target='all': lint
    @shellcheck {{target}}
py:
  #!/usr/bin/env python3
  import jq
"""
TASKFILE = """version: '3'
tasks:
  test:
    cmds:
      - buf generate
      - task: lint
  lint: shfmt -d .
"""


def test_a_justfile_and_a_taskfile_are_run_by_their_own_programs(tmp_path: Path) -> None:
    found = clues(tmp_path, {"justfile": JUSTFILE, "Taskfile.yml": TASKFILE})
    assert of(found, "package") == [
        ("go-task", None, "certain", 3),
        ("buf", None, "likely", 5),
        ("shfmt", None, "likely", 7),
        ("just", None, "certain", 4),
        ("shellcheck", None, "likely", 5),
    ]
    assert [item[1] for item in of(found, "test")] == ["task test", "just test"]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("run.py", "#!/usr/bin/env python3\n", ("python", None, "likely", 1)),
        ("manage", "#!/usr/bin/env -S python3.12 -u\n", ("python", "3.12", "likely", 1)),
        ("scripts/gen", "#! /usr/bin/node\n", ("javascript", None, "possible", 1)),
        ("run.sh", "#!/bin/bash\n", None),
        ("notes", "#!not a path", None),
        ("src/deep.py", "#!/usr/bin/env python3\n", None),
    ],
)
def test_a_script_says_what_runs_it(tmp_path: Path, name: str, text: str, expected: tuple[str, ...] | None) -> None:
    assert of(clues(tmp_path, {name: text}), "language") == ([] if expected is None else [expected])


def test_an_example_of_variables_names_them_without_values(tmp_path: Path) -> None:
    found = clues(tmp_path, {".env.example": "# comment\nexport DATABASE_URL=postgres://a:b@c/d\nPATH=/x\nFLAG='1'\n"})
    assert of(found, "variable") == [("DATABASE_URL", None, "possible", 2), ("FLAG", None, "possible", 4)]


SHELL = """{ pkgs ? import <nixpkgs> { } }:
pkgs.mkShell {
  buildInputs = with pkgs; [
    nodejs_20
    python312
    go_1_22
    jq
    pnpm
  ];
}
"""
FLAKE = """{
  outputs = { self, nixpkgs }: let pkgs = nixpkgs.legacyPackages.x86_64-linux; in {
    devShells.x86_64-linux.default = pkgs.mkShell { packages = [ pkgs.rustc pkgs.jdk21 pkgs.protobuf ]; };
  };
}
"""


def test_a_shell_of_nix_names_languages_of_versions_and_packages(tmp_path: Path) -> None:
    found = clues(tmp_path, {"shell.nix": SHELL})
    assert of(found, "language") == [
        ("javascript", "20", "certain", 4),
        ("python", "3.12", "certain", 5),
        ("go", "1.22", "certain", 6),
        ("javascript", None, "certain", 8),
    ]
    assert of(found, "package") == [("jq", None, "certain", 7)]


def test_the_default_shell_of_a_flake_is_read_where_it_stands(tmp_path: Path) -> None:
    found = clues(tmp_path, {"flake.nix": FLAKE})
    assert of(found, "language") == [("rust", None, "certain", 3), ("java", "21", "certain", 3)]
    assert of(found, "package") == [("protobuf", None, "certain", 3)]


@pytest.mark.parametrize(
    "name",
    [
        ".gitlab-ci.yml",
        ".circleci/config.yml",
        "Makefile",
        "justfile",
        "Taskfile.yml",
        "flake.nix",
        "shell.nix",
    ],
)
@pytest.mark.parametrize("text", ["", "[]", "a:\n", "{}", "- a\n", "x: [{a: [b]}]\n", "\t\\", "a b:\n\t\\\n"])
def test_what_is_something_else_says_nothing_and_ends_nothing(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    assert [item for item in gather(Repository(Project(tmp_path))).clues if item.name != "just"] == []


def test_deep_nesting_is_refused_by_a_reason(tmp_path: Path) -> None:
    path = tmp_path / ".devcontainer.json"
    path.write_text(json.dumps({"features": {}})[:-1] + "[" * 5000, "utf-8")
    assert [item.file for item in gather(Repository(Project(tmp_path))).unread] == [".devcontainer.json"]
