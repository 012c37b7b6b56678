"""The elements of an XML file with their lines. Entities and document types are refused: nothing of them is needed."""

from __future__ import annotations

# What makes expat unsafe are entities (bandit B407); a declaration of a type or an entity ends the reading here.
from xml.parsers import expat

from msgspec import Struct

__all__ = ["XmlElement", "elements"]


# What a path of names for each would take is the square of their number: builds of Java and .NET are 10 deep.
_DEEPEST = 64
_LONGEST = 4096  # characters of a text; versions and names are meant


class XmlElement(Struct):
    """name: without name space. within: the element around it. line: of its start tag. text: its beginning."""

    name: str
    within: XmlElement | None
    line: int
    text: str = ""

    def is_at(self, *path: str) -> bool:
        """Return whether it is the last of a path of names that begins at the root."""
        found: XmlElement | None = self
        for name in reversed(path):
            if found is None or found.name != name:
                return False
            found = found.within
        return found is None


def elements(data: bytes) -> list[XmlElement]:
    """Return all elements in their order. Raises ValueError for what is no such XML."""
    parser = expat.ParserCreate()
    found, stack = list[XmlElement](), list[XmlElement]()

    def start(name: str, _: object) -> None:
        if len(stack) >= _DEEPEST:
            raise ValueError(f"its elements are more than {_DEEPEST} deep")
        element = XmlElement(name.rpartition(":")[2], stack[-1] if stack else None, parser.CurrentLineNumber)
        stack.append(element)
        found.append(element)

    def end(_: str) -> None:
        stack.pop()

    def text(data: str) -> None:
        if stack and len(stack[-1].text) < _LONGEST:
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
