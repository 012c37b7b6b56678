"""What a flake declares, beside its definitions: development shells, inputs as declared and as locked, outputs."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.errors import DevkeelError
from devkeel.pinned.flake_lock import pinned
from devkeel.project.flake_survey import flake_survey
from devkeel.project.root import DECLARATION
from devkeel.source.inputs import FLAKE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.pinned.held import Held
    from devkeel.project.flake_survey import DeclaredInput, FlakeSurvey, ShellView
    from devkeel.project.root import Reader

__all__ = ["FlakeView", "InputView", "inspect_flake", "surveyed"]

_LOCK = "flake.lock"


class InputView(Struct, frozen=True):
    """An input: as flake.nix declares it (`url`, `follows`, the inputs of its own that follow), and as it is locked.

    place: file and line. revision, date: of the lock, None where it holds none.
    """

    name: str
    place: str
    url: str | None = None
    follows: str | None = None
    inner: Mapping[str, str] | None = None
    revision: str | None = None
    date: str | None = None


class FlakeView(Struct, frozen=True):
    """What the text of a flake shows; nothing is evaluated.

    shells: the development shells with their packages. outputs, systems: the names that are written. unseen: what may
    add to them and is not looked into.
    """

    shells: tuple[ShellView, ...]
    inputs: tuple[InputView, ...]
    outputs: tuple[str, ...]
    systems: tuple[str, ...]
    unseen: tuple[str, ...]


def surveyed(files: Mapping[str, bytes], source: Reader) -> FlakeSurvey | None:
    """Return the survey of a project whose environment a flake declares; None for any other."""
    if FLAKE not in files or DECLARATION in files:
        return None

    def read(name: str) -> bytes | None:
        with suppress(DevkeelError):  # outside of the root, a directory, too large
            return files[name] if name in files else source.read(name)
        return None

    return flake_survey(read)


def inspect_flake(survey: FlakeSurvey | None, source: Reader) -> FlakeView | None:
    """Return what a flake declares, with what its lock holds; None for a project without one."""
    if survey is None:
        return None
    held = _held(source)
    inputs = tuple(_input(name, declared, held.get(name)) for name, declared in survey.inputs.items())
    return FlakeView(survey.shells, inputs, survey.outputs, survey.systems, survey.unseen)


def _input(name: str, declared: DeclaredInput, held: Held | None) -> InputView:
    return InputView(
        name,
        declared.place,
        declared.url,
        declared.follows,
        declared.inner or None,
        held.version if held is not None else None,
        held.date if held is not None else None,
    )


def _held(source: Reader) -> dict[str, Held]:
    """Return what flake.lock holds, nothing where it cannot be read."""
    try:
        return pinned(source.read(_LOCK) or b"")
    except (DevkeelError, ValueError, KeyError, TypeError, AttributeError):
        return {}
