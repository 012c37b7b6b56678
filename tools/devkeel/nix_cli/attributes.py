"""The value of an attribute of a flake or a file as JSON: what a build is made of, and what an evaluation asks for."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.nix_cli.confinement import evaluate, settings
from devkeel.nix_cli.derivations import with_imports
from devkeel.nix_cli.enclosure import enclosure_of
from devkeel.nix_cli.flake_evaluation import FEATURES
from devkeel.nix_cli.overrides import override_words
from devkeel.source import nix as nix_text
from devkeel.source.path import format_path

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.candidate.stage import Stage
    from devkeel.nix_cli.installables import Installable
    from devkeel.runtime import Completed

__all__ = ["AskedValue", "ask"]

_OUTPUT = 4 * 1024**2


class AskedValue(Struct, frozen=True):
    """What is asked of Nix. function: what is applied to the value, an expression. imports: from derivations, built."""

    installable: Installable
    function: str | None = None
    imports: bool = False


def ask(
    nix: str, stage: Stage, asked: AskedValue, deadline: float, caches: tuple[Path, ...] = ()
) -> tuple[Any] | Completed:
    """Return the value as data in a tuple of one, or how Nix ended that gave none.

    Nothing is fetched. deadline: of the monotonic clock. A flake is evaluated purely; a file reads the project and the
    store, and no more. caches: as `fetching.caches_of` returns them.
    """
    argv = (nix, "eval", "--json", *_words(stage, asked))

    def call(more: tuple[str, ...]) -> Completed:
        return evaluate(
            (*argv, *more),
            held=stage.alone(),
            enclosure=enclosure_of(stage, caches),
            timeout=max(0.0, deadline - time.monotonic()),
            cwd=stage.root,
            limit=_OUTPUT,
        )

    found = with_imports(call, deadline) if asked.imports else call(())
    return found if found.returncode or any(found.omitted) else (json.loads(found.stdout),)


def _words(stage: Stage, asked: AskedValue) -> tuple[str, ...]:
    wanted, apply = asked.installable, ("--apply", asked.function) if asked.function else ()
    if wanted.file is None:
        confined = settings(restrict_eval="false", experimental_features="nix-command flakes", eval_cache="false")
        return (*FEATURES, "--no-update-lock-file", *override_words(), *confined, wanted.word, *apply)
    # Without the feature `flakes` there are no fetchTree and getFlake, which take a path past `restrict-eval` (nix,
    # src/libexpr/primops/fetchTree.cc).
    confined = settings(experimental_features="nix-command")
    # As nix-build takes it: a function with defaults for all is called (nix, src/libexpr/eval.cc, `autoCallFunction`).
    place = nix_text.print_value(str(stage.root / wanted.file))
    text = f"let value = import {place}; in if builtins.isFunction value then value {{ }} else value"
    path = (format_path(wanted.attribute),) if wanted.attribute else ()
    return (*confined, "--impure", "-I", str(stage.root), "--expr", text, *path, *apply)
