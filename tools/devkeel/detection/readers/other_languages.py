"""Manifests of languages that have no reader of their own: that one is there says which language it is."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devkeel.detection.evidence import Clue
    from devkeel.detection.repository import RepositoryFile

__all__ = ["OtherLanguages"]

_MANIFESTS = {
    "elm.json": ("elm", "Elm"),
    "gleam.toml": ("gleam", "Gleam"),
    "dune-project": ("ocaml", "OCaml"),
    "shard.yml": ("crystal", "Crystal"),
    "pubspec.yaml": ("dart", "Dart"),
    "rebar.config": ("erlang", "Erlang"),
    "deps.edn": ("clojure", "Clojure"),
    "project.clj": ("clojure", "Clojure"),
    "Package.swift": ("swift", "Swift"),
    "spago.yaml": ("purescript", "PureScript"),
    "spago.dhall": ("purescript", "PureScript"),
    "v.mod": ("v", "V"),
    "Manifest.toml": ("julia", "Julia"),
    "Project.toml": ("julia", "Julia"),
    "renv.lock": ("r", "R"),
    "cpanfile": ("perl", "Perl"),
    "typst.toml": ("typst", "Typst"),
}
_ENDINGS = {".nimble": ("nim", "Nim"), ".rockspec": ("lua", "Lua"), ".opam": ("ocaml", "OCaml")}
# Terraform and OpenTofu: "Standard Module Structure" has these names; others are a matter of taste.
_TERRAFORM = frozenset({"main.tf", "versions.tf", "terraform.tf", "providers.tf", "backend.tf"})
# Julia's manifests have names that other tools take too: a word that only its own have.
_OWN = {"Project.toml": b"uuid", "Manifest.toml": b"julia_version"}


class OtherLanguages:
    """Reads the names of manifests."""

    def matches(self, name: str) -> bool:
        """Return whether a file is a manifest by its name."""
        return _of(name) is not None

    def read(self, file: RepositoryFile) -> Iterable[Clue]:
        """Yield the language."""
        return _language(file)


def _of(name: str) -> tuple[str, str] | None:
    base = posixpath.basename(name)
    if base in _TERRAFORM:
        return "terraform", "Terraform"
    return _MANIFESTS.get(base) or _ENDINGS.get(posixpath.splitext(base)[1])


def _language(file: RepositoryFile) -> Iterator[Clue]:
    found, own = _of(file.name), _OWN.get(posixpath.basename(file.name))
    if found is not None and (own is None or own in file.data):
        yield file.clue("language", found[0], None, "certain", f"it is a manifest of {found[1]}")
