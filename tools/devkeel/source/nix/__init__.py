"""A lossless editor of Nix modules and attribute sets.

    from devkeel.source import nix

    data = open("devenv.nix", "rb").read()
    nix.get(data, "languages.python.version")
    edited = nix.set(data, "services.redis.enable", True)
    edited.data, edited.spans, edited.notes

Every edit is proven before it is returned: the result parses, the path has the wanted value, and every other
definition is byte-identical. What is not certain raises `devkeel.errors.Refused` with a reason, a place and another
way; a malformed request raises `devkeel.errors.UsageError`. docs/nix-editor.md has the rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.deferred import front

if TYPE_CHECKING:
    from devkeel.source.nix.editor import *  # noqa: F403  (its own `__all__` says what)

# The editor is 26 modules and tree-sitter: what only names the module does without them.
__getattr__ = front(__name__, "editor")
