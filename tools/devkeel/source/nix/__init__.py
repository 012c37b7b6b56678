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

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devkeel.source.nix.editor import (
        AttrPath,
        Definition,
        Document,
        Edited,
        Expression,
        Problem,
        Span,
        Splice,
        Value,
        add_arguments,
        add_imports,
        add_packages,
        append,
        append_line,
        brokenness,
        comment_out,
        format_path,
        get,
        is_literal,
        package_names,
        parse_path,
        prepend,
        print_value,
        quote,
        remove,
        remove_packages,
        rename,
        sequence,
        set,  # noqa: A004  (the verb that users know)
        uncomment,
        unset,
    )

__all__ = [
    "AttrPath",
    "Definition",
    "Document",
    "Edited",
    "Expression",
    "Problem",
    "Span",
    "Splice",
    "Value",
    "add_arguments",
    "add_imports",
    "add_packages",
    "append",
    "append_line",
    "brokenness",
    "comment_out",
    "format_path",
    "get",
    "is_literal",
    "package_names",
    "parse_path",
    "prepend",
    "print_value",
    "quote",
    "remove",
    "remove_packages",
    "rename",
    "sequence",
    "set",
    "uncomment",
    "unset",
]


def __getattr__(name: str) -> object:
    # The first use loads the editor, 26 modules and tree-sitter: what only names the module does without them.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.editor"), name)
    return found
