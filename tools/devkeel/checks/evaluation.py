"""The `evaluation` rung: real Nix says whether the module system accepts the declaration.

Nix alone is asked first. Where that cannot be and `devenv` is on PATH, devenv evaluates. What they say
becomes findings.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from devkeel.deferred import Deferred
from devkeel.errors import Diagnostic, Place, Unavailable
from devkeel.nix_cli.declared_inputs import place_of_input, unlocked_inputs
from devkeel.nix_cli.evaluate import (
    ask_nix,
    asks_devenv,
    evaluated,
    or_not_fetched,
    refused_by_devenv,
    require_fetched,
    require_nix,
    require_stage,
)
from devkeel.project.root import INPUTS, LOCK
from devkeel.text.actions import do

if TYPE_CHECKING:
    from devkeel.candidate.candidate import Candidate
    from devkeel.candidate.stage import Stage
    from devkeel.diagnosis import nix_messages
    from devkeel.nix_cli import places
    from devkeel.runtime import Completed
else:
    nix_messages, places = Deferred("devkeel.diagnosis.nix_messages"), Deferred("devkeel.nix_cli.places")

__all__ = ["Verdict", "changed_lock", "check"]

_SOURCE = "evaluation"
_SECONDS = 60.0
_TOLD = ("failed", "warnings")
# builtins.trace prints on stderr, before what it traces is evaluated (nix, src/libexpr/primops.cc, `prim_trace`).
_LABEL = re.compile(r"^trace: devkeel: (.+)$", re.MULTILINE)


class Verdict(Struct, frozen=True):
    """What a rung that runs programs found, who was asked, and how the project was staged: as `Stage.way`.

    unjudged: why it did not come to the end of the declaration, None where it did.
    """

    diagnostics: list[Diagnostic]
    judge: str
    way: str
    unjudged: str | None = None


def check(subject: Candidate, *, timeout: float = _SECONDS) -> Verdict:
    """Return what the module system says of the declaration, each profile included.

    timeout: seconds for everything. Raises Unavailable `check_unavailable` where it cannot run here, and other codes
    where the machine failed: `timeout`, `check_crashed`, `check_out_of_memory`, `check_disk_full`, `check_locked`,
    `check_network_failed`.
    """
    try:
        return _by_nix(subject, timeout)
    except Unavailable as error:
        if not asks_devenv(subject, error):
            raise
    return _by_devenv(subject, timeout)


def _by_nix(subject: Candidate, timeout: float) -> Verdict:
    deadline = time.monotonic() + timeout
    require_nix(subject)
    with require_stage(subject)() as stage:
        found, flags = evaluated(subject, stage, timeout)
        try:
            findings = _translate(subject, stage, found)
        except Unavailable as error:
            if error.code != "input_not_locked":
                raise
            return _beside(subject, stage, deadline - time.monotonic(), error)
        if any(item.code == "evaluation_failed" and item.place is None for item in findings):
            # A trace says where, and takes seconds to be written.
            with suppress(Unavailable):
                found = ask_nix(subject, stage, (*flags, "--show-trace"), deadline - time.monotonic())
                findings = _translate(subject, stage, found)
        return Verdict(_doubted(subject, findings), "nix", stage.way)


def _beside(subject: Candidate, stage: Stage, timeout: float, error: Unavailable) -> Verdict:
    """Judge what can be judged beside what uses an input that is not locked yet."""
    name = str(error.details["input"])
    message = (
        f"{INPUTS} declares the input {name} and {LOCK} does not lock it yet, so that what uses it was not evaluated; "
        f"{do('lock')} locks it"
    )
    findings = [Diagnostic("input_not_locked", "warning", message, _SOURCE, place_of_input(subject, name), name)]
    with suppress(Unavailable):
        found, _ = evaluated(subject, stage, timeout, lenient=True)
        findings = [*_doubted(subject, _translate(subject, stage, found)), *findings]
    return Verdict(findings, "nix", stage.way, f"the input {name} is not locked yet; {do('lock')} locks it")


def _doubted(subject: Candidate, findings: list[Diagnostic]) -> list[Diagnostic]:
    """Make warnings of errors that may be those of another devenv or nixpkgs than the declaration asks for."""
    names = unlocked_inputs(subject).doubtful
    if not names:
        return findings
    told = f" ({LOCK} has another {' and '.join(names)} than {INPUTS} asks for, and this is what that says)"
    return [
        replace(item, severity="warning", message=f"{item.message}{told}") if item.severity == "error" else item
        for item in findings
    ]


def _translate(subject: Candidate, stage: Stage, found: Completed) -> list[Diagnostic]:
    """Return the findings; the exit code decides, for what is printed before a failure is no whole answer."""
    stderr = found.stderr.decode("utf-8", "replace")
    labels = _LABEL.findall(stderr)
    label = labels[-1] if labels else "base"
    translation = nix_messages.Translation(
        str(stage.root), subject.files, _SOURCE, label, confined=True, withheld=stage.withheld
    )
    if found.returncode:
        require_fetched(subject, found)
        return or_not_fetched(subject, translation.failure(stderr, found.returncode))
    judged = json.loads(found.stdout)
    findings = list[Diagnostic]()
    for index, item in enumerate(judged):
        # A profile has what the base has; its own finding is what it has more of.
        failed, warned = (Counter(item[kind]) - Counter(judged[0][kind] if index else ()) for kind in _TOLD)
        findings += [translation.assertion(message, item["label"]) for message in failed.elements()]
        findings += [translation.warning(message) for message in warned.elements()]
    return sorted(findings, key=lambda item: item.severity)


def _by_devenv(subject: Candidate, timeout: float) -> Verdict:
    """Ask devenv itself: the shell's derivation, of the base and of each profile that the text names."""
    deadline = time.monotonic() + timeout
    places.require_beneath(subject, subject.locks.get(LOCK))
    with require_stage(subject)(writes=True) as stage:
        found: list[Diagnostic] = []
        refused = refused_by_devenv(subject, stage, deadline - time.monotonic())
        if refused is not None:
            label, completed = refused
            translation = nix_messages.Translation(str(stage.root), subject.files, _SOURCE, label)
            found.append(translation.failure(completed.stderr.decode("utf-8", "replace"), completed.returncode))
        return Verdict([*found, *changed_lock(subject, stage, _SOURCE)], "devenv", stage.way)


def changed_lock(subject: Candidate, stage: Stage, source: str) -> list[Diagnostic]:
    """Return `lock_stale` where devenv wrote another lock file into the stage."""
    left = stage.lock()
    if left is None or left == subject.locks.get(LOCK):
        return []
    if LOCK in subject.locks:
        message = "devenv would change devenv.lock for these inputs; the project's was left as it is"
    else:
        message = "there is no devenv.lock, so that each evaluation may take other inputs"
    message = f"{message}; {do('lock')} locks them"
    return [Diagnostic("lock_stale", "warning", message, source, Place(LOCK))]
