"""The files of a declaration that declare inputs, as an edit finds them: the devenv.yaml files, and flake.nix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.edits.input_file import place_in
from devkeel.errors import DevkeelError, Place, Refused
from devkeel.project.beyond import beyond
from devkeel.project.declaration import read_declaration
from devkeel.project.root import DECLARATION, INPUTS
from devkeel.source import yaml
from devkeel.source.inputs import FLAKE, is_flake
from devkeel.source.path import format_path
from devkeel.text.actions import argument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkeel.edits.files import AppliedEdit, File, Files
    from devkeel.source import Edited

__all__ = ["InputFiles"]

_YAML = (".yaml", ".yml")


class InputFiles:
    """The files, all of them read, through what the edit reads through. data: their bytes by name."""

    def __init__(self, files: Files) -> None:
        """Read them."""
        self._files = files
        found = read_declaration(files.candidate)
        self.data = {name: data for name, data in found.items() if name.endswith(_YAML)}
        if (flake := files.candidate.read(FLAKE)) is not None:
            self.data[FLAKE] = flake
        for name in self.data:
            files.read(name)
        files.leave(beyond(files.candidate, found, _YAML))

    def holding(self, path: Sequence[str]) -> list[str]:
        """Return the files that have something at a path, devenv.yaml first."""
        found = [name for name, data in self.data.items() if self._has(name, data, path)]
        return sorted(found, key=lambda name: (name != INPUTS, name))

    def home(self, path: Sequence[str]) -> str:
        """Return the file that an edit of a path is about. Raises Refused `ambiguous` where several others have it."""
        names = self.holding(path)
        if not names:
            return self._beginning()
        if INPUTS in names:
            return INPUTS
        if len(names) == 1:
            return names[0]
        raise Refused(
            "ambiguous",
            f"{format_path(tuple(path))} is defined in {len(names)} files: {', '.join(self.lines(path))}.",
            place=Place(names[-1]),
            remedy=f"Repeat the edit with {argument('file', names[-1])}, or with another of them.",
            alternatives=tuple(names),
        )

    def lines(self, path: Sequence[str], *, without: str = "") -> list[str]:
        """Return where a path is defined, by file and line, but for one file."""
        places = [place_in(file, self.data[file], path) for file in self.holding(path) if file != without]
        return [f"{place.file}:{place.line}" if place.line else place.file for place in places]

    def _beginning(self) -> str:
        """Return the file that an input is added to which none has: of both, the one that the environment is made of.

        devenv's modules in a flake (`devenv.lib.mkShell`) take the inputs of the flake, and read no devenv.yaml.
        """
        flake = self.data.get(FLAKE)
        if flake is None or INPUTS in self.data:
            return INPUTS
        return FLAKE if b"devenv" in flake or not self._files.candidate.exists(DECLARATION) else INPUTS

    def becomes(self, file: File, path: Sequence[str], edited: Edited) -> AppliedEdit:
        """Return what an edit of one of the files made, with what others have at the path."""
        applied = file.becomes(edited)
        others = self.lines(path, without=file.name)
        if not others:
            notes = [self._files.looked.says(note) for note in applied.notes] if not edited.changed else applied.notes
        else:
            notes = [*applied.notes, f"{format_path(tuple(path))} is in {', '.join(others)} too."]
        return type(applied)(applied.before, applied.after, tuple(notes))

    def _has(self, name: str, data: bytes, path: Sequence[str]) -> bool:
        try:
            if is_flake(name):
                return path[0] == "inputs" and place_in(name, data, path).line is not None
            yaml.get(yaml.Document(data, name), [*path])
        except KeyError:
            return False
        except DevkeelError as error:
            self._files.leave([f"{name} ({error.message.rstrip('.')})"])
            return False
        return True
