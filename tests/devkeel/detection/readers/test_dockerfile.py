"""What a Dockerfile says about the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.detection.gathering import gather
from devkeel.detection.readers.dockerfile import Dockerfiles
from devkeel.detection.repository import Repository
from devkeel.project.root import Project

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.detection.evidence import Clue


def clues(root: Path, text: str, name: str = "Dockerfile") -> list[Clue]:
    (root / name).write_bytes(text.encode())
    gathered = gather(Repository(Project(root)), [Dockerfiles()])
    assert gathered.unread == ()
    return list(gathered.clues)


def said(found: list[Clue], about: str) -> list[tuple[str, str | int | None, int | None]]:
    return [(item.name, item.version or item.value, item.place.line) for item in found if item.about == about]


@pytest.mark.parametrize(
    ("image", "name", "version"),
    [
        ("python:3.12-slim-bookworm", "python", "3.12"),
        ("docker.io/library/node:20.11.1-alpine", "javascript", "20.11.1"),
        ("public.ecr.aws/docker/library/golang:1.22", "go", "1.22"),
        ("maven:3.9-eclipse-temurin-21", "java", "21"),
        ("gradle:8.5-jdk17", "java", "17"),
        ("mcr.microsoft.com/dotnet/sdk:8.0", "dotnet", "8.0"),
        ("mcr.microsoft.com/devcontainers/python:1-3.11-bookworm", "python", "3.11"),
        ("localhost:5000/team/python:3.12", None, None),
        ("python:latest", "python", None),
        ("python:3", "python", None),
        ("node:lts-alpine@sha256:0123", "javascript", None),
        ("debian:bookworm", None, None),
    ],
)
def test_an_image_is_a_language_of_a_version(tmp_path: Path, image: str, name: str | None, version: str | None) -> None:
    found = said(clues(tmp_path, f"FROM {image}\n"), "language")
    assert found == ([] if name is None else [(name, version, 1)])


def test_arguments_before_the_first_stage_are_those_of_images(tmp_path: Path) -> None:
    text = """ARG NODE_VERSION=20
ARG VARIANT=slim
FROM node:${NODE_VERSION}-${VARIANT} AS build
FROM python:${PYTHON:-3.11} as app
FROM build
FROM golang:$GO
COPY --from=ghcr.io/astral-sh/uv:latest /uv /bin/
COPY --from=build /a /b
"""
    found = clues(tmp_path, text)
    assert said(found, "language") == [
        ("javascript", "20", 3),
        ("python", "3.11", 4),
        ("go", None, 6),
        ("python", None, 7),
    ]
    assert found[-1].options == {"uv.enable": True}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_packages_of_the_system_are_those_of_nixpkgs_with_their_lines(tmp_path: Path, end: str) -> None:
    text = """FROM python:3.12
RUN --mount=type=cache,target=/var/cache/apt apt-get update \\
    && apt-get install -y --no-install-recommends \\
    # for psycopg2
    libpq-dev \\
    build-essential curl=7.* \\
    ffmpeg \\
    && rm -rf /var/lib/apt/lists/*
RUN <<EOT bash
apk add --no-cache graphviz
EOT
RUN <<EOT python3
apt-get install -y jq
EOT
"""
    found = [item for item in clues(tmp_path, text.replace("\n", end)) if item.about == "package"]
    assert [(item.name, item.place.line, item.certainty) for item in found] == [
        ("libpq", 5, "likely"),
        ("curl", 6, "possible"),
        ("ffmpeg", 7, "likely"),
        ("graphviz", 10, "likely"),
    ]


def test_what_stands_in_a_copied_heredoc_is_no_instruction(tmp_path: Path) -> None:
    assert said(clues(tmp_path, "FROM scratch\nCOPY <<EOF /x\nFROM python:3.12\nEOF\n"), "language") == []


def test_a_language_that_a_bare_image_installs_is_likely_and_beside_another_possible(tmp_path: Path) -> None:
    found = clues(tmp_path, "FROM debian:12\nRUN apt-get install -y python3-pip\nFROM node:20\nRUN apk add python3\n")
    assert [(item.name, item.certainty) for item in found] == [
        ("python", "likely"),
        ("javascript", "certain"),
        ("python", "possible"),
    ]


def test_a_language_that_an_image_of_a_part_installs_is_possible(tmp_path: Path) -> None:
    (tmp_path / "ci").mkdir()
    (found,) = clues(tmp_path, "FROM debian:12\nRUN apt-get install -y python3-pip\n", "ci/Dockerfile")
    assert (found.name, found.certainty) == ("python", "possible")


def test_variables_of_the_project_are_told_and_values_of_secrets_are_not(tmp_path: Path) -> None:
    text = """FROM scratch
ENV PATH=/app/bin:$PATH DEBIAN_FRONTEND=noninteractive NODE_ENV=production
ENV APP_MODE="with words" \\
    # a comment
    RETRIES=3
ENV LEGACY some text
ENV API_TOKEN=ghp_16C7e42F292c6912E7710c838347Ae178B4a
"""
    found = [item for item in clues(tmp_path, text) if item.about == "variable"]
    assert [(item.name, item.value, item.certainty) for item in found] == [
        ("NODE_ENV", "production", "possible"),
        ("APP_MODE", "with words", "likely"),
        ("RETRIES", "3", "likely"),
        ("LEGACY", "some text", "likely"),
        ("API_TOKEN", None, "possible"),
    ]
    assert "ghp_" not in str(found)


@pytest.mark.parametrize(
    ("text", "value", "certainty"),
    [
        ('CMD ["gunicorn", "app:app", "--bind", "0.0.0.0:8000"]', "gunicorn app:app --bind 0.0.0.0:8000", "likely"),
        ("CMD npm start", "npm start", "likely"),
        ('CMD ["/app/server"]', "/app/server", "possible"),
        ('CMD ["node", "/srv/index.js"]', "node /srv/index.js", "possible"),
    ],
)
def test_what_the_last_stage_runs_is_a_process(tmp_path: Path, text: str, value: str, certainty: str) -> None:
    found = clues(tmp_path, f"FROM a AS b\nCMD other\nFROM c\nEXPOSE 8000/tcp $PORT 53/udp\n{text}\n")
    process = [item for item in found if item.about == "process"]
    assert [(item.value, item.certainty) for item in process] == [(value, certainty)]
    assert said(found, "port") == [("app", 8000, 4)]


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("Dockerfile", True),
        ("deploy/Dockerfile.dev", True),
        ("api.Dockerfile", True),
        ("Containerfile", True),
        ("Dockerfile.j2", False),
        ("Dockerfile.dockerignore", False),
        ("dockerfile.py", False),
    ],
)
def test_it_is_known_by_its_name(name: str, read: bool) -> None:
    assert Dockerfiles().matches(name) is read


@pytest.mark.parametrize("text", ["", "\0", "FROM", "RUN <<EOF\n", "FROM a\nBOGUS\n", "ENV", "FROM $\n", "\ud800"])
def test_what_is_no_dockerfile_says_nothing_and_raises_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "Dockerfile").write_bytes(text.encode("utf-8", "surrogatepass"))
    assert gather(Repository(Project(tmp_path)), [Dockerfiles()]).clues == ()
