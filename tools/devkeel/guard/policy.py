"""What an agent's own tools would do to the policy of a project: to its devkeel.toml, and to the files it protects.

Files are judged by their names and by what is certain of their content; a command only where it is plain.
"""

from __future__ import annotations

import posixpath
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError, PolicyRefused
from devkeel.guard.question import Answer
from devkeel.project.policy import POLICY, parts_of
from devkeel.project.root import SETTINGS
from devkeel.project.settings import read_settings
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from devkeel.guard import words, wrappers
    from devkeel.policy import protected_files
    from devkeel.project.root import Reader
    from devkeel.source import shell
else:
    words, wrappers = Deferred("devkeel.guard.words"), Deferred("devkeel.guard.wrappers")
    shell = Deferred("devkeel.source.shell")
    protected_files = Deferred("devkeel.policy.protected_files")

__all__ = ["COMMANDS", "judge_policy_command", "judge_policy_files"]

# A command that may change the policy names one of these.
COMMANDS = re.compile(rf"\b(?:{re.escape(SETTINGS)}|(?:policy|undo)\b.*--yes)", re.DOTALL)
_COPYING, _REMOVING = frozenset({"cp", "mv", "install", "ln"}), frozenset({"rm", "shred", "truncate"})
_TARGET = ("-t", "--target-directory")
_TWO = 2
_PERSON = "The user is the one who changes it"


def judge_policy_files(project: Reader, files: Mapping[str, bytes | None]) -> Answer | None:
    """Return what is wrong with files by what the policy says of them, None where nothing is.

    files: the new bytes by the path from the root, None for a removal.
    """
    if SETTINGS in files:
        answer = _changed(project, files[SETTINGS])
        if answer is not None:
            return answer
    with suppress(DevkeelError):
        settings = read_settings(project)
        try:
            protected_files.require_untouched(settings, project, files.keys() - {SETTINGS})
        except PolicyRefused as error:
            return Answer("deny", f"{error.message} {error.remedy}")
    return None


def judge_policy_command(project: Reader, command: str, folder: str) -> Answer | None:
    """Return what a command would do to the policy, where that is certain. folder: the one that it stands in."""
    for found in wrappers.invocations(command):
        name, arguments = found.program, found.arguments
        place = posixpath.join(folder, found.folder)
        if name == "devkeel" and "--yes" in arguments and _of_policy(arguments):
            return Answer("deny", f"Who changes the policy is asked, and says yes themselves. {_by_person()}")
        answer = judge_policy_files(project, dict(_files(project, name, arguments, place)))
        if answer is not None:
            return answer
    return None


def _of_policy(arguments: Iterable[str]) -> bool:
    verbs = [item for item in arguments if not item.startswith("-")]
    return "undo" in verbs[:1] or ("policy" in verbs[:1] and verbs[1:2] in (["set"], ["unset"]))


def _files(project: Reader, name: str, arguments: tuple[str, ...], folder: str) -> Iterator[tuple[str, bytes | None]]:
    """Yield the settings as a command leaves them, where it removes, moves or copies them."""
    if name == "git" and arguments[:1] in (("rm",), ("mv",)):
        name, arguments = arguments[0], arguments[1:]
    if name not in _COPYING | _REMOVING:
        return
    found = words.split(arguments, _TARGET)
    named = [_named(project, folder, item) for item in found.positional]
    if name in _REMOVING or (name == "mv" and SETTINGS in named[:-1]):
        if SETTINGS in named:
            yield SETTINGS, None
    elif named[1:] and named[-1] == SETTINGS and len(named) == _TWO and named[0] is not None:
        data = project.read(named[0])
        if data is not None:
            yield SETTINGS, data


def _named(project: Reader, folder: str, path: str) -> str | None:
    if shell.UNKNOWN in path or path.startswith("~"):
        return None
    try:
        return project.resolve(posixpath.join(folder, path))
    except DevkeelError:
        return None


def _changed(project: Reader, after: bytes | None) -> Answer | None:
    """Return the answer to a change of the policy's part of the settings; None where it has none, or is not certain."""
    try:
        was, now = parts_of(project.read(SETTINGS)), parts_of(after)
    except (DevkeelError, ValueError, RecursionError):
        return None
    moved = [name for name in POLICY if repr(was.get(name)) != repr(now.get(name))]
    if not moved:
        return None
    reason = f"{SETTINGS} says what may be done here, and this changes its {', '.join(moved)}."
    return Answer("deny", f"{reason} {_by_person(moved[0])}")


def _by_person(key: str = "") -> str:
    return f"{_PERSON}: {do('policy_set', key=key) if key else do('policy_set')}, or by hand."
