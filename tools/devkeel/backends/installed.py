"""What is installed in an environment: how many distributions, which parts of the project, of which Python."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from devkeel.libraries.manifests.requirement import canonicalize_name
from devkeel.project.root import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from devkeel.libraries.resolve.parts import Parts
    from devkeel.project.root import Reader

__all__ = ["Installed", "distributions_in", "installed_in", "to_be_installed"]

_MARK = "# installed: "
# A record names at most so many of what is asked for.
_NAMES = 100


class Installed(Struct, frozen=True):
    """What is in an environment, and what of its declaration is not.

    packages: how many are installed. python: the version of its interpreter; interpreter: what that was made of.
    project: the project itself, where it is installed, editable. groups, extras: of the project, by name. left_out:
    what is declared and not installed, each as a person reads it. files: the digests of what it was made of beside the
    declaration: the manifest that devkeel.toml names, files of groups. versions: of what is asked for by name, those
    that are there; of a long list the first. others: how many packages there are beside these.
    """

    packages: int = 0
    python: str | None = None
    interpreter: str | None = None
    project: str | None = None
    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    files: Mapping[str, str] = {}
    versions: Mapping[str, str] = {}
    others: int = 0

    @classmethod
    def of_parts(
        cls, parts: Parts, python: str, interpreter: str, files: Mapping[str, bytes], names: Iterable[str]
    ) -> Installed:
        """Return what is to be installed. names: of what is asked for. files: what it is made of beside that."""
        digests = {name: digest(data) for name, data in files.items()}
        asked = to_be_installed(names)
        return cls(0, python, interpreter, parts.itself, parts.groups, parts.extras, parts.left_out, digests, asked)

    def is_made_of(self, project: Reader) -> bool:
        """Return whether what it was made of beside the declaration is as it was then."""
        return all(digest(project.read(name) or b"") == known for name, known in self.files.items())

    @classmethod
    def of_record(cls, found: object) -> Installed | None:
        """Return what was recorded, None where that is no such record."""
        if not isinstance(found, dict):
            return None
        known: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in found.items()
            if name in cls.__struct_fields__
        }
        return cls(**known)

    def line(self) -> str:
        """Return the same as a line of the description that a generation has."""
        return f"{_MARK}{json.dumps(to_builtins(self), sort_keys=True)}\n"


def installed_in(prefix: Path, description: str | None) -> Installed | None:
    """Return what an environment has, by its description and its records; None where devkeel 0.1 described it."""
    for line in (description or "").splitlines():
        if line.startswith(_MARK):
            try:
                found = Installed.of_record(json.loads(line.removeprefix(_MARK)))
            except ValueError:
                return None
            return None if found is None else _with_versions(found, distributions_in(prefix))
    return None


def to_be_installed(names: Iterable[str]) -> dict[str, str]:
    """Return what is asked for by name as it is recorded before it is installed: without versions."""
    return dict.fromkeys(sorted(map(canonicalize_name, names)), "")


def _with_versions(found: Installed, there: Mapping[str, str]) -> Installed:
    versions = {name: there[name] for name in found.versions if name in there}
    lost = tuple(f"{name}, which is not meant for this machine" for name in found.versions if name not in there)
    shown = dict(islice(versions.items(), _NAMES))
    left = (*found.left_out, *lost[:_NAMES])
    return replace(found, packages=len(there), versions=shown, others=len(there) - len(shown), left_out=left)


def distributions_in(prefix: Path) -> dict[str, str]:
    """Return the versions of what is installed, by name: conda's packages, and Python's distributions."""
    # PyPA, "Recording installed projects": NAME-VERSION.dist-info. conda keeps name-version-build.json in conda-meta.
    python = (item.name.removesuffix(".dist-info") for item in prefix.glob("lib/python*/site-packages/*.dist-info"))
    conda = (item.name.removesuffix(".json").rpartition("-")[0] for item in prefix.glob("conda-meta/*.json"))
    pairs = (name.rpartition("-") for name in (*python, *conda))
    return {canonicalize_name(name): version for name, _, version in sorted(pairs)}
