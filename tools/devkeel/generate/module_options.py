"""The options of a generated NixOS module: what a caller asks for, checked, and as Nix text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.errors import UsageError
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["TAKEN", "ModuleOption", "bad_module", "module_options", "words"]

TAKEN = frozenset({"enable", "package", "user", "environment", "openFirewall"})
"""Options that every module has, or may have."""

_NAME = re.compile(r"[a-z][A-Za-z0-9]{0,63}", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_]\w{0,127}", re.ASCII)
_KEYS = {"type", "default", "description", "variable", "choices"}
_PLACEHOLDER = re.compile(r"\{([a-z][A-Za-z0-9]*)\}", re.ASCII)
_MOST_PORT = 65_535
_INT = 2**63 - 1


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _INT


# By the name that a caller has for a type: nixpkgs' (lib/types.nix), and which default fits it.
_TYPES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "text": ("lib.types.str", lambda value: isinstance(value, str)),
    "number": ("lib.types.int", _is_number),
    "port": ("lib.types.port", lambda value: _is_number(value) and 0 <= value <= _MOST_PORT),
    "flag": ("lib.types.bool", lambda value: isinstance(value, bool)),
    "path": ("lib.types.path", lambda value: isinstance(value, str) and value.startswith("/")),
    "texts": (
        "lib.types.listOf lib.types.str",
        lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
    ),
    "choice": ("lib.types.enum", lambda value: isinstance(value, str)),
    "secret": ("lib.types.path", lambda value: value is None),
}


class ModuleOption(Struct, frozen=True):
    """An option. type: by its name in `_TYPES`. has_default: else it has to be set. variable: that has its value.

    A `secret` is a file that only the service reads; it is null unless it is set.
    """

    name: str
    type: str
    description: str
    default: Any = None
    has_default: bool = False
    variable: str | None = None
    choices: tuple[str, ...] = ()

    @property
    def nullable(self) -> bool:
        """Whether it may be unset."""
        return self.type == "secret" or (self.has_default and self.default is None)

    def declaration(self) -> str:
        """Return the call of mkOption."""
        kind = _TYPES[self.type][0]
        if self.choices:
            kind = f"{kind} {nix.print_value([*self.choices])}"
        if self.nullable:
            kind = f"lib.types.nullOr {f'({kind})' if ' ' in kind else kind}"
        said: dict[str, nix.Value] = {"type": nix.Expression(kind), "description": self.description}
        if self.has_default or self.nullable:
            said["default"] = self.default
        return f"lib.mkOption {nix.print_value(said, nix.Style('  '))}"

    def value(self, service: str) -> str:
        """Return the expression of its text: of a secret, where systemd shows it (systemd.exec(5), LoadCredential)."""
        if self.type == "secret":
            return nix.print_value(f"/run/credentials/{service}.service/{self.name}")
        return f"say cfg.{self.name}"


def module_options(given: Mapping[str, Any]) -> tuple[ModuleOption, ...]:
    """Return the options that a caller asks for. Raises UsageError `bad_parameter`."""
    return tuple(_option(name, value) for name, value in given.items())


def words(command: list[str], options: tuple[ModuleOption, ...], service: str) -> Iterator[str]:
    """Yield the words of a command behind its program, each an expression of a list; `{name}` stands for an option.

    A word with an option that is null is left out. Raises UsageError `bad_parameter` for an option that there is not.
    """
    known = {item.name: item for item in options}
    for word in command:
        pieces = _PLACEHOLDER.split(word)
        names = pieces[1::2]
        for name in names:
            if name not in known:
                raise bad_module("command", word, "names no option", tuple(known))
        if not names:
            yield f"[ {nix.print_value(word)} ]"
            continue
        used = [known[name] for name in names]
        if any(item.type == "texts" for item in used):
            if word != f"{{{names[0]}}}":
                raise bad_module("command", word, "has an option of several texts, which is a word by itself")
            yield f"cfg.{names[0]}"
            continue
        parts = [
            nix.print_value(piece) if number % 2 == 0 else known[piece].value(service)
            for number, piece in enumerate(pieces)
            if piece
        ]
        text = " + ".join(parts)
        tests = [f"cfg.{item.name} != null" for item in used if item.nullable]
        yield f"(lib.optional ({' && '.join(tests)}) ({text}))" if tests else f"[ ({text}) ]"


def _option(name: str, value: Any) -> ModuleOption:  # noqa: ANN401  (a value of JSON)
    if not _NAME.fullmatch(name) or name in TAKEN:
        raise bad_module("options", name, "has a name that no option of the module can have", tuple(sorted(TAKEN)))
    said = value if isinstance(value, dict) else {"default": value}
    if unknown := sorted(said.keys() - _KEYS):
        raise bad_module("options", f"{name}.{unknown[0]}", "is nothing that an option has", tuple(sorted(_KEYS)))
    kind = said.get("type", _type_of(said.get("default")))
    if not isinstance(kind, str) or kind not in _TYPES:
        raise bad_module("options", f"{name}.type = {kind!r}", "is no type of an option", tuple(_TYPES))
    description, variable, choices = said.get("description", f"The {name}."), said.get("variable"), _choices(said)
    if not isinstance(description, str):
        raise bad_module("options", f"{name}.description", "is no text")
    if variable is not None and not (isinstance(variable, str) and _VARIABLE.fullmatch(variable)):
        raise bad_module("options", f"{name}.variable", "is no name of a variable")
    if (kind == "choice") != bool(choices):
        raise bad_module("options", f"{name}.choices", "belongs to the type choice, as a list of texts")
    default = said.get("default")
    fits = _TYPES[kind][1](default) and (not choices or default in choices)
    if "default" in said and not fits and (default is not None or kind == "texts"):
        raise bad_module("options", f"{name}.default = {default!r}", f"does not fit its type, {kind}")
    return ModuleOption(name, kind, description, default, "default" in said, variable, choices)


def _choices(said: Mapping[str, Any]) -> tuple[str, ...]:
    found = said.get("choices", [])
    return tuple(item for item in found if isinstance(item, str)) if isinstance(found, list) else ()


def _type_of(value: object) -> str:
    """Return the type of a default that is given without one."""
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int):
        return "number"
    return "texts" if isinstance(value, list) else "text"


def bad_module(parameter: str, seen: str, why: str, allowed: tuple[str, ...] = ()) -> UsageError:
    """Return the refusal of a parameter of a module."""
    return UsageError(
        "bad_parameter",
        f"The parameter {parameter} {why}.",
        seen=seen[:200],
        remedy='Give options as {"port": {"type": "port", "default": 8080, "description": "Where it listens."}}.',
        alternatives=allowed,
    )
