"""Whole verbs while a file or a folder is exchanged with a link: nothing outside is shown, and every error is one."""

from __future__ import annotations

import os
from functools import partial
from inspect import unwrap
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.edits.packages import AddPackages
from devkeel.errors import DevkeelError

from .exchanging import exchanging

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROUNDS = 400 if os.environ.get("DEVKEEL_FAULTS") == "all" else 40
CANARY = "canaryOutside"


@pytest.mark.races
@pytest.mark.usefixtures("each_system")
@pytest.mark.parametrize("name", ["devenv.nix", "part", "requirements.txt", "devenv.lock", ".env"])
def test_no_verb_shows_what_is_outside(tmp_path: Path, name: str) -> None:
    root, outside = tmp_path.resolve() / "project", tmp_path.resolve() / "outside"
    for folder in (root / "part", outside):
        folder.mkdir(parents=True)
        (folder / "default.nix").write_text(
            f'{{ env.A = "{CANARY if folder == outside else "inside"}"; packages = [ ]; }}\n'
        )
    (root / "devenv.nix").write_text("{ pkgs, ... }: {\n  imports = [ ./part ];\n  packages = [ pkgs.git ];\n}\n")
    for other in ("requirements.txt", "devenv.lock", ".env"):
        (root / other).write_text("{}\n")
    (outside / "file").write_text(f'{{ env.A = "{CANARY}"; packages = [ ]; }}\n')
    (root / "other").symlink_to(outside if name == "part" else outside / "file")
    environment = Environment(root, actor="test")
    # Not watched as others are: what lies in the project changes all the time.
    change = partial(unwrap(Environment.change), environment, [AddPackages(names=["jq"])], dry_run=True, level="schema")
    verbs: list[Callable[[], object]] = [
        *(environment.inspect, environment.files, environment.revision, environment.jobs),
        *(partial(environment.check, level="schema"), partial(environment.search, "env"), environment.examine, change),
    ]
    before = (outside / "file").read_bytes()
    codes: dict[str, int] = {}
    with exchanging(root, name, "other"):
        for turn in range(ROUNDS):
            try:
                shown, code = repr(verbs[turn % len(verbs)]()), "answered"
            except DevkeelError as error:
                shown, code = repr(error.as_data()), error.code
            assert CANARY not in shown
            codes[code] = codes.get(code, 0) + 1
    environment.close()
    assert codes
    assert (outside / "file").read_bytes() == before
