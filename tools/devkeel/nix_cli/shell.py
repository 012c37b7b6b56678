"""A shell's variables: as Nix lists them, and as they are when its hook has run."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

from devkeel.errors import Unavailable
from devkeel.runtime import find_program
from devkeel.runtime.holding import HeldProgram, run_held

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["enter", "exported", "with_path"]

_HOOK = "shellHook"
# What belongs to the build of a shell and not to the shell: the variables that `nix develop` ignores, and more of a
# builder's (nix, src/nix/develop.cc, `ignoreVars`).
_BUILDERS = frozenset(
    {
        *("BASHOPTS", "HOME", "NIX_BUILD_TOP", "NIX_ENFORCE_PURITY", "NIX_LOG_FD", "NIX_REMOTE", "PPID", "SHELL"),
        *("SHELLOPTS", "SSL_CERT_FILE", "TEMP", "TEMPDIR", "TERM", "TMP", "TMPDIR", "TZ", "UID", "OLDPWD", "PWD"),
        *("_", "SHLVL", "builder", "out", "outputs", "system", "args", "passAsFile", "dontAddDisableDepTrack"),
    }
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What the hook prints goes to stderr; env(1), -0: a zero byte after each variable.
_ENTER = f'exec 3>&1 1>&2\neval "${{{_HOOK}:-}}"\nunset {_HOOK}\nexec env -0 >&3'
_OURS = frozenset({"_", "SHLVL", "PWD", "OLDPWD", "DEVKEEL_JOB", "NO_COLOR"})


def exported(printed: bytes) -> dict[str, str]:
    """Return the variables that `print-dev-env --json` lists, without what only its builder needed."""
    found = json.loads(printed)["variables"]
    return {
        name: item["value"]
        for name, item in found.items()
        # The others are `var`, `array` and `associative`: bash has them, and what it starts does not see them (nix,
        # src/nix/get-env.sh).
        if item["type"] == "exported" and isinstance(item["value"], str) and name not in _BUILDERS
    }


def with_path(variables: Mapping[str, str]) -> dict[str, str]:
    """Return variables with the caller's own search path behind theirs."""
    behind = os.environ.get("PATH", "")
    path = variables.get("PATH", "")
    return {**variables, "PATH": f"{path}:{behind}" if path and behind else path or behind}


def enter(
    variables: Mapping[str, str], cwd: Path, timeout: float, *, tries: bool = False
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the variables as they are when the shell's hook has run, and notes.

    tries: only whether there is such a shell is asked, and its hook is not run. A hook that fails or a machine without
    bash costs what the hook would have set, and a note says so.
    """
    hook = variables.get(_HOOK, "")
    plain = {name: text for name, text in variables.items() if name != _HOOK}
    bash = find_program("bash")
    if tries or not hook.strip():
        return plain, ()
    if bash is None:
        return plain, ("bash is not installed, so what the shell does on entering is not in the environment.",)
    before = with_path(plain)
    try:
        found = run_held(
            HeldProgram(
                # bash(1): none of the user's start files; a BASH_ENV is not among what a child sees.
                (bash, "--norc", "--noprofile", "-c", _ENTER),
                environment={**before, _HOOK: hook},
                cwd=cwd,
                timeout=timeout,
            )
        )
    except Unavailable as error:
        if error.code != "timeout":
            raise
        return plain, (f"What the shell does on entering did not end within {timeout:g} seconds and was left out.",)
    if found.returncode:
        return plain, (f"What the shell does on entering ended with exit code {found.returncode} and was left out.",)
    # environ(7): a zero byte is the only one that no variable has in it; whoever reads lines takes a value of several
    # for more.
    after = dict(
        item.split("=", 1) for item in found.stdout.decode("utf-8", "surrogateescape").split("\0") if "=" in item
    )
    return _difference(plain, after), ()


def _difference(plain: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """Return what the shell itself says: its variables and what its hook changed, the caller's own left out."""
    found = {
        name: text
        for name, text in after.items()
        if _NAME.fullmatch(name) and name not in _OURS and (name in plain or text != os.environ.get(name))
    }
    behind = f":{os.environ.get('PATH', '')}"
    if found.get("PATH", "").endswith(behind):
        found["PATH"] = found["PATH"].removesuffix(behind)
    return found
