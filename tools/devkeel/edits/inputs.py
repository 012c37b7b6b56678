"""Edits of the inputs that devenv.yaml names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, model_validator

from devkeel.edits.base import Edit
from devkeel.edits.suggestion import NewValue
from devkeel.project.root import INPUTS
from devkeel.source import Edited, compose, yaml

if TYPE_CHECKING:
    from devkeel.edits.files import AppliedEdit, Files
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
        file = self.open(files, empty=True)
        document = file.yaml()
        values: list[tuple[list[str], str]] = [(["url"], self.url)] if self.url is not None else []
        values += [(["inputs", name, "follows"], name) for name in self.follows]
        current, steps = document, list[Edited]()
        for path, value in values:
            steps.append(yaml.set(current, ["inputs", self.name, *path], value))
            current = yaml.Document(steps[-1].data, file.name)
        return file.becomes(compose(document.data, steps))

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
        file = self.open(files)
        return file.becomes(yaml.unset(file.yaml(), ["inputs", self.name]))

    def already(self) -> str:
        """Say that the input is not there."""
        return f"{self.name}: there is no such input."


KINDS = (SetInput, RemoveInput)
