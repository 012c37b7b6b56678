"""Asking Nix, or devenv's own command, to evaluate a candidate.

Nix alone applies the module system of the devenv that `devenv.lock` pins, from the store, without a network. The
declaration's text is not trusted: it reads the project, its inputs and the store's copies of them, and nothing is
built, fetched or run for it.
"""

from __future__ import annotations

import json
import re
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from devkeel.deferred import Deferred
from devkeel.diagnosis.quoting import INNER, quoted
from devkeel.errors import Diagnostic, Unavailable
from devkeel.nix_cli.declared_inputs import unlocked_inputs
from devkeel.nix_cli.locked_inputs import NEEDED, locate_inputs
from devkeel.nix_cli.locked_inputs import not_fetched as not_fetched_input
from devkeel.project.root import LOCK
from devkeel.runtime import Completed, find_program
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devkeel.candidate.candidate import Candidate
    from devkeel.candidate.stage import Stage, StageOpener
    from devkeel.nix_cli import confinement, devenv, devenv_yaml, fetching
    from devkeel.nix_cli.fetching import Source
    from devkeel.nix_cli.locked_inputs import LockedInputs
else:
    confinement, devenv = Deferred("devkeel.nix_cli.confinement"), Deferred("devkeel.nix_cli.devenv")
    devenv_yaml, fetching = Deferred("devkeel.nix_cli.devenv_yaml"), Deferred("devkeel.nix_cli.fetching")

__all__ = [
    "ask_nix",
    "asks_devenv",
    "evaluated",
    "or_not_fetched",
    "refused_by_devenv",
    "require_fetched",
    "require_nix",
    "require_stage",
]

_SOURCE = "evaluation"
# Errors that Nix alone gives where devenv's command may be able to.
_NIX_CANNOT = frozenset({"check_unavailable", "not_fetched"})
_OUTPUT = 4 * 1024**2
_LACKS = re.compile(r"devkeel: the store lacks the input (\S+)")
# Without writing to the store, a path that the text makes in it is not there to be read.
_NOT_WRITTEN = re.compile(
    quoted(f"(?:/nix/store/|[0-9a-z]{{32}}-){INNER}+") + r"[^\n]*(?:is not valid|does not exist|No such file)"
)


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
    lock = subject.locks.get(LOCK)
    if lock is not None and subject.fetches:
        fetching.bring(lock, NEEDED, subject.root)
    locate_inputs(lock, None, subject.root)
    program = find_program("nix-instantiate")
    if program is None:
        raise Unavailable(
            "check_unavailable",
            "The evaluation cannot run: nix-instantiate is not on PATH.",
            remedy="Install Nix, or ask for a lower level.",
        )
    return program


def evaluated(
    subject: Candidate, stage: Stage, timeout: float, **differences: object
) -> tuple[Completed, tuple[str, ...]]:
    """Return what Nix made of the shipped expression, as JSON, and the flags that it took."""
    deadline = time.monotonic() + timeout
    # With `--eval` Nix opens the store without writing to it, unless `--read-write-mode` is there too (nix,
    # src/nix/nix-instantiate/nix-instantiate.cc).
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
        wanted = fetching.locked_source(LOCK, subject.locks.get(LOCK, b""), lacks[1], subject.root)
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
    cut = stage.alone() is not None or confinement.network_is_cut()
    program, *flags = command
    uris = [*_repositories(stage), *(source.name for source in there if cut)]
    argv = [program, *confinement.settings(allowed_uris=" ".join(uris)), *flags]
    for path in (str(stage.root), *locked.paths):
        # nix, src/libexpr/search-path.cc, `LookupPath::Elem::parse`: what is before the first = is the name.
        argv += ["-I", f"devkeel={path}"]  # named, for a path with = in it would be taken for one with a name
    return confinement.evaluate(
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
    return Path(__file__).with_name("evaluate.nix").read_text("utf-8")


def _expression(subject: Candidate, stage: Stage, locked: LockedInputs, differences: dict[str, object]) -> str:
    settings, unlocked = devenv_yaml.read_inputs_file(subject.files), unlocked_inputs(subject)
    data: dict[str, Any] = {
        "root": str(stage.root),
        "home": str(stage.root),
        "runtime": str(devenv.runtime_directory(stage.root)),
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
        "plan": False,
        "test": False,
        "ports": {},
    } | differences
    # fromJSON gives data and no code, whatever the text has in it (nix, src/libexpr/json-to-value.cc).
    return f"({_module_system()}) (builtins.fromJSON {nix.print_value(json.dumps(data, default=str))})"


def require_fetched(subject: Candidate, found: Completed) -> None:
    """Raise Unavailable `not_fetched` where an evaluation ended at an input that the store lacks."""
    lacks = _LACKS.search(found.stderr.decode("utf-8", "replace"))
    if lacks is not None:
        raise not_fetched_input(subject.locks.get(LOCK, b""), lacks[1], subject.root)


def or_not_fetched(subject: Candidate, finding: Diagnostic) -> list[Diagnostic]:
    """Return what is missing in place of a finding that says that something was not fetched."""
    literal = fetching.literal_sources(subject.files) if finding.code == "evaluation_restricted" else ()
    missing = [fetching.not_fetched(source, _SOURCE) for source in literal if source.name in finding.message]
    return missing or [finding]


def refused_by_devenv(subject: Candidate, stage: Stage, timeout: float) -> tuple[str, Completed] | None:
    """Return what devenv does not evaluate, the base or a profile that the text names, and what it said."""
    deadline = time.monotonic() + timeout
    for label in ("base", *_profiles(subject)):
        profile = () if label == "base" else ("--profile", label)
        arguments = (*profile, "eval", "shell.drvPath")
        completed = devenv.in_stage(stage, arguments, deadline - time.monotonic(), limit=_OUTPUT)
        if completed.returncode:
            return label, completed
    return None


def _profiles(subject: Candidate) -> list[str]:
    names: dict[str, None] = {}
    for name, data in subject.files.items():
        if name.endswith(".nix"):
            for item in nix.Document(data, name).definitions:
                if item.path[:1] == ("profiles",) and len(item.path) > 1:
                    grouped = item.path[1] in ("hostname", "user")
                    names[".".join(item.path[1 : 3 if grouped else 2])] = None
    return list(names)
