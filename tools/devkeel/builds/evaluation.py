"""Evaluating an attribute, a file or an expression to data: it reads nothing else, and takes no more than given."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from devkeel.builds.subject import Subject
from devkeel.diagnosis.nix_messages import Translation, last_error
from devkeel.diagnosis.quoting import quoted
from devkeel.errors import CheckFailed, Unavailable, UsageError
from devkeel.nix_cli.confined_value import Bounds, ConfinedQuestion, ask, made_flake
from devkeel.nix_cli.confinement import shares
from devkeel.nix_cli.flake_evaluation import with_pins
from devkeel.nix_cli.installables import Installable
from devkeel.nix_cli.untracked import untracked_file
from devkeel.runtime.requests import require_seconds
from devkeel.text.actions import argument, do

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from devkeel.candidate.candidate import Candidate
    from devkeel.context import Context
    from devkeel.runtime import Completed

__all__ = ["Evaluation", "EvaluationLimits", "evaluate"]

_MIB = 1024**2
_LONGEST = 600.0
_LEAST_MEMORY, _MOST_MEMORY = 256, 64 * 1024  # MiB
_LEAST_OUTPUT, _MOST_OUTPUT = 1024, 4 * _MIB
_DEEPEST = 50
_LARGEST = 256 * 1024  # bytes
# execve(2): one word of a command has at most 128 KiB, and what shows the value is in this one too.
_LARGEST_FUNCTION = 96 * 1024
_FETCH = (
    f"An evaluation fetches nothing. {do('check', level='build')} does where devkeel may execute, for what is pinned "
    "by a hash; then repeat the call."
)
_TITLE = "the expression"
_MEMORY = re.compile(
    r"out of memory|bad_alloc|Cannot allocate memory|heap sections|GC Warning: Out of|map failed", re.IGNORECASE
)
# Nix' own sentence: a text may throw the like.
_DEPTH = re.compile(r"^\s*error: stack overflow(?:$| \(|;)|max-call-depth", re.MULTILINE)
_IMPORTS = re.compile(rf"allow-import-from-derivation|cannot build {quoted()} during evaluation")
_RESTRICTED = re.compile(r"in (?:pure|restricted)(?: evaluation| eval)? mode|lacks? a signature")
_MADE = re.compile(r"/nix/store/[0-9a-z]{32}-[\w.+-]*/(?:source/(?P<file>[^\s:'\"]+)|expression\.nix)")
# What `describe.nix` names and does not show.
_CUT = frozenset({"<set>", "<list>", "<more>", "<string>"})


class EvaluationLimits(Struct, frozen=True):
    """What an evaluation may take. timeout: seconds. memory: MiB. output: bytes of JSON. depth: levels shown."""

    timeout: float = 20.0
    memory: int = 2048
    output: int = 64 * 1024
    depth: int = 4


class Evaluation(Struct, frozen=True):
    """A value. kind: what Nix calls its type, or derivation. seconds: of evaluating.

    value: JSON; what JSON has not is an object of one name in angle brackets: `<derivation>`, `<function>` with its
    arguments (true: it has a default), `<error>`, and for what is left out `<set>` with names, `<list>` with its
    length, `<string>`, `<more>` with a count.
    """

    target: str
    kind: str
    value: Any
    seconds: float
    notes: tuple[str, ...] = ()


def evaluate(
    context: Context, target: str | None, expression: str | None, file: str | None, limits: EvaluationLimits
) -> Evaluation:
    """Return a value; see the verb of `Environment` that calls it."""
    _require(limits, target, expression, file)
    wanted = Installable.parse(target or ("" if file else "."), file) if target or file or not expression else None
    bounds = Bounds(limits.memory * _MIB, limits.output, limits.depth)
    asked = ConfinedQuestion(wanted, expression, bounds)
    begun = time.monotonic()
    found, notes = _found(context, asked, limits, begun + limits.timeout)
    told = json.loads(found.stdout)
    value = told["value"]
    if not notes and any(not _CUT.isdisjoint(item) for item in _objects(value)):
        notes.append(
            f"Not all of it is shown: what is deeper than {limits.depth} levels, wider than {bounds.width} items or "
            "longer is named in angle brackets. Ask for a part by its path, or with another depth."
        )
    title = wanted.text if wanted else _TITLE
    return Evaluation(title, told["kind"], value, round(time.monotonic() - begun, 3), tuple(notes))


def _found(
    context: Context, asked: ConfinedQuestion, limits: EvaluationLimits, deadline: float
) -> tuple[Completed, list[str]]:
    """Return what Nix says of a value; of one that fails further down its names alone, with the reason."""
    look = _of_flake if asked.of_flake else _of_text
    try:
        return look(context, asked, limits), []
    except CheckFailed as error:
        if error.code != "evaluation_failed" or not asked.bounds.depth:
            raise
        try:
            names, left = replace(asked, bounds=replace(asked.bounds, depth=0)), max(0.0, deadline - time.monotonic())
            found = look(context, names, replace(limits, timeout=left))
        except (CheckFailed, Unavailable):
            raise error from None
        return found, [f"What is further down is not shown: {error.message}"]


def _of_flake(context: Context, asked: ConfinedQuestion, limits: EvaluationLimits) -> Completed:
    subject = Subject.of(context, asked.installable or Installable.parse("."))
    opener = subject.candidate.stage
    if opener is None:
        raise Unavailable("check_unavailable", "It needs the project on disk.", remedy="Ask in the project.")
    # A host sees even that something pinned is asked of it.
    subject.candidate.fetches = False
    with opener() as stage:

        def look(deadline: float) -> tuple[Completed] | Completed:
            found = _asked(lambda: ask(subject.nix, stage, asked, deadline), limits)
            return found if found.returncode else (found,)

        def explain(found: Completed) -> CheckFailed:
            return _refused(subject.candidate, str(stage.root), stage.withheld, asked, found)

        try:
            return with_pins(look, subject.candidate, subject.lock, limits.timeout, explain)[0]
        except Unavailable as error:
            if error.code != "not_fetched":
                raise
            error.remedy = _FETCH
            raise


def _of_text(context: Context, asked: ConfinedQuestion, limits: EvaluationLimits) -> Completed:
    subject = Subject.of(context, asked.installable) if asked.installable else Subject.alone(context)
    deadline = time.monotonic() + limits.timeout
    with made_flake(subject.root, asked) as folder:
        found = _asked(lambda: ask(subject.nix, folder, asked, deadline), limits)
    if found.returncode:
        raise _refused(subject.candidate, str(subject.root), (), asked, found)
    return found


def _asked(call: Callable[[], Completed], limits: EvaluationLimits) -> Completed:
    """Return what an evaluation said. Raises CheckFailed `evaluation_limit`, with the limit that ended it."""
    try:
        found = call()
    except Unavailable as error:
        if error.code != "timeout":
            raise
        raise _limit("time", f"{limits.timeout:g} seconds", argument("timeout")) from error
    if found.returncode == 0 and found.omitted[0]:
        raise _limit("output", f"{limits.output} bytes", argument("output"))
    told = found.stderr.decode("utf-8", "replace")
    if found.returncode and _MEMORY.search(told):
        share = shares()[1] // _MIB
        if limits.memory > share:
            raise _limit("memory", f"{share} MiB, which is the share of one evaluation on this machine", None)
        raise _limit("memory", f"{limits.memory} MiB", argument("memory"))
    if found.returncode and _DEPTH.search(told):
        raise CheckFailed(
            "evaluation_limit",
            "The evaluation went deeper than Nix can call (stack overflow): it may go on without end.",
            seen="depth",
            remedy="Correct the recursion, or ask for a part of it.",
        )
    return found


def _limit(name: str, given: str, chosen: str | None) -> CheckFailed:
    """Return the error about a limit. chosen: by what a caller asks for more, None where there is no more."""
    return CheckFailed(
        "evaluation_limit",
        f"The evaluation reached its limit of {name}, {given}, and was ended.",
        seen=name,
        remedy=f"Ask for a part of it, or with more ({chosen})." if chosen else "Ask for a part of it.",
    )


def _refused(
    candidate: Candidate, root: str, withheld: tuple[str, ...], asked: ConfinedQuestion, found: Completed
) -> CheckFailed:
    title = asked.installable.text if asked.installable else _TITLE
    told = found.stderr.decode("utf-8", "replace")
    if not asked.of_flake:
        told = _MADE.sub(lambda match: f"{root}/{match['file']}" if match["file"] else "«expression»", told)
    unknown = untracked_file(title, candidate.root, told)
    if unknown is not None:
        return unknown
    if _IMPORTS.search(told):
        return CheckFailed(
            "evaluation_failed",
            f"{title} does not evaluate: it imports from a derivation, which would have to be built for it.",
            seen=title,
            remedy="Build what it imports, or ask for what does not import.",
        )
    words = last_error(told).strip().partition("\n")[0]
    if _RESTRICTED.search(words):
        return CheckFailed(
            "evaluation_failed",
            f"{title} does not evaluate: it reads or fetches what is not in the project. Nix says: {words}",
            seen=title,
            remedy="Bring what it needs into the project, or make it an input of its flake.",
        )
    translation = Translation(root, candidate.files, "evaluation", confined=True, withheld=withheld)
    finding = translation.failure(told, found.returncode)
    return CheckFailed(
        "evaluation_failed",
        f"{title} does not evaluate: {finding.message}",
        place=finding.place,
        seen=finding.subject,
        remedy="Correct what it says, or ask for another part.",
        diagnostics=(finding,),
    )


def _objects(value: object) -> Iterator[dict[str, Any]]:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            yield item
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item


def _require(limits: EvaluationLimits, target: str | None, expression: str | None, file: str | None) -> None:
    require_seconds(limits.timeout, _LONGEST)
    bounds = (
        ("memory", argument("memory"), limits.memory, _LEAST_MEMORY, _MOST_MEMORY),
        ("output", argument("output"), limits.output, _LEAST_OUTPUT, _MOST_OUTPUT),
        ("depth", argument("depth"), limits.depth, 0, _DEEPEST),
    )
    for name, chosen, given, least, most in bounds:
        if not least <= given <= most:
            raise UsageError(
                "bad_evaluation_limit",
                f"The limit {name} is a number from {least} to {most}.",
                seen=str(given),
                remedy=f"Give another {chosen}.",
            )
    if expression is not None:
        _require_text(expression, _LARGEST_FUNCTION if target or file else _LARGEST)
    if expression is not None and not expression.strip() and not (target or file):
        raise UsageError(
            "bad_evaluation_limit", "The expression is empty.", remedy="Give an expression, or an attribute."
        )


def _require_text(expression: str, most: int) -> None:
    """Refuse what Nix cannot be given. most: bytes."""
    try:
        size = len(expression.encode())
    except UnicodeEncodeError:
        size = 0
    if "\0" in expression or (expression and not size):
        raise UsageError(
            "bad_evaluation_limit",
            "The expression has a character that no text of Nix has: NUL, or half of a surrogate pair.",
            remedy="Leave it out.",
        )
    if size > most:
        raise UsageError(
            "bad_evaluation_limit",
            f"An expression has at most {_LARGEST} bytes, and {_LARGEST_FUNCTION} where it is a function of a value.",
            seen=str(size),
            remedy="Put it into a file of the project, and name that.",
        )
