"""Edits of the inputs that devenv.yaml or flake.nix names."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from msgspec.structs import replace
from pydantic import Field, model_validator

from devkeel.edits.base import Edit
from devkeel.edits.files import AppliedEdit
from devkeel.edits.input_file import InputFile, declared_in, lock_of, place_in
from devkeel.edits.input_files import InputFiles
from devkeel.edits.suggestion import NewValue
from devkeel.errors import DevkeelError, Place, Refused
from devkeel.pinned.flake_lock import read_lock
from devkeel.project.declaration import read_declaration
from devkeel.project.root import INPUTS
from devkeel.source import nix
from devkeel.source.flake_reference import FlakeReference, is_revision
from devkeel.source.inputs import followers, is_flake, path_of
from devkeel.source.path import format_path
from devkeel.text.actions import do
from devkeel.text.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.edits.files import Files
    from devkeel.edits.suggestion import Suggestion

__all__ = ["KINDS", "FollowInput", "PinInput", "RemoveInput", "SetInput", "UnpinInput"]

_WORD = r"[A-Za-z_][A-Za-z0-9_-]*"
# A flake may give an input a name that stands in quotes, such as "hls-2.9"; what is followed has none of them (nix,
# src/libflake/flakeref.cc, `flakeIdRegexS`).
_OWN = r"[A-Za-z_][A-Za-z0-9_.-]*"
_NAME, _PATH = rf"^{_OWN}$", rf"^{_OWN}(/{_OWN})*$"
# What a reference is made of where it is written in attributes (nix, src/libfetchers): `type` says so, and `url` is
# then one of them, not a reference.
_PARTS = frozenset({"type", "url", "owner", "repo", "host", "id", "ref", "rev", "dir", "path", "submodules", "shallow"})
# What devenv adds by itself, so that others may follow it where no file names it.
_IMPLIED = frozenset({"nixpkgs", "devenv"})
_SHOWN = 5


class _InputEdit(Edit):
    file: str = INPUTS
    name: str

    @property
    def path(self) -> list[str]:
        """Where the input is, from the name of the first on."""
        return path_of(self.name)

    def already(self) -> str:
        """Say that the input is there."""
        return f"{self.name}: the input is already so."

    def opened(self, files: Files, known: InputFiles) -> InputFile:
        """Return the file that the edit is about: the one that is named, that has the input, or that it belongs in."""
        named = self.file if "file" in self.model_fields_set else known.home(["inputs", self.path[0]])
        return InputFile(files.open(named, self.kind, empty=not is_flake(named)))

    def done(self, known: InputFiles, target: InputFile, *notes: str) -> AppliedEdit:
        """Return what the steps made of the file."""
        applied = known.becomes(target.file, ["inputs", *self.path], target.edited())
        return replace(applied, notes=(*applied.notes, *notes))


class SetInput(_InputEdit):
    """Add an input, or change what it has: its reference, and which inputs of its own follow ours.

    to: the branch, tag or revision that its reference is to have; the rest of it stays. settings:
    `flake`, whether it is one.
    """

    kind: Literal["set_input"] = "set_input"
    name: str = Field(pattern=_NAME)
    url: str | None = None
    to: str | None = None
    follows: list[str] = Field(default_factory=list)
    settings: dict[Literal["flake"], bool] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _something(self) -> SetInput:
        if self.url is None and self.to is None and not self.follows and not self.settings:
            raise ValueError("give a url (a flake reference), to (a branch, tag or revision of it), or follows")
        if self.to is not None and self.model_fields_set - {"kind", "name", "to", "file"}:
            raise ValueError("to changes the reference that is there: it comes with nothing else")
        return self

    def apply(self, files: Files) -> AppliedEdit:
        """Write the input whole where there is none of its name, else only what is asked for."""
        known = InputFiles(files)
        target = self.opened(files, known)
        if self.url is not None or self.to is not None:
            url = self.url or at(reference_of(target, self.name), self.to or "").url
            fields = target.fields(self.path) or {}
            if fields.get("follows") is not None and "url" not in fields:
                target.exchange([*self.path, "follows"], "url", url)
            else:
                target.put([*self.path, "url"], url)
                drop_parts(target, self.path, fields, keep="url")
        for key, value in self.settings.items():
            target.put([*self.path, key], value)
        for name in self.follows:
            require_known(target, name)
            target.put([*self.path, "inputs", name, "follows"], name)
        return self.done(known, target)

    def corrected(self, suggestion: Suggestion) -> dict[str, Any] | None:
        """Correct what an input of the input follows."""
        if not isinstance(suggestion, NewValue):
            return None
        path = suggestion.path
        if path[:2] != ("inputs", self.name) or path[2:3] != ("inputs",):
            return None
        value = suggestion.given.get("value")
        return self.given(follows=[value if name == path[3] else name for name in self.follows])


class FollowInput(_InputEdit):
    """Let an input be another one: `a/b` follows `c`, so that the input b of a is our c."""

    kind: Literal["follow_input"] = "follow_input"
    name: str = Field(pattern=_PATH)
    to: str = Field(pattern=rf"^({_WORD}(/{_WORD})*)?$")

    @model_validator(mode="after")
    def _another(self) -> FollowInput:
        if self.to.split("/")[0] == self.name:
            raise ValueError("an input cannot follow itself")
        return self

    def apply(self, files: Files) -> AppliedEdit:
        """Write it; an input of ours that follows another has no reference of its own any more."""
        known = InputFiles(files)
        target = self.opened(files, known)
        owner, *inner = self.path
        if inner and target.fields([owner]) is None and owner not in target.names:
            raise no_input(target, owner)
        if self.to:
            require_known(target, self.to.split("/", maxsplit=1)[0])
        fields = target.fields(self.path) or {}
        if "follows" not in fields and isinstance(fields.get("url"), str):
            target.exchange([*self.path, "url"], "follows", self.to)
        else:
            target.put([*self.path, "follows"], self.to)
        drop_parts(target, self.path, fields, keep="follows")
        return self.done(known, target)


class PinInput(_InputEdit):
    """Hold an input to one revision, in its reference: `to`, else the one that the lock has."""

    kind: Literal["pin_input"] = "pin_input"
    name: str = Field(pattern=_NAME)
    to: str | None = None

    @model_validator(mode="after")
    def _whole(self) -> PinInput:
        if self.to is not None and not is_revision(self.to):
            raise ValueError("a revision has 40 digits; left out, it is the one that the lock has")
        return self

    def apply(self, files: Files) -> AppliedEdit:
        """Write the revision into the reference."""
        known = InputFiles(files)
        target = self.opened(files, known)
        found = reference_of(target, self.name)
        revision = self.to or locked_revision(files, target, self.name)
        pinned = at(found, revision)
        target.put([*self.path, "url"], pinned.url)
        lost = found.branch if pinned.branch is None else None
        was = f"{self.name} was at {lost}, which a reference of this kind cannot have beside a revision."
        return self.done(known, target, *([was] if lost else []))


class UnpinInput(_InputEdit):
    """Let an input move again, along a branch or tag where one is given."""

    kind: Literal["unpin_input"] = "unpin_input"
    name: str = Field(pattern=_NAME)
    to: str | None = None

    def already(self) -> str:
        """Say that no revision is in its reference."""
        return f"{self.name}: the input is held to no revision; its reference stays as it is."

    def apply(self, files: Files) -> AppliedEdit:
        """Take the revision out of the reference."""
        known = InputFiles(files)
        target = self.opened(files, known)
        found = reference_of(target, self.name)
        if found.revision is None:
            return self.done(known, target)
        free = at(found, self.to) if self.to is not None else found.unpinned()
        target.put([*self.path, "url"], free.url)
        told = f"{self.name} follows the default branch of its repository now."
        return self.done(known, target, *([told] if free.branch is None else []))


class RemoveInput(_InputEdit):
    """Remove an input, or what one of its own follows: `a/b`."""

    kind: Literal["remove_input"] = "remove_input"
    name: str = Field(pattern=_PATH)

    def apply(self, files: Files) -> AppliedEdit:
        """Remove the input with all that it has."""
        known, path = InputFiles(files), ["inputs", *self.path]
        holding = [] if "file" in self.model_fields_set else known.holding(path)
        yamls = [name for name in holding if not is_flake(name)]
        named = self.file if "file" in self.model_fields_set else known.home(path[:2])
        targets = [InputFile(files.open(name, self.kind)) for name in yamls or holding or [named]]
        if len(self.path) == 1:
            self._require_free(known, targets)
            self._require_unused(files, targets)
        for target in targets:
            target.drop(self.path)
        edits = [(target.file, target.edited()) for target in targets]
        in_yaml = any(edited.changed and not is_flake(file.name) for file, edited in edits)
        used = _used_in(read_declaration(files.candidate), self.name) if in_yaml else []
        still = (f"inputs.{self.name} is used in {', '.join(used)} still.",) if used else ()
        if len(edits) == 1:
            applied = known.becomes(edits[0][0], path, edits[0][1])
            return replace(applied, notes=(*applied.notes, *still))
        return AppliedEdit(
            {file.name: file.data for file, _ in edits},
            {file.name: edited.data for file, edited in edits},
            (f"The input {self.name} was in {', '.join(known.lines(path))}, and is in none of them now.", *still),
        )

    def already(self) -> str:
        """Say that the input is not there."""
        return f"{self.name}: there is no such input."

    def _require_unused(self, files: Files, targets: list[InputFile]) -> None:
        """Refuse to remove from a flake what another file of it takes from its inputs."""
        for target in targets:
            if not is_flake(target.file.name) or self.name not in target.declared:
                continue
            used = _used_in(nix.named_files(partial(_read, files), target.file.name), self.name)
            if used:
                raise Refused(
                    "in_use",
                    f"inputs.{self.name} is used in {', '.join(used[:_SHOWN])}, which {target.file.name} is made of.",
                    place=_place(used[0]),
                    seen=self.name,
                    remedy=f"Take out what uses it first, with {do('patch')}.",
                )

    def _require_free(self, known: InputFiles, targets: list[InputFile]) -> None:
        """Refuse to remove what others follow: they would follow nothing."""
        flake = any(is_flake(target.file.name) for target in targets)
        if not flake and self.name in _IMPLIED:
            return
        data = {target.file.name: target.file.data for target in targets}
        data |= {} if flake else {name: item for name, item in known.data.items() if not is_flake(name)}
        for name, item in data.items():
            paths = [*followers(declared_in(name, item), self.name)]
            if not paths:
                continue
            told = ", ".join(format_path(("inputs", *path)) for path in paths[:_SHOWN])
            raise Refused(
                "in_use",
                f"{told} in {name} would follow nothing without the input {self.name}.",
                place=place_in(name, item, ["inputs", *paths[0]]),
                seen=self.name,
                remedy=f"Let it follow another input first, or take that out with {do('patch')}.",
            )


def at(reference: FlakeReference, wanted: str) -> FlakeReference:
    """Return a reference at a branch, tag or revision. Raises Refused `unsupported_reference`."""
    try:
        return reference.at(wanted)
    except ValueError as error:
        raise Refused(
            "unsupported_reference",
            f"{reference.url} cannot be held to {wanted[:80]!r}: {error}.",
            seen=reference.url,
            remedy="Give the whole reference, as the input's url.",
        ) from error


def drop_parts(target: InputFile, path: list[str], fields: dict[str, Any], keep: str) -> None:
    """Take out what of another reference stands beside the one that was written: its attributes, or what it follows."""
    others = {*(_PARTS if "type" in fields else ()), "follows", *(["url"] if keep == "follows" else [])} - {keep}
    for name in [name for name in fields if name in others and name in (target.fields(path) or {})]:
        target.drop([*path, name])


def reference_of(target: InputFile, name: str) -> FlakeReference:
    """Return the reference of an input. Raises Refused where a file declares none, or computes it."""
    fields = target.fields(path_of(name))
    if fields is None:
        raise no_input(target, name)
    url = fields.get("url")
    if isinstance(url, str) and not {"type", "follows"} & fields.keys():
        return FlakeReference.of(url)
    place = place_in(target.file.name, target.file.data, ["inputs", name])
    if "type" in fields:
        what = "it is written in attributes"
    elif "follows" in fields:
        what = f"it follows {fields['follows']}"
    else:
        what = "it has no url that is written as a text"
    raise Refused(
        "unsupported_reference",
        f"The reference of {name} cannot be changed: {what}.",
        place=place,
        remedy="Give the whole reference, as the input's url.",
    )


def locked_revision(files: Files, target: InputFile, name: str) -> str:
    """Return the revision of an input that the lock has. Raises Refused `input_not_locked`."""
    file = lock_of(target.file.name)
    lock = read_lock(files.read(file))
    found = lock.locked(lock.own.get(name)).get("rev") if lock is not None else None
    if isinstance(found, str) and is_revision(found):
        return found
    if lock is not None and lock.locked(lock.own.get(name)):
        raise Refused(
            "unsupported_reference",
            f"{file} holds {name} to its content, and to no revision: its kind has none.",
            place=Place(file),
            seen=name,
            remedy="Commit the lock, which is what pins it; or give the input a reference that has revisions.",
        )
    raise Refused(
        "input_not_locked",
        f"{file} has no revision of {name} that it could be pinned to.",
        place=Place(file),
        seen=name,
        remedy=f"Lock it with {do('lock')} first, or give the revision.",
    )


def require_known(target: InputFile, name: str) -> None:
    """Refuse to follow an input of a flake that is not there; of devenv.yaml a check says it, with what is near."""
    if is_flake(target.file.name) and name not in target.names:
        raise no_input(target, name)


def no_input(target: InputFile, name: str) -> Refused:
    """Return the refusal of an input that a file does not declare."""
    taken = name in target.names
    why = "its outputs take it by name, so that Nix looks it up in the registry" if taken else "it is not declared"
    return Refused(
        "unknown_input",
        f"{target.file.name} has no input {name}: {why}.",
        place=Place(target.file.name),
        seen=name,
        remedy="Add it with its url first." if taken else "Correct the name, or add the input first.",
        alternatives=tuple(nearest(name, sorted(target.declared))[:_SHOWN]),
    )


def _read(files: Files, name: str) -> bytes | None:
    with suppress(DevkeelError):  # outside of the root, a directory, too large
        return files.read(name)
    return None


def _place(where: str) -> Place:
    file, _, line = where.rpartition(":")
    return Place(file, int(line))


def _used_in(read: Mapping[str, bytes], name: str) -> list[str]:
    """Return where Nix files use an input, file and line each once."""
    known = {file: data for file, data in read.items() if file.endswith(".nix") and b"inputs" in data}
    return [f"{file}:{line}" for file, data in known.items() for line in nix.input_uses(nix.Document(data, file), name)]


KINDS = (SetInput, FollowInput, PinInput, UnpinInput, RemoveInput)
