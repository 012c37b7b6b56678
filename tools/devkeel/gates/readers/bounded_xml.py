"""XML of any origin, within bounds: no entities, no depth or length without end, one pass."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import iterparse  # type: ignore[import-untyped]

from devkeel.gates.readers.trust import UnreadReport

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["COMMENT", "begins_with", "events"]

COMMENT = "#comment"
_DEPTH = 64
_ELEMENTS = 5_000_000
_HEAD = 64 * 1024


def begins_with(data: bytes, names: frozenset[str]) -> bool:
    """Return whether a text is XML whose outermost element has one of the names; nothing further is read."""
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"<" and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return False
    try:
        for _, element in iterparse(io.BytesIO(data[:_HEAD]), events=("start",)):
            return local(element) in names
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        pass
    return any(f"<{name}".encode() in data[:_HEAD] for name in names)


def events(data: bytes) -> Iterator[tuple[bool, str, Element]]:
    """Yield each element at its begin (True) and at its end, with its name; what has ended is let go of.

    A comment begins, by the name `COMMENT`, and has its text.

    Raises UnreadReport for entities, for what is nested too deeply, too much, or not well formed.
    """
    way: list[Element] = []
    number = 0
    try:
        for event, element in iterparse(io.BytesIO(data), events=("start", "end", "comment")):
            if event == "comment":
                yield True, COMMENT, element
                continue
            begins = event == "start"
            if begins:
                number += 1
                way.append(element)
                if len(way) > _DEPTH or number > _ELEMENTS:
                    raise UnreadReport(f"its elements are more than {_DEPTH} deep, or more than {_ELEMENTS}")
            yield begins, local(element), element
            if not begins:
                way.pop()
                # What has ended would stay a child of what is open.
                if way:
                    way[-1].remove(element)
    except DefusedXmlException as error:
        raise UnreadReport(f"it declares what XML of a report does not need ({type(error).__name__})") from error
    except (ParseError, ValueError, LookupError) as error:
        raise UnreadReport(f"it is no well-formed XML: {error}") from error


def local(element: Element) -> str:
    """Return the name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]
