"""A skip in continuous integration is a failure, except those that are listed here with their reason.

`.ci/run` sets DEVKEEL_CI after it installed what the tests need: a test that then skips because a program is missing
would hide that nothing was tested. What depends on the kernel, the user and the network stays a skip everywhere.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

IN_CI = os.environ.get("DEVKEEL_CI") == "1"

# A pattern of the reason that pytest prints, and why continuous integration may lack what the test wants.
ALLOWED = {
    # on every machine of CI
    "DEVKEEL_REAL_MODULES is not set": "the sources of devenv and nixpkgs are no package that .ci/run could install",
    "DEVKEEL_HOSTS is not set|.* is not in DEVKEEL_HOSTS": "a gigabyte of programs under their own licences",
    "no group of this machine has members": "a fresh Debian has no build users, and a test makes no users",
    # where the machine of CI is another one: an ordinary user, a container, an older kernel, no network
    "a user builds as that user|only root can .*|needs root to .*": "CI may run as an ordinary user",
    "the other tests ran as such a user": "CI may run as an ordinary user, whose run is what the test makes",
    "this system .*": "a container may have no namespaces and no mounts",
    "nothing can be mounted here|strace is not there, or may not trace": "a container may not",
    "this kernel has no openat2, .*|without leases .*|there is no device that is always full": "the kernel decides",
    "this Nix goes on without a file .*": "Nix of another version does not break in that way",
    "actionlint is not installed": "it only confirms what the schema of workflows says; no package of Debian has it",
    "pandas .* has no wheel for this Python|no index can be reached .*": "the index decides",
}


def is_allowed(reason: str) -> bool:
    return any(re.fullmatch(pattern, reason.removeprefix("Skipped: ")) for pattern in ALLOWED)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2]  # path, line, reason
        if not is_allowed(reason):
            report.outcome = "failed"
            report.longrepr = f"{reason}\nThis may not skip where DEVKEEL_CI=1: tests/skips.py lists what may."
    return report
