"""Services: enabled where nobody answers, told to listen where they do not, started where they are declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.devkeel.remedies.projects import causes, edits, fixes

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = "{ pkgs, ... }:\n\n{\n  packages = [ pkgs.git ];\n}\n"
POSTGRES = 'psql: error: connection to server at "127.0.0.1", port 5432 failed: Connection refused\n'
SOCKET = (
    'psql: error: connection to server on socket "/run/postgresql/.s.PGSQL.5432" failed: No such file or directory\n'
)
REDIS = "Error: connect ECONNREFUSED 127.0.0.1:6379\n"


def _with(body: str) -> str:
    return f"{{ pkgs, ... }}:\n\n{{\n  packages = [ pkgs.git ];\n{body}}}\n"


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        (REDIS, {"kind": "enable", "name": "services.redis"}),
        (POSTGRES, {"kind": "enable", "name": "services.postgres", "settings": {"listen_addresses": "127.0.0.1"}}),
        (SOCKET, {"kind": "enable", "name": "services.postgres"}),
        ("dial tcp 127.0.0.1:4222: connect: connection refused\n", {"kind": "enable", "name": "services.nats"}),
        (
            (
                'psycopg.OperationalError: connection failed: connection to server at "127.0.0.1", port 5433 failed: '
                "Connection refused\n"
            ),
            {
                "kind": "enable",
                "name": "services.postgres",
                "settings": {"listen_addresses": "127.0.0.1", "port": 5433},
            },
        ),
        (
            "rabbitmqadmin: Could not connect to localhost:15672: connection refused\n",
            {"kind": "enable", "name": "services.rabbitmq", "settings": {"managementPlugin.enable": True}},
        ),
        (
            "opensearch_dsl: HTTPConnectionPool(host='localhost', port=9200): Connection refused\n",
            {"kind": "enable", "name": "services.opensearch"},
        ),
    ],
)
def test_what_answers_there_is_enabled_as_its_client_looks_for_it(tmp_path: Path, text: str, edit: object) -> None:
    assert edits(tmp_path, text, devenv_nix=PLAIN) == [edit]


def test_a_service_that_is_enabled_is_started(tmp_path: Path) -> None:
    (fix,) = fixes(tmp_path, REDIS, devenv_nix=_with("  services.redis.enable = true;\n"))
    assert (fix.edits, fix.call is not None) == ((), True)


def test_one_that_listens_at_a_socket_alone_is_told_to_listen(tmp_path: Path) -> None:
    first, second = fixes(tmp_path, POSTGRES, devenv_nix=_with("  services.postgres.enable = true;\n"))
    assert first.edits == ({"kind": "set", "path": "services.postgres.listen_addresses", "value": "127.0.0.1"},)
    assert second.call is not None


def test_one_at_another_port_is_moved_to_where_its_client_looks(tmp_path: Path) -> None:
    body = "  services.redis = { enable = true; port = 6380; };\n"
    assert fixes(tmp_path, REDIS, devenv_nix=_with(body))[-1].call is not None
    moved = "redis.exceptions.ConnectionError: Error 111 connecting to localhost:6399. Connection refused.\n"
    assert edits(tmp_path, moved) == [{"kind": "set", "path": "services.redis.port", "value": 6399}]


@pytest.mark.parametrize(
    "text",
    [
        "Error: connect ECONNREFUSED 127.0.0.1:3000\n",
        "[ioredis] connected\nError: connect ECONNREFUSED 127.0.0.1:8000\n",
        "Error: connect ECONNREFUSED 127.0.0.1:8080\n",
        "Error: connect ECONNREFUSED 10.0.0.4:6379\n",
    ],
)
def test_an_application_or_another_machine_that_does_not_answer_gets_no_edit(tmp_path: Path, text: str) -> None:
    assert edits(tmp_path, text, devenv_nix=PLAIN) == []


def test_a_process_of_the_project_is_started(tmp_path: Path) -> None:
    body = '  processes.web.exec = "uvicorn app:app --port 8000";\n'
    (fix,) = fixes(tmp_path, "curl: (7) Failed to connect to localhost port 8000\n", devenv_nix=_with(body))
    assert (fix.edits, fix.call is not None) == ((), True)


def test_without_nix_the_container_of_the_project_is_started(tmp_path: Path) -> None:
    compose = "services:\n  cache:\n    restart: always\n    image: redis:7\n  db:\n    image: postgres:16\n"
    (fix,) = fixes(tmp_path, REDIS, compose_yaml=compose, requirements_txt="redis\n")
    assert (fix.edits, fix.command) == ((), "docker compose up -d cache")
    (tmp_path / "compose.yaml").unlink()
    assert fixes(tmp_path, REDIS) == []


def test_a_number_above_the_last_port_is_no_port(tmp_path: Path) -> None:
    found = fixes(tmp_path, "connect ECONNREFUSED 127.0.0.1:99999 redis\n", devenv_nix="{ packages = [ ]; }\n")
    assert found == []


def test_without_nix_and_containers_the_service_is_named(tmp_path: Path) -> None:
    (cause,) = causes(tmp_path, POSTGRES, pyproject_toml='[project]\nname = "a"\nversion = "1"\n')
    assert cause.fixes == ()
    assert "postgres" in (cause.advice or "")


def test_one_that_was_set_to_another_port_is_set_to_that_of_its_client_and_listens(tmp_path: Path) -> None:
    declared = _with("  services.postgres.enable = true;\n  services.postgres.port = 5433;\n")
    assert edits(tmp_path, POSTGRES, devenv_nix=declared) == [
        {"kind": "set", "path": "services.postgres.port", "value": 5432},
        {"kind": "set", "path": "services.postgres.listen_addresses", "value": "127.0.0.1"},
    ]
