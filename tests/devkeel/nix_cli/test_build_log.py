"""Whose fault it is that a build failed, in the words of Nix 2.8 and 2.34 where a machine of builders goes away."""

from __future__ import annotations

import pytest

from devkeel.errors import Unavailable
from devkeel.nix_cli.build_log import blame
from devkeel.runtime import Completed

DRV = f"/nix/store/{'a' * 32}-made.drv"
STORE = "ssh-ng://root@127.0.0.1?remote-store=/tmp/store"
AWAY = f"cannot build on '{STORE}': error: failed to start SSH connection to '127.0.0.1'\n"
NONE = "Failed to find a machine for remote build!\nderivation: made.drv\n"
OLD = f"{AWAY}{NONE}error: unable to start any build; either increase '--max-jobs' or enable remote builds.\n"
NEW = f"{AWAY}{NONE}error: Cannot build '{DRV}'.\n       Reason: local builds are disabled (max-jobs = 0)\n"
BEGUN = f"building '{DRV}' on '{STORE}'...\n"
FAILED = f"error: builder for '{DRV}' failed with exit code 1;\n"
LOST = f"{BEGUN}error: unexpected end-of-file\n{FAILED}"


def code(said: str) -> str | None:
    try:
        blame(Completed(("nix-store",), 1, b"", said.encode()))
    except Unavailable as error:
        assert error.code not in ("builder_lost", "builder_unreachable") or error.details["builder"] == STORE
        return error.code
    return None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (OLD, "builder_unreachable"),
        (NEW, "builder_unreachable"),
        (LOST, "builder_lost"),
        # It did end there, badly.
        (f"{BEGUN}error: build of '{DRV}' on '{STORE}' failed: exit code 1\n{FAILED}", None),
        # One that does not answer while another one builds, and what a build itself prints.
        (f"{AWAY}{FAILED}", None),
        (f"{AWAY}{NONE}{FAILED}", None),
    ],
)
def test_a_machine_is_blamed_only_for_what_it_did_not_end(said: str, expected: str | None) -> None:
    assert code(said) == expected
