"""The value of any Nix text as data: pure and restricted at once, with limits on time, memory, size and depth.

A flake is evaluated where it is. A file or an expression is the output of a flake that is made for it, with a copy of
the project's files beside it: purity without a flake lets nothing be read at all (nix 2.8, src/libexpr/eval.cc, takes
no search path in pure mode), and an input that is a work tree with changes is not pure enough for it.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import Struct

from devkeel.candidate.mirror import mirror
from devkeel.candidate.repository import find_repository
from devkeel.candidate.withheld import withhold
from devkeel.errors import Unavailable
from devkeel.nix_cli.confinement import evaluate, network_is_cut, settings
from devkeel.nix_cli.enclosure import Enclosure, encloses, enclosure_of
from devkeel.nix_cli.flake_evaluation import FEATURES
from devkeel.runtime.process import run
from devkeel.source import nix as nix_text
from devkeel.source.path import format_path
from devkeel.system.beneath import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.candidate.stage import Stage
    from devkeel.nix_cli.installables import Installable
    from devkeel.runtime import Completed

__all__ = ["Bounds", "ConfinedQuestion", "ask", "made_flake"]

_EXPRESSION = "expression.nix"
_SOURCE = "source"
_SECONDS = 30.0
_NAMES = 64 * 1024**2
_TEXT = 16 * 1024
# As Nix calls a function whose arguments all have defaults (nix, src/libexpr/eval.cc,
# `autoCallFunction`).
_CALLED = (
    "let value = import ({place}); arguments = builtins.functionArgs value; in "
    "if builtins.isFunction value && arguments != {{ }} && builtins.all (name: arguments.${{name}}) "
    "(builtins.attrNames arguments) then value {{ }} else value"
)


class Bounds(Struct, frozen=True):
    """What an evaluation may take. memory, output: bytes. depth: levels of sets and lists. width: items of each."""

    memory: int
    output: int
    depth: int = 4
    width: int = 200


class ConfinedQuestion(Struct, frozen=True):
    """What is asked. function: an expression that is applied to the value before it is shown."""

    installable: Installable | None
    expression: str | None
    bounds: Bounds

    @property
    def function(self) -> str | None:
        """What is applied to the value of an installable."""
        return self.expression if self.installable is not None else None

    @property
    def of_flake(self) -> bool:
        """Whether the project's own flake is asked, and no file or expression."""
        return self.installable is not None and self.installable.file is None


def ask(nix: str, place: Stage | Path, asked: ConfinedQuestion, deadline: float) -> Completed:
    """Return how Nix ended that was asked; its output is JSON with `kind` and `value`.

    place: of the project's flake the stage, else what `made_flake` made. deadline: of the monotonic clock. Raises
    Unavailable `not_confined` where the system cannot hold it.
    """
    attribute = asked.installable.attribute if asked.installable else ()
    if isinstance(place, Path):
        word = f"path:{place}#{quote(format_path(('value', *attribute)), safe='')}"
        held, enclosure, folder = None, Enclosure((place,)) if encloses() else None, place
    else:
        word = asked.installable.word if asked.installable else "."
        held, enclosure, folder = place.alone(), enclosure_of(place), place.root
    bounds = asked.bounds
    confined = settings(experimental_features="nix-command flakes", eval_cache="false")
    argv = (nix, *FEATURES, "eval", "--json", "--no-write-lock-file", "--no-update-lock-file", *confined, word)
    return evaluate(
        (*argv, "--apply", _applied(asked)),
        held=held,
        enclosure=_required(enclosure),
        timeout=max(0.0, deadline - time.monotonic()),
        cwd=folder,
        limit=bounds.output,
        memory=bounds.memory,
        # The collector takes a quarter of the machine's memory at once unless it is told less (nix,
        # src/libexpr/eval-gc.cc).
        environment={"GC_INITIAL_HEAP_SIZE": str(min(bounds.memory // 8, 128 * 1024**2))},
    )


def _required(found: Enclosure | None) -> Enclosure:
    """Return the enclosure. Raises Unavailable `not_confined` where the system cannot hold an evaluation."""
    if found is not None and network_is_cut():
        return found
    raise Unavailable(
        "not_confined",
        "This system gives this user no namespaces, without which an evaluation could read this user's files or reach "
        "the network. Nothing was evaluated.",
        remedy="Allow user namespaces to this user (sysctl user.max_user_namespaces, "
        "kernel.unprivileged_userns_clone; in a container, its security options), or evaluate it yourself with "
        "`nix eval` if you trust it.",
    )


@contextmanager
def made_flake(root: Path, asked: ConfinedQuestion) -> Iterator[Path]:
    """Make the flake whose output is a file's value or an expression's, with a copy of the project's files.

    In a Git work tree these are the files that Git knows, as they are on the disk, as for a flake. Raises Unavailable
    `stage_too_large`, `check_unavailable`.
    """
    with tempfile.TemporaryDirectory(prefix="devkeel-eval-") as name:
        folder = Path(os.path.realpath(name))
        source = folder / _SOURCE
        source.mkdir()
        with opened(os.open(source, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)) as target:
            mirror(root, target, without=frozenset(withhold(root).files), only=_known_to_git(root))
        if asked.installable is not None and asked.installable.file is not None:
            value = _CALLED.format(place=f"./. + {nix_text.print_value(f'/{_SOURCE}/{asked.installable.file}')}")
        else:
            (folder / _EXPRESSION).write_text(asked.expression or "", "utf-8")
            value = f"builtins.scopedImport {{ project = ./{_SOURCE}; }} ./{_EXPRESSION}"
        (folder / "flake.nix").write_text(f"{{ outputs = _: {{ value = {value}; }}; }}\n", "utf-8")
        yield folder


def _applied(asked: ConfinedQuestion) -> str:
    bounds = asked.bounds
    limits = {"depth": bounds.depth, "width": bounds.width, "text": min(_TEXT, bounds.output // 4)}
    shown = f"(({_describe()}) (builtins.fromJSON {nix_text.print_value(json.dumps(limits))}))"
    return f"value: {shown} value" if asked.function is None else f"value: {shown} (({asked.function}\n) value)"


@cache
def _describe() -> str:
    return Path(__file__).with_name("describe.nix").read_text("utf-8")


def _known_to_git(root: Path) -> frozenset[str] | None:
    """Return the paths below a directory that Git knows, folders too; None where there is no repository."""
    if find_repository(root) is None:
        return None
    found = run(("git", "-C", str(root), "ls-files", "-z"), timeout=_SECONDS, limit=_NAMES)
    if found.returncode or any(found.omitted):
        told = found.stderr.decode("utf-8", "replace").strip().splitlines()
        raise Unavailable(
            "check_unavailable",
            f"Git does not say which files the project has: {told[-1][:200] if told else 'there are too many'}.",
            remedy="Put that right, and repeat the call.",
        )
    names = os.fsdecode(found.stdout).split("\0")
    return frozenset(part for name in names if name for part in _ways(name))


def _ways(name: str) -> Iterator[str]:
    yield name
    while "/" in name:
        name = name.rpartition("/")[0]
        yield name
