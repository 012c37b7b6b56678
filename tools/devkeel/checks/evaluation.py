"""The `evaluation` rung: real Nix says whether the module system accepts the declaration.

Nix alone is asked first: the module system of the devenv that `devenv.lock` pins, from the store, without a network.
Where that cannot be and `devenv` is on PATH, devenv evaluates. The declaration's text is not trusted: it reads the
project, its inputs and the store's copies of them, and nothing is built, fetched or run for it.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from functools import cache
from importlib.resources import files as package_files
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from devkeel.checks.inputs import place_of_input, unlocked_inputs
from devkeel.deferred import Deferred, dataclass
from devkeel.errors import Diagnostic, Place, Unavailable
from devkeel.nix_cli.confinement import evaluate, network_is_cut, settings
from devkeel.nix_cli.devenv import in_stage, runtime_directory
from devkeel.nix_cli.devenv_yaml import read_inputs_file
from devkeel.nix_cli.locked_inputs import NEEDED, locate_inputs
from devkeel.nix_cli.locked_inputs import not_fetched as not_fetched_input
from devkeel.nix_cli.places import require_beneath
from devkeel.project.root import INPUTS, LOCK
from devkeel.runtime import Completed, find_program
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devkeel.candidate.candidate import Candidate
    from devkeel.candidate.stage import Stage, StageOpener
    from devkeel.diagnosis import nix_messages
    from devkeel.nix_cli import fetching
    from devkeel.nix_cli.fetching import Source
    from devkeel.nix_cli.locked_inputs import LockedInputs
else:
    nix_messages = Deferred("devkeel.diagnosis.nix_messages")
    fetching = Deferred("devkeel.nix_cli.fetching")

__all__ = [
    "Verdict",
    "ask_nix",
    "asks_devenv",
    "changed_lock",
    "check",
    "evaluated",
    "or_not_fetched",
    "require_fetched",
    "require_nix",
    "require_stage",
]

_SOURCE = "evaluation"
_SECONDS = 60.0
# Errors that Nix alone gives where devenv's command may be able to.
_NIX_CANNOT = frozenset({"check_unavailable", "not_fetched"})
_OUTPUT = 4 * 1024**2
_TOLD = ("failed", "warnings")
_LACKS = re.compile(r"devkeel: the store lacks the input (\S+)")
_LABEL = re.compile(r"^trace: devkeel: (.+)$", re.MULTILINE)
# Without writing to the store, a path that the text makes in it is not there to be read.
_NOT_WRITTEN = re.compile(r"'(?:/nix/store/|[0-9a-z]{32}-)[^']+'[^\n]*(?:is not valid|does not exist|No such file)")


@dataclass(frozen=True, slots=True)
class Verdict:
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


def asks_devenv(subject: Candidate, error: Unavailable) -> bool:
    """Return whether devenv's own command is asked instead: it fetches and runs what the declaration says."""
    return error.code in _NIX_CANNOT and subject.fetches and find_program("devenv") is not None


def require_stage(subject: Candidate) -> StageOpener:
    """Return what opens the stage. Raises Unavailable `check_unavailable` where there is none."""
    if subject.stage is None:
        raise Unavailable("check_unavailable", "It needs the project on disk.", remedy="Ask for a lower level.")
    return subject.stage


def require_nix(subject: Candidate) -> str:
    """Return nix-instantiate's path, before anything is staged. Raises Unavailable without it, or without inputs."""
    if subject.fetches:
        fetching.bring(subject.locks.get(LOCK), NEEDED)
    locate_inputs(subject.locks.get(LOCK), None)
    program = find_program("nix-instantiate")
    if program is None:
        raise Unavailable(
            "check_unavailable",
            "The evaluation cannot run: nix-instantiate is not on PATH.",
            remedy="Install Nix, or ask for a lower level.",
        )
    return program


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
        f"`devenv update {name}` locks it"
    )
    findings = [Diagnostic("input_not_locked", "warning", message, _SOURCE, place_of_input(subject, name), name)]
    with suppress(Unavailable):
        found, _ = evaluated(subject, stage, timeout, lenient=True)
        findings = [*_doubted(subject, _translate(subject, stage, found)), *findings]
    return Verdict(findings, "nix", stage.way, f"the input {name} is not locked yet; `devenv update {name}` locks it")


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


def evaluated(
    subject: Candidate, stage: Stage, timeout: float, **differences: object
) -> tuple[Completed, tuple[str, ...]]:
    """Return what Nix made of the shipped expression, as JSON, and the flags that it took."""
    deadline = time.monotonic() + timeout
    flags: tuple[str, ...] = ("--eval", "--strict", "--json")
    found = ask_nix(subject, stage, flags, timeout, **differences)
    if found.returncode and _NOT_WRITTEN.search(found.stderr.decode("utf-8", "replace")):
        flags = (*flags, "--read-write-mode")
        found = ask_nix(subject, stage, flags, deadline - time.monotonic(), **differences)
    return found, flags


def ask_nix(
    subject: Candidate, stage: Stage, flags: tuple[str, ...], timeout: float, **differences: object
) -> Completed:
    """Run nix-instantiate on the shipped expression, confined to the project and its inputs.

    differences: what differs from judging every profile, see `evaluate.nix`.
    """
    program = require_nix(subject)
    deadline = time.monotonic() + timeout
    literal = fetching.literal_sources(subject.files)
    for source in literal if subject.fetches else ():
        fetching.fetch(source)
    there = [source for source in literal if fetching.stored(source)]
    tried = set[str]()
    while True:
        found = _asked(subject, stage, (program, *flags), deadline - time.monotonic(), there, differences)
        lacks = _LACKS.search(found.stderr.decode("utf-8", "replace")) if found.returncode else None
        if lacks is None or lacks[1] in tried or not subject.fetches:
            return found
        tried.add(lacks[1])
        wanted = fetching.locked_source(LOCK, subject.locks.get(LOCK, b""), lacks[1])
        begun = time.monotonic()
        if wanted is None or not fetching.fetch(wanted):
            return found
        deadline += time.monotonic() - begun  # fetching has a time of its own


def _asked(
    subject: Candidate,
    stage: Stage,
    command: tuple[str, ...],
    timeout: float,
    there: Iterable[Source],
    differences: dict[str, object],
) -> Completed:
    locked = locate_inputs(subject.locks.get(LOCK), stage.root, subject.root)
    # Where the system does not cut the network, what may be named could be told to a host.
    cut = stage.alone() is not None or network_is_cut()
    program, *flags = command
    uris = [*_repositories(stage), *(source.name for source in there if cut)]
    argv = [program, *settings(allowed_uris=" ".join(uris)), *flags]
    for path in (str(stage.root), *locked.paths):
        argv += ["-I", f"devkeel={path}"]  # named, for a path with = in it would be taken for one with a name
    return evaluate(
        (*argv, "-"),
        held=stage.alone(),
        stdin=_expression(subject, stage, locked, differences).encode(),
        timeout=max(0.0, timeout),
        cwd=stage.root,
        limit=_OUTPUT,
    )


def _repositories(stage: Stage) -> list[str]:
    """Return how Nix names the project's own repositories where a text fetches them, since 2.20 as addresses.

    What follows the path keeps the name from meaning what is above: Nix allows all that begins with it and a slash
    (nix, src/libexpr/eval.cc, `isAllowedURI`; the address is as src/libfetchers/git.cc writes it).
    """
    places = (stage.root if name == "." else stage.root / name for name in stage.repositories)
    return [f"git+file://{quote(str(place), safe='/:@')}?exportIgnore=1" for place in places]


@cache
def _module_system() -> str:
    return package_files("devkeel.checks").joinpath("evaluate.nix").read_text("utf-8")


def _expression(subject: Candidate, stage: Stage, locked: LockedInputs, differences: dict[str, object]) -> str:
    settings, unlocked = read_inputs_file(subject.files), unlocked_inputs(subject)
    data: dict[str, Any] = {
        "root": str(stage.root),
        "runtime": str(runtime_directory(stage.root)),
        "trees": locked.trees,
        "inputs": {name: key for name, key in locked.inputs.items() if name not in unlocked.missing},
        "unlocked": unlocked.missing,
        "follows": dict(unlocked.follows),
        "lenient": False,
        "imports": settings.imports,
        "overlays": settings.overlays,
        "nixpkgs": settings.nixpkgs,
        "permitted": settings.permitted,
        "profiles": True,
        "write": False,
        "watch": [],
    } | differences
    return f"({_module_system()}) (builtins.fromJSON {nix.print_value(json.dumps(data, default=str))})"


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


def require_fetched(subject: Candidate, found: Completed) -> None:
    """Raise Unavailable `not_fetched` where an evaluation ended at an input that the store lacks."""
    lacks = _LACKS.search(found.stderr.decode("utf-8", "replace"))
    if lacks is not None:
        raise not_fetched_input(subject.locks.get(LOCK, b""), lacks[1])


def or_not_fetched(subject: Candidate, finding: Diagnostic) -> list[Diagnostic]:
    """Return what is missing in place of a finding that says that something was not fetched."""
    literal = fetching.literal_sources(subject.files) if finding.code == "evaluation_restricted" else ()
    missing = [fetching.not_fetched(source, _SOURCE) for source in literal if source.name in finding.message]
    return missing or [finding]


def _by_devenv(subject: Candidate, timeout: float) -> Verdict:
    """Ask devenv itself: the shell's derivation, of the base and of each profile that the text names."""
    deadline = time.monotonic() + timeout
    require_beneath(subject, subject.locks.get(LOCK))
    with require_stage(subject)(writes=True) as stage:
        found: list[Diagnostic] = []
        for label in ("base", *_profiles(subject)):
            profile = () if label == "base" else ("--profile", label)
            arguments = (*profile, "eval", "shell.drvPath")
            completed = in_stage(stage, arguments, deadline - time.monotonic(), limit=_OUTPUT)
            if completed.returncode:
                translation = nix_messages.Translation(str(stage.root), subject.files, _SOURCE, label)
                found.append(translation.failure(completed.stderr.decode("utf-8", "replace"), completed.returncode))
                break
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
    message = f"{message}. Run `devenv update`"
    return [Diagnostic("lock_stale", "warning", message, source, Place(LOCK))]


def _profiles(subject: Candidate) -> list[str]:
    names: dict[str, None] = {}
    for name, data in subject.files.items():
        if name.endswith(".nix"):
            for item in nix.Document(data, name).definitions:
                if item.path[:1] == ("profiles",) and len(item.path) > 1:
                    grouped = item.path[1] in ("hostname", "user")
                    names[".".join(item.path[1 : 3 if grouped else 2])] = None
    return list(names)
