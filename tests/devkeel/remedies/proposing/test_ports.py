"""A port that is another's: what the declaration has there is moved to a free one, and who holds it is said."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest
from tests.devkeel.remedies.projects import edits, fixes

from devkeel.api import Environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def held() -> Iterator[int]:
    """A port on which this process listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def _text(port: int) -> str:
    return f"Could not create server TCP listening socket 127.0.0.1:{port}: bind: Address already in use\n"


def test_an_option_that_has_the_port_gets_one_that_is_free(tmp_path: Path, held: int) -> None:
    declared = f"{{ ... }}:\n\n{{\n  services.redis = {{\n    enable = true;\n    port = {held};\n  }};\n}}\n"
    (first,) = fixes(tmp_path, _text(held), devenv_nix=declared)
    (edit,) = first.edits
    assert (edit["kind"], edit["path"]) == ("set", "services.redis.port")
    with socket.create_server(("127.0.0.1", edit["value"])):
        pass


def test_a_variable_that_is_a_port_stays_a_text(tmp_path: Path, held: int) -> None:
    declared = f'{{ ... }}:\n\n{{\n  env.PORT = "{held}";\n}}\n'
    (edit,) = edits(tmp_path, _text(held), devenv_nix=declared)
    assert (edit["path"], type(edit["value"])) == ("env.PORT", str)


def test_a_service_at_its_default_port_is_moved(tmp_path: Path) -> None:
    (edit,) = edits(tmp_path, _text(6379), devenv_nix="{ ... }:\n\n{\n  services.redis.enable = true;\n}\n")
    assert edit["path"] == "services.redis.port"
    assert edit["value"] > 6379


def test_what_is_not_declared_gets_no_edit(tmp_path: Path, held: int) -> None:
    assert fixes(tmp_path, _text(held), devenv_nix="{ ... }:\n\n{\n}\n") == []
    (cause,) = Environment(tmp_path, actor="test").diagnose(_text(held)).causes
    assert cause.advice is not None
    assert f"PID {os.getpid()}" in cause.advice
    assert edits(tmp_path, "Error: That port is already in use.\n") == []


def test_a_number_that_is_no_port_stays(tmp_path: Path, held: int) -> None:
    declared = f"{{ ... }}:\n\n{{\n  services.x.retries.value = {held};\n  env.A.value = {held};\n}}\n"
    assert edits(tmp_path, _text(held), devenv_nix=declared) == []
