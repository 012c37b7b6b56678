"""Edits of the inputs that devenv.yaml names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from msgspec.structs import replace
from pydantic import Field, model_validator

from devkeel.edits.base import Edit
from devkeel.edits.files import AppliedEdit
from devkeel.edits.input_files import InputFiles
from devkeel.edits.suggestion import NewValue
from devkeel.project.declaration import read_declaration
from devkeel.project.root import INPUTS
from devkeel.source import Edited, compose, nix, yaml

if TYPE_CHECKING:
    from devkeel.edits.files import Files
    from devkeel.edits.suggestion import Suggestion

__all__ = ["KINDS", "RemoveInput", "SetInput"]

_NAME = r"^[A-Za-z_][A-Za-z0-9_-]*$"


class SetInput(Edit):
    """Add an input to devenv.yaml, or change what it has: its reference, and which inputs of its own follow ours."""

    kind: Literal["set_input"] = "set_input"
    file: str = INPUTS
    name: str = Field(pattern=_NAME)
    url: str | None = None
    follows: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _something(self) -> SetInput:
        if self.url is None and not self.follows:
            raise ValueError("give a url (a flake reference), or follows")
        return self

    def apply(self, files: Files) -> AppliedEdit:
        """Write the input whole where there is none of its name, else only what is asked for."""
        known, path = InputFiles(files), ["inputs", self.name]
        named = self.file if "file" in self.model_fields_set else known.home(path)
        file = files.open(named, self.kind, empty=True)
        document = file.yaml()
        values: list[tuple[list[str], str]] = [(["url"], self.url)] if self.url is not None else []
        values += [(["inputs", name, "follows"], name) for name in self.follows]
        current, steps = document, list[Edited]()
        for names, value in values:
            steps.append(yaml.set(current, [*path, *names], value))
            current = yaml.Document(steps[-1].data, file.name)
        return known.becomes(file, path, compose(document.data, steps))

    def already(self) -> str:
        """Say that the input is there."""
        return f"{self.name}: the input is already so."

    def corrected(self, suggestion: Suggestion) -> dict[str, Any] | None:
        """Correct what an input of the input follows."""
        if not isinstance(suggestion, NewValue):
            return None
        path = suggestion.path
        if path[:2] != ("inputs", self.name) or path[2:3] != ("inputs",):
            return None
        value = suggestion.given.get("value")
        return self.given(follows=[value if name == path[3] else name for name in self.follows])


class RemoveInput(Edit):
    """Remove an input from devenv.yaml."""

    kind: Literal["remove_input"] = "remove_input"
    file: str = INPUTS
    name: str = Field(pattern=_NAME)

    def apply(self, files: Files) -> AppliedEdit:
        """Remove the input with all that it has."""
        known, path = InputFiles(files), ["inputs", self.name]
        holding = [] if "file" in self.model_fields_set else known.holding(path)
        opened = [files.open(name, self.kind) for name in holding or [self.file]]
        edits = [(file, yaml.unset(file.yaml(), path)) for file in opened]
        used = _used_in(files, self.name) if any(edited.changed for _, edited in edits) else []
        still = (f"inputs.{self.name} is used in {', '.join(used)} still.",) if used else ()
        if len(edits) == 1:
            applied = known.becomes(opened[0], path, edits[0][1])
            return replace(applied, notes=(*applied.notes, *still))
        return AppliedEdit(
            {file.name: file.data for file, _ in edits},
            {file.name: edited.data for file, edited in edits},
            (f"The input {self.name} was in {', '.join(known.lines(path))}, and is in none of them now.", *still),
        )

    def already(self) -> str:
        """Say that the input is not there."""
        return f"{self.name}: there is no such input."


def _used_in(files: Files, name: str) -> list[str]:
    """Return where the Nix files of the declaration use an input, file and line each once."""
    use, found = re.compile(rb"(?<![\w.'-])inputs\s*\.\s*(\"?)" + name.encode() + rb"\1(?![\w'-])"), dict[str, None]()
    for file, data in read_declaration(files.candidate).items():
        if not file.endswith(".nix") or b"inputs" not in data:
            continue
        document = nix.Document(data, file)
        for hit in use.finditer(data):
            node = document.root.descendant_for_byte_range(hit.start(), hit.start())
            if node is not None and node.type == "identifier":  # and neither a comment nor a text
                found[f"{file}:{document.place(hit.start()).line}"] = None
    return [*found]


KINDS = (SetInput, RemoveInput)
