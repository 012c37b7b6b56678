"""The development shell as data, of a flake, a devenv.nix or a file: evaluated, and not built."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.builds.build import derivation_of
from devkeel.builds.subject import Subject
from devkeel.errors import CheckFailed, ProjectError, Unavailable, UsageError
from devkeel.nix_cli.build import instantiate
from devkeel.nix_cli.derivation_file import read_derivation
from devkeel.nix_cli.evaluate import require_nix, require_stage
from devkeel.nix_cli.flake_evaluation import is_of_devenv, shell_of
from devkeel.nix_cli.flake_pins import FLAKE
from devkeel.nix_cli.installables import Installable
from devkeel.nix_cli.settings import own_setting
from devkeel.nix_cli.shell_derivation import read_shell
from devkeel.project.root import DECLARATION
from devkeel.runtime.requests import LONGEST, require_seconds
from devkeel.source.path import parse_path
from devkeel.text.actions import do
from devkeel.text.secrets import hide, mask, secrets_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.context import Context
    from devkeel.nix_cli.shell_derivation import ShellDerivation, ShellPackage

__all__ = ["ShellDescription", "describe"]

_FILE = "shell.nix"
_DEFAULT = "default"
_SHOWN = 4000  # characters of a value
_HOOK_SHOWN = 16_000
_ENTERING = "what setup hooks of packages, and the hook itself, set on entering: that takes a build and runs it"


class ShellDescription(Struct, frozen=True):
    """A development shell as its derivation says it.

    file: what declares it. pure: whether it was evaluated purely, so that it is the same on every machine of its
    system. variables: without those of its building. hook: what it runs on entering. not_looked_at: what else would be
    in it. Secrets are masked.
    """

    name: str
    file: str
    derivation: str
    system: str
    pure: bool
    packages: tuple[ShellPackage, ...]
    variables: Mapping[str, str]
    hook: str
    not_looked_at: tuple[str, ...]


def describe(context: Context, name: str | None, *, file: str | None, timeout: float) -> ShellDescription:
    """Return a shell as data; see the verb of `Environment` that calls it."""
    require_seconds(timeout, LONGEST)
    if not context.permission.resolves:
        raise Unavailable(
            "check_unavailable",
            "It takes an evaluation of what the project brings, and nothing may be executed here.",
            remedy=f"{do('inspect')} says what the text of the declaration has.",
        )
    source = file or _declared_in(context)
    if source == DECLARATION:
        path, pure = _of_devenv(context, name, timeout), False
    elif source == FLAKE:
        path, pure = _of_flake(context, name, timeout)
    else:
        asked = Installable.parse(name or "", source)
        path, pure = derivation_of(Subject.of(context, asked), asked, timeout, imports=False).path, False
    found = read_derivation(path)
    if found is None:
        raise Unavailable(
            "check_unavailable",
            "Its derivation cannot be read: the store is elsewhere, or the derivation is larger than any shell's.",
            seen=path,
            remedy="Ask where Nix' store is this machine's own.",
        )
    shell = read_shell(found)
    hidden = secrets_in(shell.variables)
    return ShellDescription(
        name or _DEFAULT,
        source,
        path,
        shell.system,
        pure,
        shell.packages,
        {key: _cut(hide(mask(text), key), _SHOWN) for key, text in sorted(shell.variables.items())},
        _cut(mask(shell.hook, hidden), _HOOK_SHOWN),
        tuple(_not_looked_at(shell)),
    )


def _declared_in(context: Context) -> str:
    """Return the file whose shell is meant where none is named. Raises ProjectError `missing_file`."""
    found = {"devenv": DECLARATION, "flake": FLAKE}.get(context.selection.name)
    for name in (found, DECLARATION, FLAKE, _FILE):
        if name is not None and context.project.read(name) is not None:
            return name
    raise ProjectError(
        "missing_file",
        f"There is no {DECLARATION}, no {FLAKE} and no {_FILE} in the project.",
        seen=DECLARATION,
        remedy="Name the file that has the shell, or begin a declaration.",
    )


def _of_devenv(context: Context, name: str | None, timeout: float) -> str:
    if name not in (None, _DEFAULT):
        raise UsageError(
            "bad_installable",
            f"{DECLARATION} declares one shell, which has no name.",
            seen=name,
            remedy=f"Leave the name out. {do('inspect')} lists what else there is.",
        )
    subject = context.candidate(context.declaration())
    deadline = time.monotonic() + timeout
    require_nix(subject)
    with require_stage(subject)() as stage:
        path, findings = instantiate(subject, stage, deadline - time.monotonic())
    if path is not None:
        return path
    first = findings[0]
    raise CheckFailed(
        "evaluation_failed",
        f"The shell does not evaluate: {first.message}",
        place=first.place,
        seen=first.subject,
        remedy="Correct what the findings say.",
        diagnostics=tuple(findings),
    )


def _of_flake(context: Context, name: str | None, timeout: float) -> tuple[str, bool]:
    """Return the derivation of a flake's shell, and whether it was evaluated purely."""
    if name not in (None, _DEFAULT):
        system = own_setting("system")
        path = parse_path(name.partition("#")[2] or name) if name else ()
        whole = path if path[:1] == ("devShells",) else ("devShells", system, *path)
        asked = Installable(".", None, whole)
        return derivation_of(Subject.of(context, asked), asked, timeout, imports=False).path, True
    subject = Subject.of(context, Installable(".", None, ()))
    with require_stage(subject.candidate)() as stage:
        found = shell_of(subject.nix, stage, subject.candidate, subject.lock, timeout, imports=False)
    return found, not is_of_devenv(subject.files)


def _not_looked_at(shell: ShellDerivation) -> list[str]:
    found = [_ENTERING]
    if shell.unnamed:
        found.append(f"paths that content decides, not known before a build: {', '.join(shell.unnamed)}")
    if not shell.packages:
        found.append("packages that it takes in another way than stdenv's lists, such as a profile or its hook")
    return found


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}… {len(text) - most} characters left out"
