"""How fast the catalogue loads, searches and suggests; how the index in memory compares with a full-text one of SQLite.

    python -m benchmarks.catalogue [--names N] [--json]

benchmarks/README.md says what is measured.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from rapidfuzz import fuzz, process

from devkeel.catalogue.index import NameIndex
from devkeel.catalogue.packages import open_names, suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PAGE = 21
_ROUNDS = 5
_LOAD = """
import time
import devkeel.catalogue.{module}, devkeel.errors
start = time.perf_counter()
devkeel.catalogue.{module}.{call}()
print((time.perf_counter() - start) * 1000)
"""


def loading(module: str, call: str, rounds: int = 9) -> float:
    """Return the milliseconds that loading a table takes in a new process, imports apart: the best of some rounds."""
    code = _LOAD.format(module=module, call=call)
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, check=True) for _ in range(rounds)]
    return min(float(run.stdout) for run in runs)


def made_up(count: int) -> tuple[list[str], list[str]]:
    """Return the built-in names and others made of their words, `count` in all; and the words."""
    generator = random.Random(1)
    names = sorted(open_names().every())
    words = sorted({word for name in names for word in name.replace(".", "-").split("-") if word})
    found = dict.fromkeys(names)
    while len(found) < count:
        parts = generator.sample(words, generator.choice((2, 3)))
        found[generator.choice("-_.").join(parts)] = None
    return list(found), words


def misspelt(name: str, generator: random.Random) -> str:
    """Return a name with a letter left out, doubled or exchanged with the next."""
    at = generator.randrange(len(name) - 1)
    return generator.choice(
        (name[:at] + name[at + 1 :], name[: at + 1] + name[at:], name[:at] + name[at + 1] + name[at] + name[at + 2 :])
    )


def timed(questions: Sequence[str], answer: Callable[[str], object]) -> dict[str, float]:
    """Return median, 95th percentile and maximum in milliseconds, each question at its best of some rounds."""
    taken = sorted(min(once(answer, question) for _ in range(_ROUNDS)) for question in questions)
    return {"p50": taken[len(taken) // 2], "p95": taken[int(len(taken) * 0.95)], "max": taken[-1]}


def once(answer: Callable[[str], object], question: str) -> float:
    """Return the milliseconds of one answer."""
    start = time.perf_counter()
    answer(question)
    return (time.perf_counter() - start) * 1000


def in_memory(index: NameIndex, query: str) -> list[str]:
    """Return a page as `search` puts it together."""
    found = index.exact(query) + index.prefix(query, _PAGE)
    return found if len(found) >= _PAGE else found + [name for names in index.inside(query) for name in names]


def full_text(names: Sequence[str]) -> Callable[[str], list[tuple[str]]]:
    """Return a search in SQLite's FTS5 with trigrams, shortest name first."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE names USING fts5(name, tokenize='trigram')")
    database.executemany("INSERT INTO names VALUES (?)", ((name,) for name in sorted(names, key=len)))
    ask = "SELECT name FROM names WHERE names MATCH ? ORDER BY rowid LIMIT ?"
    return lambda query: database.execute(ask, (f'"{query}"', _PAGE)).fetchall()


def measure(count: int) -> dict[str, object]:
    """Return every figure in milliseconds."""
    generator = random.Random(2)
    names, words = made_up(count)
    questions = [word.lower() for word in generator.sample(words, 400)]
    questions += [name.lower()[:4] for name in generator.sample(names, 100)] + [
        "zzqqzz",
        "-",
        "a",
        "li",
        "python numpy",
    ]
    typos = [misspelt(name.lower(), generator) for name in generator.sample(names, 60) if len(name) > 3]
    start = time.perf_counter()
    index = NameIndex(names)
    built = (time.perf_counter() - start) * 1000
    start = time.perf_counter()
    database = full_text(names)
    stored = (time.perf_counter() - start) * 1000
    plain = [name.lower() for name in names]
    return {
        "load options": loading("options", "built_in"),
        "load names": loading("packages", "built_in_names"),
        "names": len(names),
        "index in memory: build": built,
        "index in memory: search": timed(questions, lambda query: in_memory(index, query)),
        "FTS5: build": stored,
        "FTS5: search": timed([query for query in questions if len(query) > 2], database),
        "by spelling, cut-off": timed(typos, lambda query: index.fuzzy(query, _PAGE)),
        "by spelling, ratio without cut-off": timed(
            typos[:10], lambda query: process.extract(query, plain, scorer=fuzz.WRatio, limit=_PAGE)
        ),
        "suggest, built-in list": timed(typos, suggest),
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found = measure(arguments.names)
    if arguments.json:
        print(json.dumps(found))
        return
    for title, value in found.items():
        shown = (
            "  ".join(f"{name} {figure:.2f}" for name, figure in value.items()) + " ms"
            if isinstance(value, dict)
            else f"{value:.2f} ms"
            if isinstance(value, float)
            else str(value)
        )
        print(f"{title:<36} {shown}")


if __name__ == "__main__":
    main()
