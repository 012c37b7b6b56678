"""What one call shares goes down as one value: read once, and without a function to call up with."""

from __future__ import annotations

import ast
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import devkeel
from devkeel.api import Environment
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import DevkeelError
from devkeel.project.root import SETTINGS, Project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIBRARY = Path(devkeel.__file__).parent
EDITS = [{"kind": "set", "path": "env.A", "value": "1"}]
VERBS: dict[str, Callable[[Environment], object]] = {
    "inspect": lambda environment: environment.inspect(),
    "check": lambda environment: environment.check(level="schema"),
    "change": lambda environment: environment.change(parse_edits(EDITS), level="schema"),
    "undo": lambda environment: environment.undo(),
    "restore": lambda environment: environment.restore(1),
    "write_envrc": lambda environment: environment.write_envrc(),
    "apply": lambda environment: environment.apply(dry_run=True).wait(30),
    "run": lambda environment: environment.run(["true"]),
    "manage": lambda environment: environment.manage("stop").wait(30),
    "environments": lambda environment: environment.environments().all(),
    "create": lambda environment: environment.environments().create("other", backend="none"),
    "examine": lambda environment: environment.examine(),
    "history": lambda environment: environment.history(),
    "selection": lambda environment: environment.selection(),
    "patience": lambda environment: environment.patience(),
}


@pytest.fixture
def environment(environment: Environment) -> Environment:
    """The declaration of the other tests, with settings and an operation."""
    (environment.project.root / SETTINGS).write_text('protected = ["services.mysql"]\nlock_timeout = 5\n')
    environment.change(parse_edits([{"kind": "set", "path": "env.B", "value": "1"}]), level="syntax")
    return environment


@pytest.mark.parametrize("verb", VERBS)
def test_a_call_reads_the_settings_at_most_once(
    verb: str, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads, read = list[str](), Project.read

    def counted(project: Project, name: str) -> bytes | None:
        reads.append(name)
        return read(project, name)

    other = Environment(environment.project.root, actor="test")
    monkeypatch.setattr(Project, "read", counted)
    with suppress(DevkeelError):
        VERBS[verb](other)
    assert reads.count(SETTINGS) <= 1
    other.close()


def test_the_next_call_reads_them_anew(environment: Environment) -> None:
    assert environment.context.settings.job_after == 40
    (environment.project.root / SETTINGS).write_text("job_after = 3\n")
    assert environment.patience() == 3
    assert environment.context.settings.job_after == 3


def _handed(path: Path) -> Iterator[str]:
    """Yield the fields and parameters of a module that are functions, with their annotations."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        given = node.body if isinstance(node, ast.ClassDef) else [node] if isinstance(node, ast.arg) else []
        for item in given:
            annotation = getattr(item, "annotation", None)
            if annotation is not None and "Callable" in ast.unparse(annotation):
                yield f"{path.relative_to(LIBRARY)}: {ast.unparse(annotation)}"


def test_no_room_above_the_context_is_handed_a_function_to_call_up_with() -> None:
    rooms = ("change", "processes", "environments", "inspection", "doctor", "history", "edits")
    found = [item for room in rooms for path in sorted((LIBRARY / room).rglob("*.py")) for item in _handed(path)]
    # what the editor of Nix files makes of one file calls down; which file it is made in is found out later
    found = [item for item in found if not item.rstrip("]").endswith(", Edited")]
    # made anew where a file was saved meanwhile, by the module that hands it over
    # what waits for another to wake it is in the supervisor, a process of its own
    found = [item for item in found if not item.startswith("processes/supervisor/")]
    assert found == ["change/write.py: Callable[[Context, Candidate], ChangeResult]"]
    # the work of a job, which a verb hands down to be begun as it would hand it to the jobs themselves; and what finds
    # the causes of whatever has failed, which tries edits and so stands above all that can fail
    assert list(_handed(LIBRARY / "context.py")) == [
        "context.py: Callable[[Context, str, DevkeelError | None], tuple[Struct, ...]] | None",
        "context.py: Callable[[Job], T]",
    ]


def _calling(words: str) -> dict[str, str]:
    """Return the functions of the library in which a call is written, with their text."""
    return {
        f"{path.relative_to(LIBRARY)}: {node.name}": source
        for path in sorted(LIBRARY.rglob("*.py"))
        if words in (text := path.read_text("utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and words in (source := ast.unparse(node))
    }


def test_every_job_has_the_caches_and_builders_of_the_project() -> None:
    begun = _calling("context.begin(")
    assert len(begun) > 5
    for place, source in begun.items():
        assert "with context.building():" in source, place


def test_every_job_is_begun_where_its_events_are_emitted() -> None:
    assert [*_calling(".jobs.start(")] == ["context.py: begin"]
