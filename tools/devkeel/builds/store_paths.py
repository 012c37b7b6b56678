"""Which store paths a caller means: paths themselves, what they are inside of, links to them, and attributes."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from devkeel.builds.build import derivation_of
from devkeel.builds.subject import Subject
from devkeel.errors import PolicyRefused, Refused, UsageError
from devkeel.nix_cli.caches import path_of
from devkeel.nix_cli.installables import Installable
from devkeel.nix_cli.outputs import output_paths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkeel.context import Context

__all__ = ["store_paths"]

_MOST = 10_000  # of one call
_OWN = (".", "#", ".#")


def store_paths(context: Context, targets: Sequence[str], deadline: float) -> tuple[str, ...]:
    """Return the store paths that are named, in that order and each once.

    targets: `/nix/store/…`, a link to one such as `result`, or an attribute of the project's flake such as `#hello`,
    which is evaluated and not built. deadline: of the monotonic clock, for all of them. Raises UsageError
    `bad_argument`, `not_a_store_path`, Refused `path_unknown`, and as evaluating does.
    """
    if not targets or len(targets) > _MOST:
        raise UsageError(
            "bad_argument",
            f"A call takes from one to {_MOST} paths.",
            seen=str(len(targets)),
            remedy="Name store paths, links to them such as `result`, or attributes such as #hello.",
        )
    found = [path for target in targets for path in _paths(context, target, deadline)]
    return tuple(dict.fromkeys(found))


def _paths(context: Context, target: str, deadline: float) -> tuple[str, ...]:
    if target not in _OWN and "#" not in target:
        return (path_of(_followed(context, target)),)
    if not context.permission.resolves:
        raise PolicyRefused(
            "not_offered",
            "Where an attribute is built to says its evaluation, and nothing of the project may be executed here.",
            seen=target[:200],
            remedy="Name the store path.",
        )
    wanted = Installable.parse(target)
    left = max(0.0, deadline - time.monotonic())
    known = output_paths(derivation_of(Subject.of(context, wanted), wanted, left).path)
    if not known:
        raise Refused(
            "path_unknown",
            f"The content of {wanted.text} decides its path, so that it is not known before it is built.",
            seen=wanted.text,
            remedy="Build it here first, and name the store path.",
        )
    return known


def _followed(context: Context, text: str) -> str:
    if text.startswith("/nix/store/"):
        return text
    try:
        return os.path.realpath(context.project.root / text)
    except ValueError:  # no path of a file: NUL, half of a surrogate pair
        return text
