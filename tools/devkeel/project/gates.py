"""How good a project's tests have to be: the table `gates` of devkeel.toml, and the stages that a gate may have.

[gates]
stage = "growth"
mode = "block"
command = ["pytest", "--junitxml=report.xml", "--cov", "--cov-report=json"]
reports = ["report.xml", "coverage.json"]

[gates.stages.growth]
coverage = 75
"""

from __future__ import annotations

import math
import posixpath
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Wrong = Callable[[str, tuple[str, ...]], Exception]

__all__ = ["STAGES", "GateStage", "Gates", "gates_in"]


class GateStage(Struct, frozen=True):
    """Thresholds by their name, in percent. None where the stage asks for no such figure.

    coverage: of the lines (of statements where the report counts these). passed: of the tests that were not skipped.
    """

    name: str
    coverage: float | None = None
    passed: float | None = None


STAGES = (
    GateStage("bootstrap", 65, 80),
    GateStage("growth", 80, 90),
    GateStage("stabilize", 90, 95),
    GateStage("strict", 93, 100),
)


class Gates(Struct, frozen=True):
    """What is measured, and what comes of it.

    stage: the one that is meant where a call names none. mode: block takes back what made a gate fail that had passed.
    after_apply: whether each apply ends with the gate. command: argv, empty for the project's own test. reports: paths
    and patterns relative to the root. cwd: directory that the command runs in, relative to the root. timeout: seconds.
    """

    stage: str = STAGES[0].name
    mode: Literal["warn", "block"] = "warn"
    after_apply: bool = False
    command: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    cwd: str | None = None
    timeout: float = 1800.0
    stages: tuple[GateStage, ...] = STAGES


_MODES = ("warn", "block")
_FIGURES = ("coverage", "passed")
_MOST = 100.0
_LONGEST = 24 * 3600.0
_PATTERNS = 50


def gates_in(found: object, wrong: Wrong) -> Gates:
    """Return what the table `gates` says.

    wrong: makes the error of a sentence and the keys that lead to what it is about.
    """
    if not isinstance(found, dict):
        raise wrong("gates is a table", ("gates",))
    for key, value in found.items():
        if key not in _KINDS:
            raise wrong(f"gates.{key} is not known: {', '.join(_KINDS)} are", ("gates", key))
        why = _KINDS[key](value)
        if why is not None:
            raise wrong(f"gates.{key} {why}", ("gates", key))
    stages = _stages(found.get("stages", {}), wrong)
    given: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in found.items() if key != "stages"
    }
    gates = Gates(**given, stages=stages)
    names = [item.name for item in stages]
    if gates.stage not in names:
        raise wrong(f"gates.stage is one of {', '.join(names)}", ("gates", "stage"))
    return gates


def _stages(found: Mapping[str, Any], wrong: Wrong) -> tuple[GateStage, ...]:
    """Return the built-in stages as they are changed, and those that are added."""
    stages = {item.name: item for item in STAGES}
    for name, table in found.items():
        keys = ("gates", "stages", name)
        if not isinstance(table, dict):
            raise wrong(f"gates.stages.{name} is a table with {' and '.join(_FIGURES)}", keys)
        for key, value in table.items():
            if key not in _FIGURES or not _is_number(value) or not 0 <= value <= _MOST:
                why = f"gates.stages.{name} takes {' and '.join(_FIGURES)}, each a percentage from 0 to 100"
                raise wrong(why, (*keys, key))
        stage = replace(stages.get(name, GateStage(name)), **{key: float(value) for key, value in table.items()})
        if stage.coverage is None and stage.passed is None:
            raise wrong(f"gates.stages.{name} names no threshold: {' or '.join(_FIGURES)}", keys)
        stages[name] = stage
    return tuple(stages.values())


def _is_number(value: object) -> bool:
    # TOML has nan and inf, and no threshold is either.
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _text(value: object) -> str | None:
    return None if isinstance(value, str) and value else "is text"


def _mode(value: object) -> str | None:
    return None if value in _MODES else f"is one of {', '.join(_MODES)}"


def _flag(value: object) -> str | None:
    return None if isinstance(value, bool) else "is true or false"


def _command(value: object) -> str | None:
    words = value if isinstance(value, list) else []
    sound = all(isinstance(word, str) and "\0" not in word for word in words) and any(words[:1])
    return None if sound else 'is a list of words, as ["pytest", "--junitxml=report.xml"]'


def _reports(value: object) -> str | None:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        return "is a list of paths and patterns"
    if len(value) > _PATTERNS:
        return f"has at most {_PATTERNS} paths and patterns"
    if not all(map(_is_inside, value)):
        return "has paths inside the project alone, relative to its root"
    return None


def _folder(value: object) -> str | None:
    return None if isinstance(value, str) and _is_inside(value) else "is a directory inside the project"


def _is_inside(path: str) -> bool:
    return "\0" not in path and not path.startswith(("/", "~")) and ".." not in posixpath.normpath(path).split("/")


def _timeout(value: object) -> str | None:
    inside = _is_number(value) and 0 < value <= _LONGEST  # type: ignore[operator]
    return None if inside else "is a number of seconds, up to a day"


def _table(value: object) -> str | None:
    return None if isinstance(value, dict) else "is a table of stages by their names"


_KINDS: dict[str, Callable[[object], str | None]] = {
    "stage": _text,
    "mode": _mode,
    "after_apply": _flag,
    "command": _command,
    "reports": _reports,
    "cwd": _folder,
    "timeout": _timeout,
    "stages": _table,
}
