"""Values as YAML text in the style of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.source.yaml.layout import list_offset, quote_style, step, string_style
from devkeel.source.yaml.scalars import print_key, print_number, print_string

if TYPE_CHECKING:
    from devkeel.source.plain_data import Data
    from devkeel.source.yaml.document import Document

__all__ = ["Printer"]


class Printer(Struct, frozen=True):
    """How a file is written.

    step: how much deeper a mapping stands. dash: how much deeper a list does. quote: the quotes in use. strings: the
    quotes round every string, None where strings are plain. padded: `{ a: 1 }`. newline: the line ending.
    literal: whether text of several lines may be a block; not where the file lacks the line break at its end.
    """

    step: int = 2
    dash: int = 2
    quote: str = '"'
    strings: str | None = None
    padded: bool = False
    newline: str = "\n"
    literal: bool = True

    @classmethod
    def of(cls, document: Document) -> Printer:
        """Return the style of a document."""
        maps = [item for item in document.walk() if item.kind == "map" and item.flow and item.entries]
        padded = bool(maps) and all(
            document.text[item.opening : item.opening + 1] in {" ", "\n", "\r"} for item in maps
        )
        return cls(
            step(document),
            list_offset(document),
            quote_style(document),
            string_style(document),
            padded,
            document.newline,
            not document.text or document.text.endswith("\n"),
        )

    def inline(self, value: Data, style: str | None = None, *, flow: bool = False) -> str:
        """Return a value on one line; collections between brackets."""
        if isinstance(value, str):
            return print_string(value, style or self.strings, flow=flow, quote=self.quote)
        if value is None or isinstance(value, bool):
            return {None: "null", True: "true", False: "false"}[value]
        if isinstance(value, (int, float)):
            return print_number(value)
        if isinstance(value, list):
            return f"[{', '.join(self.inline(item, flow=True) for item in value)}]"
        pairs = [f"{print_key(key, None, flow=True)}: {self.inline(item, flow=True)}" for key, item in value.items()]
        if not pairs:
            return "{}"
        return f"{{ {', '.join(pairs)} }}" if self.padded else f"{{{', '.join(pairs)}}}"

    def parts(self, value: Data, indent: int, style: str | None = None) -> tuple[str, list[str]]:
        """Return what stands behind the key of a value, and the lines below it; the key is at an indent."""
        if isinstance(value, dict) and value:
            return "", self.mapping(value, indent + self.step)
        if isinstance(value, list) and value:
            return "", self.items(value, indent + self.dash)
        lines = _literal(value) if isinstance(value, str) and self.literal and style not in {"'", '"'} else None
        if isinstance(value, str) and lines is not None:
            pad = " " * (indent + self.step)
            # YAML 1.2.2, 8.1.1.2: `|` keeps one line break at the end, and `|-` none.
            return ("|" if value.endswith("\n") else "|-"), [pad + line if line else "" for line in lines]
        return self.inline(value, style), []

    def mapping(self, value: dict[str, Data], indent: int, keys: str | None = None) -> list[str]:
        """Return a mapping as lines."""
        lines: list[str] = []
        for key, item in value.items():
            head, below = self.parts(item, indent)
            lines.append(f"{' ' * indent}{print_key(key, keys)}:{' ' if head else ''}{head}")
            lines += below
        return lines

    def items(self, values: list[Data], indent: int, gap: str = " ", style: str | None = None) -> list[str]:
        """Return the elements of a list as lines; `gap` stands behind each dash."""
        lines: list[str] = []
        pad, inner = " " * indent, indent + 1 + len(gap)
        for value in values:
            nested: list[str] = []
            if isinstance(value, dict) and value:
                nested = self.mapping(value, inner)
            elif isinstance(value, list) and value:
                nested = self.items(value, inner)
            if nested:
                lines += [f"{pad}-{gap}{nested[0][inner:]}", *nested[1:]]
            else:
                head, below = self.parts(value, indent, style)
                lines += [f"{pad}-{gap}{head}", *below]
        return lines


def _literal(text: str) -> list[str] | None:
    """Return text as the lines of a literal block, None where a block would not hold it exactly."""
    body = text.removesuffix("\n")
    lines = body.split("\n")
    if len(lines) == 1 and body == text:
        return None
    if not all(line.isprintable() for line in lines) or any(line and not line.strip() for line in lines):
        return None
    # The first line gives the indent, and the last one must not be empty.
    # YAML 1.2.2, 8.1.1.1: the indent of a block is that of its first line that is not empty.
    return lines if lines[0][:1].strip() and lines[-1] else None
