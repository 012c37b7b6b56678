"""The elements of an XML file with their lines. Entities and document types are refused: nothing of them is needed."""

from __future__ import annotations

# What makes expat unsafe are entities (bandit B407); a declaration of a type or an entity ends the reading here.
from xml.parsers import expat

from msgspec import Struct

__all__ = ["XmlElement", "elements"]


class XmlElement(Struct):
    """path: the names of the elements that it is in, without name spaces, its own last. line: of its start tag."""

    path: tuple[str, ...]
    line: int
    attributes: dict[str, str]
    text: str = ""


def elements(data: bytes) -> list[XmlElement]:
    """Return all elements in their order. Raises ValueError for what is no such XML."""
    parser = expat.ParserCreate()
    found, stack = list[XmlElement](), list[XmlElement]()

    def start(name: str, attributes: dict[str, str]) -> None:
        above = stack[-1].path if stack else ()
        element = XmlElement((*above, name.rpartition(":")[2]), parser.CurrentLineNumber, attributes)
        stack.append(element)
        found.append(element)

    def end(_: str) -> None:
        stack.pop()

    def text(data: str) -> None:
        if stack:
            stack[-1].text += data

    def refuse(*_: object) -> None:
        raise ValueError("it declares a document type or an entity")

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise ValueError("it is not well-formed XML") from error
    return found
