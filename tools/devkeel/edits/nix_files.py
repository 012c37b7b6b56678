"""Which Nix files an edit of options is about: modules of the declaration, and what may be one.

A file is a module by its role (the declaration imports it) or by its shape and its options. What is certainly something
else is refused: an edit would make another value of it. A function of several arguments is none in `imports` either.
"""

from __future__ import annotations

import posixpath
from contextlib import suppress
from typing import TYPE_CHECKING

from devkeel import catalogue
from devkeel.errors import Refused
from devkeel.project.declaration import read_declaration
from devkeel.project.root import DECLARATION, DECLARATION_FILES, MANIFESTS
from devkeel.source import nix
from devkeel.text.actions import do

if TYPE_CHECKING:
    from tree_sitter import Node

    from devkeel.candidate.candidate import Candidate

__all__ = ["require_module"]

# nixpkgs, lib/modules.nix, `unifyModuleSyntax`: what only the module system gives a meaning.
_OF_MODULES = frozenset(
    {"imports", "options", "config", "disabledModules", "_module", "_class", "_file", "meta", "key"}
)
# Options that other programs have too, and attributes that plain sets have: they show nothing.
_OF_ALL = """
assertions configurations containers files git hosts info lib machines name outputs overlays packages services stdenv
test tests warnings
"""
_SHARED = frozenset(_OF_ALL.split())
# Options of NixOS, nix-darwin, home-manager, flake-parts and treefmt that devenv has not.
_OTHERS = """
accounts boot console dconf documentation environment fileSystems flake fonts gtk hardware home home-manager homebrew
i18n launchd location networking nix nixpkgs perSystem power powerManagement programs qt security sound specialisation
swapDevices system systemd time users virtualisation wayland xdg xsession zramSwap
"""
_ELSEWHERE = frozenset(_OTHERS.split())


def require_module(document: nix.Document, candidate: Candidate) -> None:
    """Refuse a file that is certainly no module of devenv as `not_a_devenv_module`, with what it is."""
    name = document.name
    if name in DECLARATION_FILES or document.syntax_problems:
        return
    what, node = _foreign(document)
    imported = name not in MANIFESTS and name in read_declaration(candidate)
    if imported:
        what = nix.never_module(document)
    if what is None or (node is None and posixpath.basename(name) in DECLARATION_FILES):
        return
    own = f"Write a change of this file itself with {do('patch')}."
    raise document.refuse(
        "not_a_devenv_module",
        f"{name} is {what}, not a module of devenv.",
        node,
        own
        if imported or name in MANIFESTS
        else f"Edit {DECLARATION}, or import this file as a module from there first. {own}",
    )


def _foreign(document: nix.Document) -> tuple[str | None, Node | None]:
    """Return what a file is by its shape, with the node that shows it, or by its options; None for a module."""
    shape = nix.shape_of(document)
    if shape.what is not None:
        return shape.what, shape.node
    with suppress(Refused):
        return _by_options(document, headed=bool(shape.heads)), None
    return None, None


def _by_options(document: nix.Document, *, headed: bool) -> str | None:
    """Return what a set is whose attributes are no options of devenv."""
    names = document.top_names
    roots = {item.path[0] for item in document.definitions if item.path} - _OF_MODULES
    if not roots or roots & (catalogue.roots() - _SHARED):
        return None
    elsewhere = sorted(roots & _ELSEWHERE)
    if elsewhere:
        return f"a module of another program (devenv has no option {elsewhere[0]})"
    if roots & (catalogue.roots() - {"name"}) or names & _OF_MODULES:
        return None
    made = "a function that makes a set of data" if headed else "a set of data"
    return f"{made} (devenv has no option {min(roots - catalogue.roots() or roots)})"
