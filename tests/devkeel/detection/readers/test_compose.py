"""What a compose file says about the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.detection.gathering import gather
from devkeel.detection.readers.compose import ComposeFiles
from devkeel.detection.repository import Repository
from devkeel.project.root import Project

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.detection.evidence import Clue


def clues(root: Path, text: str, name: str = "compose.yaml") -> list[Clue]:
    (root / name).write_bytes(text.encode())
    gathered = gather(Repository(Project(root)), [ComposeFiles()])
    assert gathered.unread == ()
    return list(gathered.clues)


def of(found: list[Clue], about: str) -> list[Clue]:
    return [item for item in found if item.about == about]


COMPOSE = """# services of a project
x-common: &common
  restart: always
services:
  web:
    build: .
    command: uvicorn app:app --port 8000 --reload
    ports: ["8000:8000"]
    environment:
      DATABASE_URL: postgres://app:app@db:5432/app
      REDIS_HOST: cache
      LOG_LEVEL: debug
      API_TOKEN: ghp_16C7e42F292c6912E7710c838347Ae178B4a
  db:
    <<: *common
    image: postgres:${PG_VERSION:-16}-alpine
    ports:
      - "127.0.0.1:${DB_PORT:-5433}:5432"
    environment:
      - POSTGRES_DB=shop
      - POSTGRES_PASSWORD=verysecretvalue9
  cache:
    image: docker.io/redis:7
  mailhog:
    image: mailhog/mailhog
    profiles: [dev]
  proxy:
    image: nginx:1.27
  other:
    image: ghcr.io/acme/thing:${TAG}
"""


def test_images_of_services_are_services_with_versions_ports_and_databases(tmp_path: Path) -> None:
    found = of(clues(tmp_path, COMPOSE), "service")
    assert [(item.name, item.version, item.certainty, item.place.line) for item in found] == [
        ("postgres", "16", "certain", 16),
        ("redis", "7", "certain", 23),
        ("mailhog", None, "possible", 25),
        ("nginx", "1.27", "possible", 28),
    ]
    options = {"port": 5433, "listen_addresses": "127.0.0.1", "initialDatabases": [{"name": "shop"}]}
    assert found[0].options == options
    assert found[1].options == {}


def test_the_variables_beside_it_are_filled_in(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PG_VERSION='15' # the server\nexport DB_PORT=5555\n", "utf-8")
    found = clues(tmp_path, COMPOSE)
    assert (of(found, "service")[0].version, of(found, "port")[1].value) == ("15", 5555)


def test_what_the_own_container_gets_is_likely_but_for_secrets_and_hosts_of_its_network(
    tmp_path: Path,
) -> None:
    found = clues(tmp_path, COMPOSE)
    assert [(item.name, item.certainty, item.value) for item in of(found, "variable")] == [
        ("DATABASE_URL", "possible", None),
        ("REDIS_HOST", "possible", "cache"),
        ("LOG_LEVEL", "likely", "debug"),
        ("API_TOKEN", "possible", None),
    ]
    assert [(item.name, item.value) for item in of(found, "process")] == [
        ("web", "uvicorn app:app --port 8000 --reload")
    ]
    assert "verysecretvalue9" not in str(found)
    assert "ghp_" not in str(found)


@pytest.mark.parametrize(
    ("name", "sure"),
    [
        ("docker-compose.yml", "certain"),
        ("compose.override.yaml", "certain"),
        ("docker-compose.test.yml", "certain"),
        ("docker-compose.prod.yml", "possible"),
        ("docker-compose-staging.yml", "possible"),
    ],
)
def test_a_file_of_a_deployment_is_a_trace_only(tmp_path: Path, name: str, sure: str) -> None:
    (found,) = clues(tmp_path, "services:\n  db:\n    image: mysql:8.4\n", name)
    assert (found.name, found.version, found.certainty) == ("mysql", "8.4", sure)


@pytest.mark.parametrize(
    ("ports", "port"),
    [
        ('["6380:6379"]', 6380),
        ("[{target: 6379, published: 6381}]", 6381),
        ('["6379"]', None),
        ('["8001:8001"]', None),
        ('["6379:6379/udp"]', None),
        ('["${UNKNOWN}:6379"]', None),
        ('["7000-7001:7000-7001"]', None),
        ('["[::1]:6382:6379"]', 6382),
    ],
)
def test_a_port_of_the_machine_is_that_of_the_service(tmp_path: Path, ports: str, port: int | None) -> None:
    found = clues(tmp_path, f"services:\n  redis:\n    image: redis\n    ports: {ports}\n")
    assert [item.value for item in of(found, "port")] == ([] if port is None else [port])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "services:\n",
        "services: [a]\n",
        "services:\n  a:\n",
        "services: &a\n  b: *a\n",
        "services:\n  a: {image: 3}\n",
    ],
)
def test_what_has_no_services_says_nothing(tmp_path: Path, text: str) -> None:
    assert clues(tmp_path, text) == []


def test_a_file_that_does_not_parse_is_said(tmp_path: Path) -> None:
    (tmp_path / "compose.yml").write_text("services: [", "utf-8")
    (unread,) = gather(Repository(Project(tmp_path)), [ComposeFiles()]).unread
    assert unread.file == "compose.yml"


def test_aliases_of_aliases_cost_no_more_than_their_text(tmp_path: Path) -> None:
    rows = ["a0: &a0 [x, x]", *(f"a{at}: &a{at} [*a{at - 1}, *a{at - 1}]" for at in range(1, 60))]
    found = clues(tmp_path, "\n".join([*rows, "services: {db: {image: postgres, ports: *a59}}", ""]))
    assert [item.name for item in found] == ["postgres"]
