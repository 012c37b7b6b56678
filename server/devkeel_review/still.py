"""Fragments of the page without what needs its server: for a file that is only read."""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["still"]

# What has no end tag (HTML, 13.1.2), as far as a fragment has it.
_VOID = frozenset({"br", "col", "hr", "img", "input", "link", "meta", "wbr"})
# What acts, fetches or loads, with all that is in it.
_ACTIVE = frozenset(
    {"button", "dialog", "embed", "form", "iframe", "input", "object", "script", "select", "style", "textarea"}
)
_CLASSES = frozenset({"answer", "buttons", "filters", "head", "pager", "row-actions", "tabs"})
_DATA = ("data-act", "data-later", "data-log", "data-more")
# What names elements by their id.
_REFERENCES = frozenset(
    {"aria-controls", "aria-describedby", "aria-details", "aria-labelledby", "for", "headers", "list"}
)
_DROPPED = frozenset({"aria-keyshortcuts", "aria-live", "data-follows", "data-key", "data-view"})
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def still(markup: str, addresses: Collection[str], *, prefix: str, deeper: int, of: str = "") -> str:
    """Return a fragment that only shows.

    markup: of our own templates, whose values are escaped. addresses: where a link may lead; others become words.
    prefix: of each id, since fragments that never met come together in one file. deeper: how many levels each heading
    goes down. of: what it is about, which each name for a screen reader gets, so that no two are alike.
    """
    parser = _Still(addresses, prefix, deeper, of)
    parser.feed(markup)
    parser.close()
    return "".join(parser.parts)


class _Still(HTMLParser):
    """Writes again what it reads, but for what acts."""

    def __init__(self, addresses: Collection[str], prefix: str, deeper: int, of: str) -> None:
        super().__init__(convert_charrefs=False)
        self.parts: list[str] = []
        self._addresses = addresses
        self._prefix = prefix
        self._deeper = deeper
        self._of = of
        self._inside: list[str] = []  # the element that is left out, and what is open in it

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Write an element's beginning, unless it is left out."""
        if self._inside or _acts(tag, dict(attrs)):
            if tag not in _VOID:
                self._inside.append(tag)
            return
        self._open(tag, attrs, "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Write an element of SVG that is empty."""
        if not self._inside and not _acts(tag, dict(attrs)):
            self._open(tag, attrs, "" if tag in _VOID else "/")

    def _open(self, tag: str, attrs: list[tuple[str, str | None]], end: str) -> None:
        written = "".join(self._attribute(name, value) for name, value in attrs)
        self.parts.append(f"<{self._named(tag)}{written}{end}>")

    def handle_endtag(self, tag: str) -> None:
        """Write an element's end, or leave what was left out."""
        if self._inside:
            if tag in self._inside:
                while self._inside.pop() != tag:
                    pass
        elif tag not in _VOID:
            self.parts.append(f"</{self._named(tag)}>")

    def handle_data(self, data: str) -> None:
        """Write text as it stands: what it refers to by name is read by `handle_entityref`."""
        if not self._inside:
            self.parts.append(escape(data, quote=False))

    def handle_entityref(self, name: str) -> None:
        """Write a character that is named."""
        if not self._inside:
            self.parts.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        """Write a character that is numbered."""
        if not self._inside:
            self.parts.append(f"&#{name};")

    def _named(self, tag: str) -> str:
        if tag in _HEADINGS:
            return _HEADINGS[min(_HEADINGS.index(tag) + self._deeper, len(_HEADINGS) - 1)]
        # The parser reads names in small letters; SVG has some with a capital, of which the page uses one.
        return {"foreignobject": "foreignObject"}.get(tag, tag)

    def _attribute(self, name: str, value: str | None) -> str:
        if name in _DROPPED or name.startswith("on") or name == "style":
            return ""
        if name == "href" and value not in self._addresses:
            return ""
        if name == "aria-label" and self._of:
            value = f"{value or ''}, {self._of}"
        if name == "data-form" and value == "ago":
            value = "at"  # a file is read at any time, and says how it was
        if name == "id" or name in _REFERENCES:
            value = " ".join(f"{self._prefix}-{each}" for each in (value or "").split())
        name = {"viewbox": "viewBox", "preserveaspectratio": "preserveAspectRatio"}.get(name, name)
        return f" {name}" if value is None else f' {name}="{escape(value)}"'


def _acts(tag: str, attributes: dict[str, str | None]) -> bool:
    if tag in _ACTIVE or any(name in attributes for name in _DATA):
        return True
    return not _CLASSES.isdisjoint((attributes.get("class") or "").split())
