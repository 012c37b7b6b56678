"""A lossless editor of YAML files such as devenv.yaml.

    from devkeel.source import yaml

    data = open("devenv.yaml", "rb").read()
    yaml.get(data, "inputs.nixpkgs.url")
    edited = yaml.set(data, "inputs.nixpkgs.flake", False)
    edited.data, edited.spans, edited.notes

A path is a sequence of keys, or text in the notation of Nix attribute paths. Nothing is printed anew but what
changes: comments, order, quotes, indents, line endings, a byte order mark and a missing final newline stay. Every
edit is proven before it is returned: the result parses, the path has the wanted value, and everything else is as it
was. What is not certain raises `devkeel.errors.Refused` with a reason, a place and another way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.deferred import front

if TYPE_CHECKING:
    from devkeel.source.yaml.editor import *  # noqa: F403  (its own `__all__` says what)

# As that of Nix is.
__getattr__ = front(__name__, "editor")
