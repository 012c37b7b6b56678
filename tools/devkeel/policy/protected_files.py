"""Files that no change may touch: `protected_files` of devkeel.toml, by whichever name they are reached."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from devkeel.errors import DevkeelError, Place, PolicyRefused
from devkeel.project.root import DECLARATION_FILES, LOCK_FILES, MANIFESTS, OTHER_FILES, SETTINGS
from devkeel.project.rules import file_glob
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devkeel.project.root import Reader
    from devkeel.project.settings import Settings

__all__ = ["require_untouched"]

_RULE = "protected_files"
_KNOWN = (*DECLARATION_FILES, *LOCK_FILES, *MANIFESTS, *OTHER_FILES)
_STATIC = re.compile(r"[^*?\[]*")


def require_untouched(settings: Settings, project: Reader, changed: Iterable[str], named: Iterable[str] = ()) -> None:
    """Refuse a change of a file that a glob of the team protects, or of what a link of such a name leads to.

    changed: paths from the root, links resolved. named: what the declaration calls its files beside that. Raises
    PolicyRefused `protected_file`.
    """
    rules = settings.rules
    if rules is None or not rules.protected_files:
        return
    folds = _folds(project)
    names = {name: {name} for name in changed}
    for alias in (*_KNOWN, *named):
        with suppress(DevkeelError):
            names.get(project.resolve(alias), set()).add(alias)
    for glob in rules.protected_files:
        patterns = [file_glob(item, folds=folds) for item in _spellings(glob, project)]
        for name, aliases in names.items():
            if any(pattern.fullmatch(alias) for pattern in patterns for alias in aliases):
                raise _refusal(glob, name, rules.line(_RULE, ""))


def _spellings(glob: str, project: Reader) -> Iterator[str]:
    """Yield a glob as it is written, and with the folders that it begins with as links lead to them."""
    yield glob
    whole = glob.removeprefix("./").removeprefix("/")
    fixed = _STATIC.match(whole)
    start = fixed[0] if fixed else ""
    folder = start if start == whole else start.rpartition("/")[0]
    if folder.strip("/"):
        with suppress(DevkeelError):
            real = project.resolve(folder.strip("/"))
            yield f"/{real}{whole[len(folder) :]}"


def _folds(project: Reader) -> bool:
    """Return whether the file system takes names for one that differ in case alone; the settings are there."""
    try:
        return (project.root / SETTINGS.upper()).samefile(project.root / SETTINGS)
    except OSError:
        return False


def _refusal(glob: str, name: str, line: int | None) -> PolicyRefused:
    return PolicyRefused(
        "protected_file",
        f"{name} is protected by {SETTINGS} ({glob}), and this would write it.",
        place=Place(SETTINGS, line),
        seen=name,
        remedy=f"Leave the file as it is, or ask a person who may change the rule: {do('policy_set')}.",
        details={"rule": f"rules.{_RULE}", "file": name, "glob": glob},
    )
