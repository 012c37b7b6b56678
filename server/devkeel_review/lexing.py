"""Which of Pygments' lexers reads which file of an environment, and what a token is called on the page."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from pygments.token import (  # type: ignore[import-untyped]  # it has no types
    Comment,
    Keyword,
    Literal,
    Name,
    Number,
    Operator,
    String,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Lexer", "lexer_of", "short_name"]

# By its own table: Pygments' search by file name loads hundreds of modules, and takes a text's word for what it is.
_NIX, _YAML, _TOML = ("nix", "NixLexer"), ("data", "YamlLexer"), ("configs", "TOMLLexer")
_JSON, _BASH, _INI = ("data", "JsonLexer"), ("shell", "BashLexer"), ("configs", "IniLexer")
_BY_NAME = {
    "devenv.lock": _JSON,
    "flake.lock": _JSON,
    "pixi.lock": _YAML,
    "uv.lock": _TOML,
    "poetry.lock": _TOML,
    "Cargo.lock": _TOML,
    ".envrc": _BASH,
    ".env": _BASH,
    "Procfile": _YAML,
    "Dockerfile": ("configs", "DockerLexer"),
    "Gemfile": ("ruby", "RubyLexer"),
    "go.mod": ("go", "GoLexer"),
}
_BY_END = {
    "nix": _NIX,
    "yaml": _YAML,
    "yml": _YAML,
    "toml": _TOML,
    "json": _JSON,
    "py": ("python", "PythonLexer"),
    "sh": _BASH,
    "bash": _BASH,
    "cfg": _INI,
    "ini": _INI,
}
# The first that a token belongs to.
_NAMES = (
    (Comment, "c"),
    (String, "s"),
    (Number, "m"),
    (Literal, "s"),
    (Keyword, "k"),
    (Operator.Word, "k"),
    (Name.Attribute, "na"),
    (Name.Property, "na"),
    (Name.Tag, "nt"),
    (Name.Builtin, "nb"),
    (Name.Function, "nf"),
    (Name.Class, "nc"),
)


class Lexer(Protocol):
    """What reads a text as tokens."""

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, Any, str]]:
        """Yield where each token begins, what it is, and its text."""


@lru_cache
def lexer_of(name: str) -> Lexer | None:
    """Return what reads a file of this name, None for one whose language is not known."""
    row = _BY_NAME.get(name) or _BY_END.get(name.rpartition(".")[2].lower())
    if row is None:
        return None
    module, lexer = row
    made: Lexer = getattr(import_module(f"pygments.lexers.{module}"), lexer)()
    return made


@lru_cache
def short_name(kind: Any) -> str:  # noqa: ANN401  (a token type, of which there are no types)
    """Return what a token is, as Pygments calls it in short; nothing for plain text."""
    return next((name for parent, name in _NAMES if kind in parent), "")
