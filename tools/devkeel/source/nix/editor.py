"""The verbs of the Nix editor: each takes bytes or an open document and returns an edit that is proven."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel.deferred import Deferred
from devkeel.errors import UsageError
from devkeel.source.nix.read.document import Document
from devkeel.source.nix.read.index import Definition
from devkeel.source.nix.read.list_parts import Element, listed
from devkeel.source.nix.read.literal import Expression, Style, Value, is_literal, print_value
from devkeel.source.nix.read.syntax import Problem
from devkeel.source.nix.read.syntax import brokenness as _brokenness
from devkeel.source.path import AttrPath, format_path, is_identifier, parse_path, quote
from devkeel.source.splice import Edited, Span, Splice
from devkeel.source.splice import apply as _apply
from devkeel.source.splice import compose as _compose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from devkeel.source.nix.read import flake as _read_flake
    from devkeel.source.nix.read import flake_files as _flake_files
    from devkeel.source.nix.read import flake_outputs as _flake_outputs
    from devkeel.source.nix.read import input_uses as _input_uses
    from devkeel.source.nix.read import passed_arguments as _read_passed
    from devkeel.source.nix.read import shapes as _shapes
    from devkeel.source.nix.read import shells as _read_shells
    from devkeel.source.nix.read.shell import Shell
    from devkeel.source.nix.write import bindings as _bindings
    from devkeel.source.nix.write import comments as _comments
    from devkeel.source.nix.write import flake as _flake
    from devkeel.source.nix.write import head as _head
    from devkeel.source.nix.write import holders as _holders
    from devkeel.source.nix.write import lists as _lists
    from devkeel.source.nix.write import packages as _packages
    from devkeel.source.nix.write import passed_arguments as _passed
    from devkeel.source.nix.write import proof as _proof
    from devkeel.source.nix.write import shells as _shells
    from devkeel.source.nix.write import text_lines as _text_lines
else:
    _read_flake = Deferred("devkeel.source.nix.read.flake")
    _flake_outputs = Deferred("devkeel.source.nix.read.flake_outputs")
    _flake_files = Deferred("devkeel.source.nix.read.flake_files")
    _input_uses = Deferred("devkeel.source.nix.read.input_uses")
    _read_shells = Deferred("devkeel.source.nix.read.shells")
    _shapes = Deferred("devkeel.source.nix.read.shapes")
    _shells = Deferred("devkeel.source.nix.write.shells")
    _flake = Deferred("devkeel.source.nix.write.flake")
    _bindings = Deferred("devkeel.source.nix.write.bindings")
    _comments = Deferred("devkeel.source.nix.write.comments")
    _lists = Deferred("devkeel.source.nix.write.lists")
    _read_passed = Deferred("devkeel.source.nix.read.passed_arguments")
    _passed = Deferred("devkeel.source.nix.write.passed_arguments")
    _packages = Deferred("devkeel.source.nix.write.packages")
    _holders = Deferred("devkeel.source.nix.write.holders")
    _head = Deferred("devkeel.source.nix.write.head")
    _proof = Deferred("devkeel.source.nix.write.proof")
    _text_lines = Deferred("devkeel.source.nix.write.text_lines")

__all__ = [
    "AttrPath",
    "Definition",
    "Document",
    "Edited",
    "Element",
    "Expression",
    "Problem",
    "Span",
    "Splice",
    "Style",
    "Value",
    "add_arguments",
    "add_imports",
    "add_packages",
    "add_to_shell",
    "append",
    "append_line",
    "brokenness",
    "comment_out",
    "computed_inputs",
    "drop_input",
    "elements_of",
    "flake_arguments",
    "flake_inputs",
    "flake_outputs",
    "format_path",
    "get",
    "input_uses",
    "is_literal",
    "lift_arguments",
    "listed_packages",
    "named_files",
    "names_package",
    "never_module",
    "package_names",
    "parse_path",
    "passed_arguments",
    "prepend",
    "print_value",
    "put_input",
    "quote",
    "remove",
    "remove_from_shell",
    "remove_packages",
    "rename",
    "rename_input",
    "sequence",
    "set",
    "shape_of",
    "shell_has",
    "shell_packages",
    "shells_of",
    "uncomment",
    "unset",
]

_IMPORTS = ("imports",)


def _open(data: bytes | Document) -> Document:
    return data if isinstance(data, Document) else Document(data)


def get(data: bytes | Document, path: str) -> Value:
    """Return the value at an option path, an `Expression` where it is not literal; KeyError when nothing defines it."""
    return _open(data).get(parse_path(path))


def elements_of(document: Document, definition: Definition) -> list[Element]:
    """Return the elements of the list that a definition's value is, and what in it may give more."""
    return [] if definition.value is None else [*listed(definition.value, document.data)]


def set(data: bytes | Document, path: str, value: Value, *, once: bool = False) -> Edited:  # noqa: A001  (as users say)
    """Set an option path; see `bindings.set_value`."""
    return _bindings.set_value(_open(data), parse_path(path), value, once=once)


def sequence(data: bytes | Document, values: Iterable[tuple[str, Value]]) -> Edited:
    """Set several option paths, one after the other, as one edit."""
    first = _open(data)
    current, steps = first, list[Edited]()
    for path, value in values:
        steps.append(set(current, path, value))
        current = current.after(steps[-1])
    return _compose(first.data, steps)


def unset(data: bytes | Document, path: str) -> Edited:
    """Remove every definition at and below an option path."""
    return _bindings.unset(_open(data), parse_path(path))


def rename(data: bytes | Document, path: str, new: str) -> Edited:
    """Rename an option path in place."""
    return _bindings.rename(_open(data), parse_path(path), parse_path(new))


def append(data: bytes | Document, path: str, *values: Value, listed: bool = False) -> Edited:
    """Append elements to a list, those that it does not have yet; those of `packages` are expressions.

    listed: the option takes nothing but a list, so that what stands there is one also where its text does not show it.
    """
    document, names = _open(data), parse_path(path)
    if document.module and names == _packages.PACKAGES:
        return _packages.add_values(document, [*values])
    return _lists.append(document, names, [*values], listed=listed or names == _IMPORTS)


def prepend(data: bytes | Document, path: str, *values: Value, listed: bool = False) -> Edited:
    """Put elements first in a list, those that it does not have yet; `listed` as for `append`."""
    document, names = _open(data), parse_path(path)
    if document.module and names == _packages.PACKAGES:
        return _packages.add_values(document, [*values], first=True)
    return _lists.prepend(document, names, [*values], listed=listed or names == _IMPORTS)


def remove(data: bytes | Document, path: str, *values: Value) -> Edited:
    """Remove elements from a list."""
    document, names = _open(data), parse_path(path)
    if document.module and names == _packages.PACKAGES:
        return _packages.remove_values(document, [*values])
    return _lists.remove(document, names, [*values])


def append_line(data: bytes | Document, path: str, line: str) -> Edited:
    """Append a line to a text such as enterShell."""
    return _text_lines.append_line(_open(data), parse_path(path), line)


def add_packages(data: bytes | Document, *names: str, inside: str | None = None) -> Edited:
    """Add packages to the `packages` list as the file spells them; `inside`: to what has packages of its own."""
    document = _open(data)
    return (
        _packages.add_packages(document, [*names]) if inside is None else _holders.hold_inside(document, inside, names)
    )


def remove_packages(data: bytes | Document, *names: str, inside: str | None = None) -> Edited:
    """Remove packages from the `packages` list; `inside`: from those of what has some of its own."""
    document = _open(data)
    if inside is None:
        return _packages.remove_packages(document, [*names])
    return _holders.release_inside(document, inside, names)


def names_package(data: bytes | Document, name: str) -> bool:
    """Return whether a package's name begins with a name of the file's own."""
    return _packages.names_package(_open(data), name)


def package_names(data: bytes | Document) -> list[str]:
    """Return the packages that the file lists."""
    return _packages.package_names(_open(data))


def add_imports(data: bytes | Document, *paths: str) -> Edited:
    """Add files to `imports`; each is a Nix path such as `./x.nix`."""
    return _lists.append(_open(data), _IMPORTS, [Expression(path) for path in paths], listed=True)


def add_arguments(data: bytes | Document, *names: str) -> Edited:
    """Bring arguments into the module's head in the head's own style; UsageError `bad_argument` for what is no name."""
    wrong = next((name for name in names if not is_identifier(name)), None)
    if wrong is not None:
        raise UsageError(
            "bad_argument",
            "This is not the name of a module argument.",
            seen=repr(wrong[:200]),
            remedy="Give names such as lib, config or inputs.",
        )
    document = _open(data)
    document.require_utf8()
    splices = _head.require_arguments(document, names)
    notes = [] if splices else [f"The module takes {', '.join(names)} already."]
    return _proof.prove(document, _apply(document.data, splices, notes), (), lambda _: True)


def shape_of(document: Document) -> _shapes.FileShape:
    """Return what a file is by its shape; see `shapes`."""
    return _shapes.shape_of(document)


def never_module(document: Document) -> str | None:
    """Return what a file is that no declaration can import as a module; see `shapes`."""
    return _shapes.never_module(document)


def brokenness(data: bytes | Document) -> int:
    """Return how far a file is from what Nix parses, 0 for one that it does; versions of one file compare."""
    document = _open(data)
    return _brokenness(document.data) + len(document.problems)


def flake_inputs(document: Document) -> dict[str, Any]:
    """Return what a flake.nix declares under `inputs`; see `flake`."""
    return _read_flake.flake_inputs(document)


def flake_arguments(document: Document) -> dict[str, int]:
    """Return the inputs that the outputs of a flake.nix take by name, with their lines."""
    outputs = _read_flake.outputs_of(document)
    formals = {} if outputs is None else outputs.arguments
    return {name: document.place(node.start_byte).line or 1 for name, node in formals.items() if name != "self"}


def computed_inputs(document: Document) -> int | None:
    """Return the line where a flake.nix computes its inputs, None where they are written out."""
    return _read_flake.computed_inputs(document)


def passed_arguments(document: Document) -> list[_read_passed.PassedArgument]:
    """Return the functions that the outputs of a flake.nix take as arguments, where Nix looks for flakes."""
    return _read_passed.passed_arguments(document)


def lift_arguments(
    document: Document, names: Sequence[str] = (), *, source: str | None = None, url: str | None = None
) -> _passed.Lifted:
    """Take functions out of the arguments of a flake's outputs, to their place under `lib`: `write.passed_arguments`.

    names: arguments that are functions, beside those that certainly are. source: the input that has those without a
    default under its `lib`. url: of that input where the flake does not declare it.
    """
    return _passed.lift_arguments(document, names, source, url)


def flake_outputs(read: Callable[[str], bytes | None], name: str) -> _flake_outputs.FlakeOutputs:
    """Return the outputs of a flake and the systems that it names, by its text; see `flake_outputs`."""
    return _flake_outputs.outputs_in(_flake_files.FlakeFiles(read), name)


def put_input(document: Document, path: AttrPath, value: Value) -> Edited:
    """Set something of an input of a flake.nix, from its name on; its outputs take one that is new."""
    return _flake.put_input(document, path, value)


def drop_input(document: Document, path: AttrPath) -> Edited:
    """Remove an input of a flake.nix with its argument of outputs, or something that it has."""
    return _flake.drop_input(document, path)


def rename_input(document: Document, path: AttrPath, new: AttrPath) -> Edited:
    """Give an attribute of an input of a flake.nix another name, in its place."""
    return _flake.rename_input(document, path, new)


def input_uses(document: Document, name: str) -> list[int]:
    """Return the lines on which a file uses an input."""
    return _input_uses.input_uses(document, name)


def named_files(read: Callable[[str], bytes | None], name: str) -> dict[str, bytes]:
    """Return the files that a flake is made of beside itself, as far as its text names them."""
    return _flake_files.named_files(read, name)


def shells_of(read: Callable[[str], bytes | None], name: str, wanted: str | None = None) -> list[Shell]:
    """Return the development shells of a flake; see `shells`."""
    return _read_shells.shells_of(read, name, wanted)


def add_to_shell(shell: Shell, names: Iterable[str]) -> tuple[Edited, AttrPath]:
    """Add packages to a development shell; return the edit of its file, and the list that they go into."""
    return _shells.add_to_shell(shell, [*names])


def shell_has(shell: Shell, name: str) -> str | None:
    """Return the list of a development shell that has a package whatever holds, None where none has."""
    return _shells.shell_has(shell, name)


def remove_from_shell(shell: Shell, name: str) -> Edited:
    """Remove a package from every list of a development shell."""
    return _shells.remove_from_shell(shell, name)


def shell_packages(shell: Shell) -> Iterator[tuple[str, int]]:
    """Yield the packages that a development shell lists, each with its line."""
    return _shells.shell_packages(shell)


def listed_packages(shell: Shell) -> Iterator[_shells.ListedPackage]:
    """Yield what a development shell lists, each with its meaning, source, line, and whether it is there always."""
    return _shells.listed_packages(shell)


def comment_out(data: bytes | Document, path: str) -> Edited:
    """Turn the definitions of an option path into comments."""
    return _comments.comment_out(_open(data), parse_path(path))


def uncomment(data: bytes | Document, path: str) -> Edited:
    """Turn a commented-out definition back into a definition."""
    return _comments.uncomment(_open(data), parse_path(path))
