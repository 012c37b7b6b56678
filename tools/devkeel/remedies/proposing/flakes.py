"""What mends a flake that Nix refused: a shell for this system, an input that no registry has, a permit."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from devkeel.errors import DevkeelError
from devkeel.project.root import DECLARATION, INPUTS
from devkeel.remedies.fix import Fix
from devkeel.remedies.inputs import declared_inputs
from devkeel.remedies.known_inputs import input_edit
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.diagnosis.cause import Cause
    from devkeel.remedies.situation import Situation

__all__ = ["propose"]

_FLAKE = "flake.nix"
_SYSTEM = r"(?:x86_64|aarch64|i686|armv7l)-(?:linux|darwin)"
_PACKAGE = re.compile(r"\w[\w.+-]{0,119}")
# How a flake takes its packages, and the same with settings of nixpkgs.
_TAKEN: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"nixpkgs\.legacyPackages\.\$\{system\}"), "inherit system;"),
    (re.compile(r"import (?:inputs\.)?nixpkgs \{ inherit system; \}"), "inherit system;"),
    (re.compile(rf"nixpkgs\.legacyPackages\.\"?(?P<system>{_SYSTEM})\"?"), 'system = "SYSTEM";'),
)
_PERMITS: dict[str, tuple[str, str]] = {
    "unfree_package": ("allowUnfree = true;", "Permit unfree packages: {} is one."),
    "insecure_package": ('permittedInsecurePackages = [ "{}" ];', "Permit {}, which has known insecurities."),
    "broken_package": ("allowBroken = true;", "Permit packages that are marked as broken: {} is one."),
    "unsupported_package": ("allowUnsupportedSystem = true;", "Permit packages that are not made for this: {} is one."),
}


def propose(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """Yield what mends the flake; nothing where the project has none."""
    code, text = cause.facts.get("code", ""), (situation.read(_FLAKE) or b"").decode("utf-8", "replace")
    if code == "unknown_input" or (code == "unknown_package" and f"inputs.{cause.subject}" in _all(situation)):
        file = _FLAKE if text and DECLARATION not in situation.files else INPUTS
        edit = input_edit(cause.subject, file)
        if edit is not None and cause.subject not in _declared(situation, text if file == _FLAKE else None):
            yield Fix(f"Declare the input {cause.subject}: that is what is called so.", (edit,))
    elif code == "no_such_output" and text:
        yield from _for_this_system(text, cause)
    elif code in _PERMITS and text and not situation.has_devenv and _PACKAGE.fullmatch(cause.subject):
        yield from _permitted(text, cause, code)


def _declared(situation: Situation, flake: str | None) -> set[str]:
    """Return the inputs that there are: what a project says of one is not changed by a text."""
    if flake is None:
        return declared_inputs(situation)
    with suppress(DevkeelError):
        return set(nix.flake_inputs(nix.Document(flake.encode(), _FLAKE, module=False)))
    return set()


def _all(situation: Situation) -> str:
    return "\n".join(data.decode("utf-8", "replace") for name, data in situation.files.items() if name.endswith(".nix"))


def _for_this_system(text: str, cause: Cause) -> Iterator[Fix]:
    wanted = re.search(_SYSTEM, cause.subject)
    named = re.findall(rf"\"{_SYSTEM}\"", text)
    if wanted is None or len(named) != 1 or named[0] == f'"{wanted[0]}"':
        return
    edit = {"kind": "replace_text", "file": _FLAKE, "old": named[0], "new": f'"{wanted[0]}"'}
    yield Fix(
        f"Make the outputs for {wanted[0]}: the flake has them for {named[0]} alone.",
        (edit,),
        uncertain="For both, outputs are made for each of several systems.",
    )


def _permitted(text: str, cause: Cause, code: str) -> Iterator[Fix]:
    setting, sentence = _PERMITS[code]
    for pattern, form in _TAKEN:
        found = pattern.findall(text)
        match = pattern.search(text)
        if match is None or len(found) != 1:
            continue
        taken = form.replace("SYSTEM", match.groupdict().get("system", ""))
        new = f"import nixpkgs {{ {taken} config.{setting.format(cause.subject)} }}"
        before = text[: match.start()].rstrip()
        edit: dict[str, Any] = {
            "kind": "replace_text",
            "file": _FLAKE,
            "old": match[0],
            "new": new if before.endswith("=") and text[match.end() : match.end() + 1] == ";" else f"({new})",
        }
        yield Fix(sentence.format(cause.subject), (edit,), uncertain="A person says whether that is wanted.")
        return
