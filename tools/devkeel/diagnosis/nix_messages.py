"""What Nix says when an evaluation fails, as a diagnostic: its code, its own words, its place, the edit that helps.

The frames come first; what matters stands from the last line that begins with `error:`. The shapes are those of the
module system of nixpkgs and of devenv's own modules.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.diagnosis.network import FETCHING, HOSTS
from devkeel.diagnosis.obstacles import crashed, obstacle_in
from devkeel.errors import Diagnostic, Place, Unavailable
from devkeel.source import nix
from devkeel.text.actions import do
from devkeel.text.clean import clean, without_sequences

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

__all__ = ["Translation", "last_error", "printable"]

_MAX_MESSAGE = 2000
_UNLOCKED = re.compile(r"devkeel: the input (?P<name>\S+) is not locked")
# By itself, indented below the frames, and as devenv marks and indents it.
# nix, src/libutil/error.cc, `showErrorInfo`: the frames of a trace come first, and what is said last is indented below
# them.
_ERROR = re.compile(r"^(?: {7}| {4}|  \u00d7 )?error:(?: |$)", re.MULTILINE)
_FRAME = re.compile(r"\n\s*… ")
_AT = re.compile(r"^\s*at (?P<file>/.+?):(?P<line>\d+)(?::(?P<column>\d+))?:?$", re.MULTILINE)
_IN = re.compile(r"In (?:module )?[`'](?P<file>/[^',]+)(?:, via option [^']*)?'")
_INDENT = re.compile(r"^(?: {7}| {4}|  \u00d7 )")
_ENDS = re.compile(r"^\s*(?:at [/«].+:\d+:?$|… |\(use '--show-trace'|\d*\|| *\|)")
# Nix has quoted names in three ways.
_NAME = "[`'\u2018](.+?)['\u2019]"
_QUOTED = re.compile(_NAME)
_MEANT = re.compile(r"Did you mean (?P<names>.+?)\?", re.DOTALL)
_ADD_INPUT = re.compile(r"devenv inputs add (?P<name>\S+) (?P<url>\S+)(?P<follows>(?: --follows \S+)*)")


class Shape(Struct, frozen=True):
    """A message that Nix words like this; the first group is what it is about."""

    code: str
    pattern: str

    def match(self, text: str) -> re.Match[str] | None:
        """Return the match of its pattern."""
        return re.search(self.pattern, text, re.DOTALL)


_SHAPES = (
    Shape("missing_input", rf"To use {_NAME}, (?:run the following command|add the following)"),
    Shape("missing_input", r"^Unknown input (\S+)"),
    Shape("unknown_option", rf"^The option {_NAME} does not exist"),
    Shape("wrong_type", rf"^A definition for option {_NAME} is not of type"),
    Shape("wrong_type", rf"^In module .+?\s+rather than an attribute set for the option\s+{_NAME}"),
    Shape("wrong_type", rf"^The option path {_NAME} is an attribute set of options"),
    Shape("conflicting_definitions", rf"^The option {_NAME} (?:has conflicting definition|is defined multiple times)"),
    Shape("read_only_option", rf"^The option {_NAME} is read-only"),
    Shape(
        "option_without_value", rf"^The option {_NAME} (?:is|was) (?:used|accessed) but (?:not defined|has no value)"
    ),
    Shape("duplicate_attribute", rf"^(?:dynamic )?attribute {_NAME} already defined"),
    Shape("undefined_variable", rf"^undefined variable {_NAME}"),
    Shape("unknown_package", rf"^attribute {_NAME} missing"),
    Shape("unfree_package", rf"[Pp]ackage {_NAME} (?:in \S+ )?has an unfree license"),
    Shape("broken_package", rf"[Pp]ackage {_NAME} in \S+ is marked as (?:broken|insecure)"),
    Shape("broken_package", rf"[Pp]ackage {_NAME}.{{0,300}}is not available on the requested hostPlatform"),
    Shape("syntax_error", r"^(?:syntax error|path has a trailing slash|invalid character)()"),
)
_OTHER = Shape("evaluation_failed", "")
_NOT_THERE = re.compile(r"No such file|does not exist|is not (?:valid|there)|not found")
_CUT_OFF = re.compile(
    f"{FETCHING}|{HOSTS}",
    re.IGNORECASE,
)
_FORBIDDEN = re.compile(
    r"forbidden in (?:restricted|pure eval\w*) mode|allow-import-from-derivation|during the evaluation of the Nix"
    r"|experimental (?:Nix )?feature|attribute '(?:fetchTree|getFlake|exec)' missing"
)


def printable(text: str, limit: int = _MAX_MESSAGE) -> str:
    """Return clean text, at most `limit` characters of it."""
    found = clean(text)
    return found if len(found) <= limit else found[: limit - 1].rstrip() + "…"


def last_error(stderr: str) -> str:
    """Return what follows the last `error:`, or the last lines where there is none."""
    starts = [match.end() for match in _ERROR.finditer(stderr)]
    return stderr[starts[-1] :] if starts else "\n".join(stderr.strip().splitlines()[-5:])


class Translation(Struct, frozen=True):
    """Turns what an evaluator wrote into diagnostics about the project's files.

    root: the project as the evaluator saw it. files: the declaration. source: the rung. label: what was evaluated,
    `base` or the name of a profile. confined: whether the evaluator had no network, so that failing to reach a host
    says what the text wants and nothing about this machine. withheld: files of the project that it did not see.
    """

    root: str
    files: Mapping[str, bytes]
    source: str
    label: str = "base"
    confined: bool = False
    withheld: Collection[str] = ()

    def failure(self, stderr: str, returncode: int) -> Diagnostic:
        """Return the finding of a failed evaluation. Raises Unavailable where the machine failed, not the text."""
        tail = last_error(without_sequences(stderr))
        # It may be a folder. Nix names what it was asked for, or, before 2.20, the first part of it that is not there.
        hidden = next(
            (name for name in self.withheld if re.search(f"{re.escape(f'{self.root}/{name}')}['/]", tail)), None
        )
        if hidden is not None and _NOT_THERE.search(tail):
            return self._not_shown(hidden, stderr, tail)
        unlocked = _UNLOCKED.search(tail)
        if unlocked is not None:
            raise _not_locked(unlocked["name"])
        self._blame_the_machine(tail, returncode)
        if self.confined and _CUT_OFF.search(tail):
            return self._not_judged(tail)
        if _FORBIDDEN.search(tail):
            return self._not_judged(tail)
        text = self._clean(tail)
        if text.startswith("Failed assertions:"):
            first = text.removeprefix("Failed assertions:").strip().removeprefix("- ")
            return self.assertion(first, self.label)
        found = ((shape, match) for shape in _SHAPES if (match := shape.match(text)))
        shape, subject = next(((shape, match[1]) for shape, match in found), (_OTHER, ""))
        subject = re.sub(r"\.\"\[definition .*$", "", subject, flags=re.DOTALL)
        place = self._place(stderr, tail, subject, exact=shape.code == "unknown_package")
        if shape.code == "unknown_package" and place is None:
            shape = _OTHER  # an attribute that is missing somewhere in a module, not a name in the file
        edits = self._suggestions(shape.code, tail, subject, place)
        message = (text or "The evaluation failed without a message") + self._where(self.label)
        return Diagnostic(shape.code, "error", message, self.source, place, subject or None, edits)

    @staticmethod
    def _where(label: str) -> str:
        return "" if label == "base" else f" (in profile {label})"

    def assertion(self, message: str, label: str) -> Diagnostic:
        """Return the finding of an assertion that does not hold."""
        text = self._clean(message) + self._where(label)
        return Diagnostic("failed_assertion", "error", text, self.source, self._at_option(message))

    def warning(self, message: str) -> Diagnostic:
        """Return a warning of the module system."""
        return Diagnostic("evaluation_warning", "warning", self._clean(message), self.source)

    def _blame_the_machine(self, tail: str, returncode: int) -> None:
        obstacle = obstacle_in(tail, confined=self.confined)
        if obstacle is not None:
            raise obstacle.stops("The evaluation could not finish", self._clean(tail)[:400])
        crash = crashed("The evaluator", returncode)
        if crash is not None and "stack overflow" not in tail:
            raise crash

    def _not_judged(self, tail: str) -> Diagnostic:
        message = (
            "It was not judged to its end: it wants to fetch, build or read outside of the project and its inputs, "
            f"which no evaluation does here. Nix says: {self._clean(tail, 500)}"
        )
        return Diagnostic("evaluation_restricted", "warning", message, self.source)

    def _not_shown(self, name: str, stderr: str, tail: str) -> Diagnostic:
        """Return the finding of a declaration that reads a file that no evaluation sees."""
        why = "as it holds secrets"
        allows = "Nothing allows that: let the program read it when it runs, or use secretspec"
        if ".git" in name.split("/"):
            why = "as it is git's own"
        elif name.rpartition("/")[2].startswith(".env"):
            file = "" if name == ".env" else f' and dotenv.filename = "{name}"'
            allows = f"In devenv.nix dotenv.enable = true{file} allows it"
        message = (
            f"It was not judged to its end: it reads {printable(name, 200)}, which an evaluation does not see, {why}. "
            f"{allows}"
        )
        place = self._place(stderr, tail, "", exact=True)
        return Diagnostic("secret_not_shown", "warning", message, self.source, place, name)

    def _clean(self, text: str, limit: int = _MAX_MESSAGE) -> str:
        """Return the words of a message: no frames, no source lines, paths relative to the project."""
        lines, skipping = list[str](), False
        for line in text.splitlines():
            if _ENDS.match(line):
                skipping = True
            elif re.match(r"^\s*Did you mean ", line):
                skipping = False
                lines.append(line.strip())
                continue
            if not skipping:
                lines.append(_INDENT.sub("", line).rstrip())
        joined = re.sub(r"\n{2,}", "\n", "\n".join(lines)).strip()
        return printable(joined.replace(f"{self.root}/", "").replace(self.root, "."), limit).rstrip()

    def _relative(self, path: str) -> str | None:
        return path.removeprefix(f"{self.root}/") if path.startswith(f"{self.root}/") else None

    def _place(self, stderr: str, tail: str, subject: str, *, exact: bool) -> Place | None:
        """Return the place in the project that the error names; unless `exact`, the definition or a frame else."""
        direct = _FRAME.split(tail, maxsplit=1)[0]
        stated = next(filter(None, map(self._frame, _AT.finditer(direct))), None)
        if stated or exact:
            return stated
        named = [name for match in _IN.finditer(direct) if (name := self._relative(match["file"])) is not None]
        defined = self._definition(subject, named or self.files) or (Place(named[0]) if named else None)
        # Frames go outwards after the error, and inwards before it.
        before = stderr[: len(stderr) - len(tail)]
        frames = [*_AT.finditer(tail), *reversed(list(_AT.finditer(before)))]
        return defined or next(filter(None, map(self._frame, frames)), None)

    def _frame(self, match: re.Match[str]) -> Place | None:
        name = self._relative(match["file"])
        column = int(match["column"]) if match["column"] else None
        return Place(name, int(match["line"]), column) if name is not None else None

    def _definition(self, option: str | None, names: Iterable[str]) -> Place | None:
        """Return where a file defines an option, or a name at the end of it (in a profile, in a submodule)."""
        wanted = option.split(".") if option else []
        best: tuple[int, Place] | None = None
        for name in names:
            data = self.files.get(name)
            if not wanted or data is None or not name.endswith(".nix"):
                continue
            document = nix.Document(data, name)
            for item in document.definitions:
                common = _common(list(item.path), wanted)
                if common and (best is None or common > best[0]):
                    best = common, document.place(item.node.start_byte)
            if best is None:
                best = _named(name, data, wanted[-1])
        return best[1] if best else None

    def _at_option(self, message: str) -> Place | None:
        """Return the place of the first option that a sentence names and the files define."""
        for word in re.findall(r"[\w-]+(?:\.[\w-]+)+", message):
            place = self._definition(word, self.files)
            if place:
                return place
        return None

    def _suggestions(self, code: str, tail: str, subject: str, place: Place | None) -> tuple[dict[str, Any], ...]:
        if code == "missing_input":
            return tuple(map(_input_edit, _ADD_INPUT.finditer(tail)))
        if code == "unfree_package":
            return (_edit("append", "nixpkgs.permitted_unfree_packages", subject),)
        found = _MEANT.search(tail)
        if not found or not subject or place is None:
            return ()
        quoted = _QUOTED.findall(found["names"])
        names = quoted or re.split(r", | or ", found["names"].removeprefix("one of "))
        edits = (_replacement(self.files.get(place.file, b""), place, subject, name.strip()) for name in names)
        return tuple(edit for edit in edits if edit)


def _not_locked(name: str) -> Unavailable:
    return Unavailable(
        "input_not_locked",
        f"The declaration uses the input {name}, which is declared and not locked yet.",
        seen=name,
        remedy=f"Lock it with {do('lock')}, and try again.",
        details={"input": name},
    )


def _common(path: list[str], wanted: list[str]) -> int:
    """Return how many names a definition and an option share: from the front, or below a profile's module."""
    if path[:1] == ["profiles"] and "module" in path:
        path = path[path.index("module") + 1 :]
    shorter = min(len(path), len(wanted))
    return shorter if shorter and path[:shorter] == wanted[:shorter] else 0


def _named(file: str, data: bytes, name: str) -> tuple[int, Place] | None:
    """Return the only line that gives a value to a name, for definitions that no index has."""
    given = re.compile(rf"(?<![\w'-]){re.escape(name)}\s*=")
    lines = data.decode("utf-8", "replace").splitlines()
    found = [(number, match.start() + 1) for number, line in enumerate(lines, 1) if (match := given.search(line))]
    return (0, Place(file, *found[0])) if len(found) == 1 else None


def _edit(kind: str, path: str, value: str) -> dict[str, Any]:
    return {"kind": kind, "file": "devenv.yaml", "path": path, "value": value}


def _input_edit(found: re.Match[str]) -> dict[str, Any]:
    follows = found["follows"].replace("--follows", " ").split()
    edit: dict[str, Any] = {"kind": "set_input", "name": found["name"], "url": found["url"]}
    return edit | ({"follows": follows} if follows else {}) | {"file": "devenv.yaml"}


def _replacement(data: bytes, place: Place, old: str, new: str) -> dict[str, Any] | None:
    """Return the replacement of a name in the line of its place, when the text says clearly what is replaced."""
    if place.line is None or not re.fullmatch(r"[\w.-]+", new):
        return None
    text = data.decode("utf-8", "replace")
    lines = text.splitlines()
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    # The line may have less of the path (it stands in a set), so that only what differs is replaced.
    gone, come = old.split("."), new.split(".")
    while len(gone) > 1 and len(come) > 1 and gone[0] == come[0] and ".".join(gone) not in line:
        gone, come = gone[1:], come[1:]
    before, after = ".".join(gone), ".".join(come)
    word = re.compile(rf"(?<![\w-]){re.escape(before)}(?![\w-])")
    if len(word.findall(line)) != 1 or text.count(line) != 1:
        return None
    changed = word.sub(lambda _: after, line)
    return {"kind": "replace_text", "file": place.file, "old": line.strip(), "new": changed.strip()}
