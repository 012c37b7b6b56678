"""What options are, as real Nix evaluates them: two versions of a declaration compared."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.diagnosis.nix_messages import Translation
from devkeel.errors import Unavailable
from devkeel.nix_cli.evaluate import evaluated, require_nix, require_stage
from devkeel.source.option_glob import Glob

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkeel.candidate.candidate import Candidate
    from devkeel.errors import Diagnostic
    from devkeel.source.option_glob import OptionGlob

__all__ = ["Comparison", "compare_values"]

_SECONDS = 30.0
_STORE = re.compile(r"/nix/store/[0-9a-z]{32}-")
_BASE = "base"
_UNKNOWN = '"<error>"'


class Comparison(Struct, frozen=True):
    """How options differ between two declarations.

    changed: those that have another value, in the base or in a profile. unseen: why they could not be compared, None
    where they were. failed: what is wrong with the new declaration, where the old one could be evaluated.
    """

    changed: tuple[OptionGlob, ...] = ()
    unseen: str | None = None
    failed: Diagnostic | None = None


def compare_values(
    old: Candidate, new: Candidate, paths: Sequence[OptionGlob], *, timeout: float = _SECONDS
) -> Comparison:
    """Compare what options are in two declarations. Never raises: it says what could not be compared."""
    try:
        before, wrong = _values(old, paths, timeout)
        if wrong is not None:
            return Comparison(unseen="the files of before cannot be evaluated")
        after, wrong = _values(new, paths, timeout)
    except Unavailable as error:
        return Comparison(unseen=error.message.rstrip("."))
    if wrong is not None:
        return Comparison(unseen=wrong.message, failed=wrong)
    first = before[_BASE]
    if _UNKNOWN in first:
        return Comparison(unseen="they could not be evaluated before either")
    differs = {
        path
        for label, values in after.items()
        # A profile that is new has what the base had.
        for path, was, now in zip(paths, before.get(label, first), values, strict=True)
        if was != now
    }
    return Comparison(tuple(path for path in paths if path in differs))


def _values(
    subject: Candidate, paths: Sequence[OptionGlob], timeout: float
) -> tuple[dict[str, list[str]], Diagnostic | None]:
    """Return the values as text, by profile; or what is wrong with the declaration."""
    require_nix(subject)
    with require_stage(subject)() as stage:
        found, _ = evaluated(subject, stage, timeout, watch=[_asked(path) for path in paths])
        if found.returncode:
            stderr = found.stderr.decode("utf-8", "replace")
            return {}, Translation(str(stage.root), subject.files, "evaluation").failure(stderr, found.returncode)
        root = str(stage.root)
    told = json.loads(found.stdout)
    return {item["label"]: [_text(value, root) for value in item["values"]] for item in told}, None


def _asked(path: OptionGlob) -> list[object]:
    """Return a path as the evaluation is asked: a glob by the regular expression of all names that it fits."""
    return [{"fits": name.expression} if isinstance(name, Glob) else name for name in path]


def _text(value: object, root: str) -> str:
    """Return a value without what differs by where it is evaluated, or by the hash of its sources."""
    # The digits of a store path are a hash of what went into it (nix, doc/manual, store/store-path).
    return _STORE.sub("/nix/store/", json.dumps(value, sort_keys=True)).replace(root, ".")
