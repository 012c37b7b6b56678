"""Who is held by a role or by the server runs programs in a sandbox, over stdio, and can not talk itself out of it."""

from __future__ import annotations

import shutil
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from devkeel.api import Environment
from devkeel.sandbox import ways

from .wire import Wire

pytestmark = pytest.mark.skipif(ways.way() is None, reason="this system gives no such sandbox to this user")

SETTINGS = 'backend = "venv"\n[roles.low]\npermissions = ["read", "execute"]\nsandbox = true\n'
# As it was seen: the role is made wider by what it may run, and the next run has no sandbox.
WIDER = "sed -e s/true/false/ devkeel.toml > wide; mv -f wide devkeel.toml; cp wide devkeel.toml; rm -f devkeel.toml"
LIBRARY = """\
#include <Python.h>
static struct PyModuleDef made = {PyModuleDef_HEAD_INIT, "made", NULL, -1, NULL};
PyMODINIT_FUNC PyInit_made(void) { return PyModule_Create(&made); }
"""
INCLUDE = "$(python -c 'import sysconfig; print(sysconfig.get_path(\"include\"))')"
# `.ci/run` installs the headers of Debian's Python.
COMPILES = shutil.which("cc") is not None and Path(sysconfig.get_path("include"), "Python.h").exists()
BUILD = f'cc -shared -fPIC -I"{INCLUDE}" made.c -o made.so && python -m unittest -q'


def ran(wire: Wire, script: str) -> dict[str, Any]:
    call = {"name": "run_command", "arguments": {"argv": ["sh", "-c", script]}}
    found: dict[str, Any] = wire.answer(wire.send("tools/call", call), 60)
    return dict(found["result"]["structuredContent"])


def test_a_role_and_a_server_hold_what_is_run_and_a_run_makes_neither_wider(tmp_path: Path) -> None:
    root, canary = tmp_path / "project", tmp_path / "canary"
    root.mkdir()
    canary.touch()
    (root / "devkeel.toml").write_text(SETTINGS)
    (root / "requirements.txt").write_text("")
    (root / "made.c").write_text(LIBRARY)
    (root / "test_made.py").write_text(
        "import unittest, made\nclass Case(unittest.TestCase):\n    def test(self): made\n"
    )
    environment = Environment(root, actor="test")
    job = environment.apply()
    assert job.wait(120)
    environment.result(job)
    environment.close()
    for flags in (("--role", "low"), ("--sandbox",)):
        with Wire(root, flags=flags) as wire:
            ran(wire, WIDER)
            assert (root / "devkeel.toml").read_text() == SETTINGS
            found = ran(wire, f"[ ! -e {canary} ]")
            assert (found["exit_code"], found["sandbox"]["network"]) == (0, flags == ("--sandbox",))
            if COMPILES and flags == ("--sandbox",):
                assert ran(wire, BUILD)["exit_code"] == 0
