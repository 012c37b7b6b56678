"""What a plain shell has of a devenv.nix: packages, variables and the hook, as far as its text says them outright."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.project.survey import survey
from devkeel.source import nix
from devkeel.text.secrets.masking import looks_secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.project.survey import DefinitionView

__all__ = ["ShellContents", "plain_contents"]

_NAME = re.compile(r"[A-Za-z_][\w'-]*(?:\.[A-Za-z_][\w'-]*)*", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)


class ShellContents(Struct, frozen=True):
    """Packages by their names in nixpkgs, variables and the hook of a shell. left: what it has not, with lines."""

    packages: tuple[str, ...]
    variables: Mapping[str, str | int | bool]
    hook: str
    left: tuple[str, ...]

    def attributes(self) -> dict[str, Any]:
        """Return the arguments of mkShell, as values of Nix."""
        found: dict[str, Any] = {"packages": [nix.Expression(f"pkgs.{name}") for name in self.packages]}
        found |= {"env": dict(self.variables)} if self.variables else {}
        return found | ({"shellHook": self.hook} if self.hook else {})


def plain_contents(files: Mapping[str, bytes]) -> ShellContents:
    """Return what can be carried over from the Nix files of a declaration; what is computed or conditional is left."""
    found = survey({name: data for name, data in files.items() if name.endswith(".nix")}, None)
    packages = [name for name in found.packages if _NAME.fullmatch(name)]
    left = [f"the package {name}" for name in found.packages if not _NAME.fullmatch(name)]
    variables, hooks = dict[str, str | int | bool](), list[str]()
    for item in found.definitions:
        path, value = nix.parse_path(item.path) if "${" not in item.path else (), item.value
        if item.condition is None and path == ("enterShell",) and isinstance(value, str):
            hooks.append(value)
        elif item.condition is None and _is_variable(path, value) and path[1] not in variables:
            if looks_secret(path[1], str(value)):
                left.append(f"{_named(item)}, which looks like a secret")
            else:
                variables[path[1]] = value
        elif path not in {("packages",), ("imports",)} or item.condition is not None:
            left.append(_named(item))
    return ShellContents(tuple(packages), variables, "".join(hooks), tuple(dict.fromkeys(left)))


def _is_variable(path: tuple[str, ...], value: object) -> bool:
    named = len(path) == 2 and path[0] == "env" and bool(_VARIABLE.fullmatch(path[1]))  # noqa: PLR2004  (env.NAME)
    return named and isinstance(value, (str, int, bool))


def _named(item: DefinitionView) -> str:
    return f"{item.path} ({item.file}:{item.line})"
